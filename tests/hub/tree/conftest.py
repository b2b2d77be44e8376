from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.hub.people import People
    from tests.hub.research import Research


@pytest.fixture
def people(db: None) -> People:
    from tests.hub.people import gather  # models may be imported once Django is set up

    return gather()


@pytest.fixture
def research(db: None) -> Research:
    from tests.hub.research import found_research_group

    return found_research_group()

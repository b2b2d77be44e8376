from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.hub.research import Research


@pytest.fixture
def research(db: None) -> Research:
    from tests.hub.research import found_research_group

    return found_research_group()

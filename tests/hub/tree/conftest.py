from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.hub.people import People


@pytest.fixture
def people(db: None) -> People:
    from tests.hub.people import gather  # models may be imported once Django is set up

    return gather()

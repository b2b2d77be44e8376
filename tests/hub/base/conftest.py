from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lagan.hub.tree.services import Ground


@pytest.fixture
def ground(db: None) -> Ground:
    from lagan.hub.tree.services import ensure_root  # models may be imported once Django is set up

    return ensure_root()

from __future__ import annotations

from lagan.hub.base.actors import NOBODY, SYSTEM, Actor


def test_only_the_system_is_the_system() -> None:
    assert SYSTEM.is_system
    assert not NOBODY.is_system
    assert not Actor(1, "system", "jwt").is_system

"""What a test asks for, and the order in which two processes have done all the soonest."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

LONG = ("slow", "fault", "browser")


def fixtures_asked(item: pytest.Item) -> set[str]:
    """The names of the fixtures that a test uses, but for those that a folder has of its own: the
    `hub` of the agent's tests is not the hub that everybody means."""
    defined = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
    return {name for name, those in defined.items() if those[-1].baseid in ("", "tests")}


def in_good_order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The first half begins with what uses the shared hub, the second with what uses the browser's.

    With pytest-xdist's worksteal each process begins with one half and then takes from the end of
    the other's: so either hub is started once, what takes long comes first, and what is left at the
    end is short. Long tests of one folder stay together: they share what it takes long to start.
    """
    long = [item for item in items if _is_long(item)]
    short = [item for item in items if not _is_long(item)]
    halves: tuple[list[pytest.Item], list[pytest.Item]] = ([], [])
    folders = sorted({item.path.parent for item in long})
    for item in sorted(long, key=lambda item: not _asks_hub(item)):
        halves[_half(item, folders.index(item.path.parent))].append(item)
    middle = max(0, len(items) // 2 - len(halves[0]))
    return [*halves[0], *short[:middle], *halves[1], *short[middle:]]


def _half(item: pytest.Item, folder: int) -> int:
    if _asks_hub(item):
        return 0
    if item.get_closest_marker("browser"):
        return 1
    return folder % 2


def _asks_hub(item: pytest.Item) -> bool:
    return "running_hub" in fixtures_asked(item)


def _is_long(item: pytest.Item) -> bool:
    return _asks_hub(item) or any(map(item.get_closest_marker, LONG))

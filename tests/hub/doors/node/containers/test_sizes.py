"""A container's size is that of its files, each once."""

from __future__ import annotations

from lagan.hub.doors.node.containers.sizes import Member, changes, counted


def test_a_file_counts_once_by_its_newest_version() -> None:
    members = [
        Member("c", "a", 1, 100),
        Member("c", "a", 2, 7),
        Member("c", "a", 2, 7),
        Member("c", "b", 1, 3),
        Member("d", "a", 3, 50),
    ]
    assert counted(members) == {"c": 10, "d": 50}


def test_only_what_changed_is_told() -> None:
    assert changes({"a": 5, "b": 2}, {"a": 5, "b": 3, "c": 4}) == {"b": 1, "c": 4}
    assert changes({"a": 5}, {}) == {"a": -5}

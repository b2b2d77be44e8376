"""Which copies leave a cache, rule by rule."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.doors.node.background.cache_rules import Entry, Size, leaving
from lagan.hub.doors.node.config.shape import Caching


def entries(*sizes: int, marked: tuple[int, ...] = ()) -> list[Entry]:
    """Copies that came a second apart, named by their place."""
    return [
        Entry((str(place), 1, "d"), float(place), size, place in marked)
        for place, size in enumerate(sizes)
    ]


def gone(found: list[Entry], rules: dict[str, Any], now: float = 0.0, **given: Any) -> str:
    size = Size(len(found), sum(each.size for each in found))
    left = leaving(found, size, Caching(enabled=True, **rules), now, **given)
    return " ".join(f"{entry.file_id}:{why}" for entry, why in left)


def test_without_a_rule_everything_stays() -> None:
    assert gone(entries(1, 2, 3), {}, 1e9) == ""


def test_what_is_too_old_goes() -> None:
    assert gone(entries(1, 1, 1), {"longest": 10.0}, 11.5) == "0:MaxTime 1:MaxTime"


def test_what_somebody_asked_for_goes() -> None:
    assert gone(entries(1, 1, marked=(1,)), {}) == "1:CACHEDEL"


def test_too_much_goes_down_to_nine_tenths_oldest_first() -> None:
    assert gone(entries(*[10] * 11), {"largest": 100}) == "0:MaxCacheSize 1:MaxCacheSize"
    assert gone(entries(*[10] * 10), {"largest": 100}) == ""


def test_too_many_go_with_a_tenth_more() -> None:
    assert gone(entries(*[1] * 12), {"most_files": 10}) == "0:MaxFiles 1:MaxFiles 2:MaxFiles"
    assert gone(entries(*[1] * 10), {"most_files": 10}) == ""
    assert len(gone(entries(*[1] * 40), {"most_files": 20}).split()) == 22


def test_a_plug_in_decides_about_the_rest() -> None:
    found = gone(entries(1, 2, 3), {"plug_in": "mine"}, plug_in=lambda entry: entry.size == 2)
    assert found == "1:mine"


def test_what_must_stay_stays_in_every_rule_and_others_go() -> None:
    def may_go(entry: Entry) -> bool:
        return entry.file_id != "0"

    found = entries(*[10] * 12, marked=(0,))
    for rules in ({"largest": 100}, {"most_files": 10}, {"longest": 0.5}, {}):
        assert "0:" not in gone(found, rules, 1e9, may_go=may_go).split()
    assert gone(found, {"most_files": 11}, may_go=may_go) == "1:MaxFiles 2:MaxFiles"


@given(sizes=st.lists(st.integers(0, 100), max_size=30), largest=st.integers(0, 500))
def test_what_is_left_fits(sizes: list[int], largest: int) -> None:
    found = entries(*sizes)
    size = Size(len(found), sum(sizes))
    left = list(leaving(found, size, Caching(enabled=True, largest=largest), 0.0))
    assert size.bytes <= largest
    assert size.bytes == sum(sizes) - sum(entry.size for entry, _ in left)

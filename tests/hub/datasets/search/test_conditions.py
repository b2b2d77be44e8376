"""Conditions are written one way, read back the same, and refused by what is wrong with them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.datasets.search import globs, words
from lagan.hub.datasets.search.asking import Query, asked, from_document, query
from lagan.hub.datasets.search.conditions import Comparator, Filter, condition, read
from lagan.hub.datasets.search.errors import BadSearch
from lagan.hub.datasets.search.filters import as_number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".Sample = quartz", (".Sample", "=", "quartz", "as-is")),
        (".Sample=quartz", (".Sample", "=", "quartz", "as-is")),
        (".Sample quartz", (".Sample", "=", "quartz", "as-is")),
        (".Sample", (".Sample", "has", "", "as-is")),
        (".Sample has not", (".Sample", "has not", "", "as-is")),
        (".Note NOT  LIKE *warm day*", (".Note", "not like", "*warm day*", "as-is")),
        (".Liked = like", (".Liked", "=", "like", "as-is")),
        (".Taken >= time:2020-01-01 08", (".Taken", ">=", "2020-01-01 08", "time")),
        (".Raw>size:1.5 GB", (".Raw", ">", "1.5 GB", "size")),
        ('.Note = "time: noon"', (".Note", "=", "time: noon", "as-is")),
        ("system.dataset.size > 100M", ("system.dataset.size", ">", "100M", "size")),
        ("system.dataset.time.created<2021", ("system.dataset.time.created", "<", "2021", "time")),
    ],
)
def test_a_condition_is_read(text: str, expected: tuple[str, ...]) -> None:
    found = read(text)
    assert (found.key, found.comparator, found.value, found.filter) == expected
    assert read(found.written) == found


@given(
    st.from_regex(r"\.[A-Za-z0-9.-]{1,20}", fullmatch=True),
    st.sampled_from([each for each in Comparator if each not in ("has", "has not")]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30),
)
def test_every_condition_comes_back_out_of_what_it_is_written_as(
    key: str, comparator: str, value: str
) -> None:
    made = condition(key, comparator, value, "as-is")
    assert read(made.written) == made


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ("", "where", "Not a condition"),
        ("'; DROP TABLE", "where", "Not a condition"),
        ("system.dataset.secret = 1", "key", "is not searched"),
        ("plain = 1", "key", "is not searched"),
        (".A has 5", "value", "takes no value"),
        (".A > time:noon", "value", "Not a moment"),
        (".A > size:many", "value", "Not a size"),
        (".A > size:99E", "value", "more bytes"),
        (".A > size:0.5", "value", "not a whole number"),
        (".A like time:2020", "filter", "as it is"),
        (".A = a\0b", "value", "no text has"),
        (".A = a\ud800b", "value", "no text has"),
        (f".A = {'x' * 1001}", "value", "1000"),
        ("." + "k" * 2000, "where", "1000"),
        ("system.dataset.size like 5*", "comparator", "is compared by"),
        ("system.dataset.status = shut", "value", "one of open"),
        ("system.dataset.id = 99999999999999999999", "value", "whole number"),
        ("system.dataset.files > 1.5", "value", "whole number"),
        ("system.dataset.time.created > as-is:1e299", "value", "no moment"),
        ("system.dataset.size = time:2020", "filter", "takes the filter size"),
    ],
)
def test_a_bad_condition_is_refused_by_name(text: str, field: str, words: str) -> None:
    with pytest.raises(BadSearch) as refusal:
        read(text)
    assert refusal.value.facts["field"] == field
    assert words in refusal.value.sentence


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"where": [".A = 1"] * 10_000}, "where"),
        ({"where": "x"}, "where"),
        ({"where": [1]}, "where"),
        ({"match": "some"}, "match"),
        ({"order": "random"}, "order"),
        ({"text": "***"}, "text"),
        ({"text": "a*"}, "text"),
        ({"text": "x" * 501}, "text"),
        ({"text": "a\0"}, "text"),
        ({"text": " ".join(f"w{n}" for n in range(30))}, "text"),
        ({"text": 5}, "text"),
        ({"size": 0}, "size"),
        ({"size": 10**30}, "size"),
        ({"size": "many"}, "size"),
        ({"removed": "perhaps"}, "removed"),
    ],
)
def test_a_bad_search_is_refused_by_name(given: dict[str, object], field: str) -> None:
    with pytest.raises(BadSearch) as refusal:
        from_document(given)
    assert refusal.value.facts["field"] == field


def test_a_search_comes_back_out_of_its_address() -> None:
    sought = query(
        [".A = 1", ".B like x*"], match="any", removed="1", text="warm day", order="name", size=20
    )
    assert asked(sought.parameters) == sought
    assert asked([]) == Query()
    assert from_document({"where": [".A = 1"]}) == asked([("where", ".A = 1"), ("other", "x")])


@pytest.mark.parametrize(
    ("text", "number"),
    [("5", 5.0), ("-1.5e3", -1500.0), (".5", 0.5), ("1e400", None), ("five", None),
     ("12345678901234567", None), ("0x10", None), ("١", None), ("", None)],
)  # fmt: skip
def test_what_is_a_number(text: str, number: float | None) -> None:
    assert as_number(text) == number


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("qu*", "Quartz", True), ("*ART*", "quartz", True), ("quartz", "QUARTZ", True),
        ("q*t", "quartz", False), ("a*a", "a", False), ("*", "", True), ("", "", True),
        ("[a]?", "[a]?", True), ("straße", "STRASSE", True), ("*a*b*", "xbxa", False),
    ],
)  # fmt: skip
def test_patterns(pattern: str, text: str, fits: bool) -> None:
    assert globs.matches(pattern, text) is fits


def test_a_hostile_pattern_takes_no_time() -> None:
    assert not globs.matches("*a" * 400 + "b", "a" * 100_000)


@given(st.text("ab c_*é"), st.text("ab c_é"))
def test_what_a_pattern_hints_at_is_in_every_text_that_fits(pattern: str, text: str) -> None:
    if globs.matches(pattern, text):
        known = words.words(text)
        for each in words.in_pattern(pattern):
            if each.endswith("*"):
                assert any(word.startswith(each[:-1]) for word in known)
            else:
                assert each in known


def test_filters_have_names() -> None:
    assert [*Filter] == ["as-is", "time", "size"]

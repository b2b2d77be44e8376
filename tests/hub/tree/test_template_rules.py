"""Aggregation and compliance agree with the rules written down naively, on random templates."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.tree.templates.aggregate import EffectiveTemplate, Layer, Place, aggregate
from lagan.hub.tree.templates.compliance import constraints, filled, reasons
from lagan.hub.tree.templates.fields import Field, require_sense
from lagan.kit.errors import BadInput

KEYS = [".a", ".b", ".c", "system.d"]
TEXTS = ["one", "two", "three", "4"]
keys = st.sampled_from(KEYS)


@st.composite
def fields(draw: st.DrawFn, key: st.SearchStrategy[str] = keys) -> Field:
    least = draw(st.integers(0, 3))
    return Field(
        key=draw(key),
        defaults=tuple(draw(st.lists(st.sampled_from(TEXTS), unique=True, max_size=3))),
        regex=draw(st.sampled_from(["", "[a-z]+", "one|4"])),
        mandatory=draw(st.booleans()),
        nonoverride=draw(st.integers(0, 3)) == 0,
        singular=draw(st.booleans()),
        multiple=draw(st.booleans()),
        persistent=draw(st.booleans()),
        least=least,
        most=draw(st.none() | st.integers(max(least, 1), 4)),
    )


def distinct(every: Sequence[Field]) -> list[Field]:
    return list({each.key: each for each in every}.values())


layers = st.lists(
    st.builds(
        Layer,
        st.integers(1, 4),
        st.integers(1, 4),
        st.lists(fields(), max_size=4).map(distinct),
    ),
    max_size=6,
)
values = st.dictionaries(keys, st.lists(st.sampled_from(TEXTS), max_size=4))


def naive(layers: Sequence[Layer]) -> dict[str, tuple[Field, Place, list[Place], list[Place]]]:
    """For each key: all its definitions in order; the first that is NONOVERRIDE, else the last."""
    result = {}
    for key in KEYS:
        every = [
            (field, Place(layer.group, layer.template))
            for layer in layers
            for field in layer.fields
            if field.key == key
        ]
        if every:
            final = [place for place, (field, _) in enumerate(every) if field.nonoverride]
            at = final[0] if final else len(every) - 1
            others = [place for _, place in every]
            result[key] = (every[at][0], every[at][1], others[:at], others[at + 1 :])
    return result


@given(layers)
def test_the_effective_template_and_its_origins_are_the_naive_ones(layers: list[Layer]) -> None:
    found = aggregate(layers)
    told = {
        key: (
            found.fields[key],
            origin.place,
            list(origin.overridden),
            list(origin.held_off),
        )
        for key, origin in found.origins.items()
    }
    assert told == naive(layers)
    assert set(found.fields) == set(found.origins)


def is_compliant(field: Field, now: list[str], before: list[str]) -> bool:
    """The seed's sentences, one after the other."""
    if field.persistent and before and now != before:
        return False
    if not now:
        return not field.mandatory
    if field.singular and (len(now) != 1 or now[0] not in field.defaults):
        return False
    if (
        field.multiple
        and not field.singular
        and (not set(now) <= set(field.defaults) or len(set(now)) != len(now))
    ):
        return False
    if len(now) < field.least or len(now) > (field.most or 1000):
        return False
    return all(re.fullmatch(field.regex, each) for each in now) if field.regex else True


@given(st.lists(fields(), max_size=5).map(distinct), values, values)
def test_compliance_is_the_naive_one(
    every: list[Field], now: dict[str, list[str]], before: dict[str, list[str]]
) -> None:
    known = {each.key: each for each in every}
    wrong = {each.key for each in reasons(known, now, before)}
    assert wrong == {
        key
        for key, field in known.items()
        if key.startswith(".") and not is_compliant(field, now.get(key, []), before.get(key, []))
    }


@given(st.lists(fields(), max_size=5).map(distinct), values)
def test_filling_touches_only_mandatory_keys_without_a_value(
    every: list[Field], given_values: dict[str, list[str]]
) -> None:
    known = {each.key: each for each in every}
    result = filled(known, given_values)
    for key in KEYS:
        field = known.get(key)
        if given_values.get(key):
            assert result[key] == given_values[key]
        elif field and field.mandatory and field.defaults and key.startswith("."):
            assert result[key] == [field.defaults[0]]
        else:
            assert key not in result


def test_every_reason_comes_at_once_and_says_what_is_asked() -> None:
    field = Field(".k", defaults=("a", "b"), regex="[a-z]", singular=True, multiple=True)
    found = reasons({".k": field, ".m": Field(".m", mandatory=True)}, {".k": ["A", "9"]}, {})
    assert [(each.key, each.code) for each in found] == [
        (".k", "one-choice"),
        (".k", "no-match"),
        (".k", "no-match"),
        (".k", "not-a-choice"),
        (".k", "not-a-choice"),
        (".m", "missing"),
    ]
    assert constraints(field) == ["Exactly one of the choices.", "Each value matches [a-z]"]


def test_a_nonoverride_holds_off_what_comes_later_and_lower() -> None:
    high = Field(".k", comment="high", nonoverride=True)
    found = aggregate(
        [
            Layer(1, 10, [Field(".k", comment="first")]),
            Layer(1, 11, [high]),
            Layer(1, 12, [Field(".k", comment="later")]),
            Layer(2, 13, [Field(".k", comment="lower"), Field(".own")]),
        ]
    )
    assert found.fields[".k"] is high
    assert found.origins[".k"].place == Place(1, 11)
    assert found.origins[".k"].overridden == (Place(1, 10),)
    assert found.origins[".k"].held_off == (Place(1, 12), Place(2, 13))
    assert found.origins[".own"].place == Place(2, 13)
    assert aggregate([]) == EffectiveTemplate()


odd_texts = st.text(st.characters(exclude_categories=[]), max_size=20)
odd_fields = st.builds(
    Field,
    odd_texts,
    st.lists(odd_texts, max_size=3).map(tuple),
    odd_texts,
    singular=st.booleans(),
    multiple=st.booleans(),
    least=st.integers(),
    most=st.none() | st.integers(),
    comment=odd_texts,
)


@given(st.lists(odd_fields, max_size=3))
def test_any_fields_are_taken_or_refused_and_what_is_taken_can_be_filled_in(
    every: list[Field],
) -> None:
    try:
        require_sense(every)
    except BadInput:
        return
    for field in every:
        proposed = {field.key: list(field.defaults[:1])} if field.defaults else {}
        codes = {each.code for each in reasons({field.key: field}, proposed, {})}
        assert codes <= {"too-few"}

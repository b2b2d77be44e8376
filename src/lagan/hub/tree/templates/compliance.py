"""Whether metadata is what the effective template asks: every reason at once; pure.

Only open keys are judged: what the system keeps at its own keys is policy, not metadata that
somebody fills in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from lagan.hub.tree.templates.fields import Field
from lagan.hub.tree.templates.patterns import matcher

Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a key's values are not as they should be: a sentence for people, a code for programs."""

    key: str
    reason: str
    code: str

    def as_dict(self) -> dict[str, str]:
        """For a problem document."""
        return asdict(self)


def filled(fields: Mapping[str, Field], values: Values) -> dict[str, list[str]]:
    """The same values; a mandatory open key without one has its first default."""
    result = {key: list(each) for key, each in values.items() if each}
    for key, field in fields.items():
        if field.mandatory and field.is_open and field.defaults and key not in result:
            result[key] = [field.defaults[0]]
    return result


def reasons(fields: Mapping[str, Field], values: Values, before: Values) -> list[Reason]:
    """Everything that is wrong with `values` as the whole metadata of an entity, which was
    `before`; empty when it is compliant."""
    return [
        Reason(key, sentence, code)
        for key, field in fields.items()
        if field.is_open
        for code, sentence in _wrong(field, values.get(key) or (), before.get(key) or ())
    ]


def _wrong(field: Field, values: Sequence[str], before: Sequence[str]) -> Iterator[tuple[str, str]]:
    if field.persistent and before and list(values) != list(before):
        yield "persistent", "It was set once and cannot be changed any more."
    if not values:
        if field.mandatory:
            yield "missing", "It must have a value."
        return
    yield from _wrong_count(field, len(values))
    if field.regex:
        fits = matcher(field.regex)
        for each in values:
            if not fits(each):
                yield "no-match", f"{_short(each)} does not match {field.regex}."
    if field.one_of or field.any_of:
        yield from _wrong_choice(field, values)


def _wrong_count(field: Field, count: int) -> Iterator[tuple[str, str]]:
    if field.one_of and count > 1:
        yield "one-choice", "Only one of the choices may be taken."
    elif field.most is not None and count > field.most:
        yield "too-many", f"It has {_values(count)}; at most {field.most} may be."
    if count < field.least:
        yield "too-few", f"It has {_values(count)}; at least {field.least} must be."


def _wrong_choice(field: Field, values: Sequence[str]) -> Iterator[tuple[str, str]]:
    known = set(field.defaults)
    for each in values:
        if each not in known:
            yield "not-a-choice", f"{_short(each)} is none of the choices."
    if field.any_of and len(set(values)) < len(values):
        yield "twice", "A choice is taken twice."


def constraints(field: Field) -> list[str]:
    """What is asked of a key's values, a sentence each, to show beside it."""
    sentences = (
        (field.mandatory, "It must have a value."),
        (field.one_of, "Exactly one of the choices."),
        (field.any_of, "Any of the choices."),
        (field.least > 1 or (field.least == 1 and not field.mandatory),
         f"At least {_values(field.least)}, when it has any."),
        (field.most is not None and not field.one_of, f"At most {_values(field.most or 0)}."),
        (bool(field.regex), f"Each value matches {field.regex}"),
        (field.persistent, "Once set it cannot be changed."),
    )  # fmt: skip
    return [sentence for applies, sentence in sentences if applies]


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count} values"


def _short(text: str) -> str:
    return f"“{text}”" if len(text) <= 60 else f"“{text[:57]}...”"

"""A template's field: what it says of one key, and whether an edited one makes sense.

Source: seeds/dataset-archive.txt, how to edit template.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lagan.hub.tree.metadata.values import KEY, LONGEST_VALUE, is_plain, text_problem
from lagan.hub.tree.templates.patterns import matcher
from lagan.kit.errors import BadInput, TooLarge

FLAGS = ("mandatory", "nonoverride", "singular", "multiple", "persistent")
MOST_FIELDS = 500
MOST_DEFAULTS = 500
MOST_VALUES = 1000
"""Values of one key: no limit of a field is larger."""
LONGEST_COMMENT = 2000
MOST_TEXT = 200_000
"""Characters of all default values of a template: each is matched when the template is edited."""


@dataclass(frozen=True, slots=True)
class Field:
    """What a template says of a key.

    `singular`: one of the defaults (a drop-down); `multiple`: any of them (check boxes); both at
    once: singular. `mandatory`: without a value it takes the first default. `persistent`: once
    set it stays. `nonoverride`: nothing lower or later says otherwise. `least` and `most` count
    the values where there are any; `most` None has no limit. `regex` is what each value is as a
    whole.
    """

    key: str
    defaults: tuple[str, ...] = ()
    regex: str = ""
    mandatory: bool = False
    nonoverride: bool = False
    singular: bool = False
    multiple: bool = False
    persistent: bool = False
    least: int = 0
    most: int | None = None
    comment: str = ""

    @property
    def one_of(self) -> bool:
        """Whether it is a drop-down."""
        return self.singular

    @property
    def any_of(self) -> bool:
        """Whether it is check boxes."""
        return self.multiple and not self.singular

    @property
    def is_open(self) -> bool:
        """Whether people may set it."""
        return self.key.startswith(".")

    @property
    def flags(self) -> tuple[str, ...]:
        """The names of those that are set."""
        return tuple(flag for flag in FLAGS if getattr(self, flag))


def require_sense(fields: Iterable[Field]) -> None:
    """BadInput, with every problem at once, for fields that no template may hold; TooLarge."""
    every = list(fields)
    if sum(len(text) for field in every for text in field.defaults) > MOST_TEXT:
        raise TooLarge(f"Default values have at most {MOST_TEXT} characters together.")
    found = [
        {"key": field.key[:200], "reason": reason} for field in every for reason in problems(field)
    ]
    keys = [field.key for field in every]
    twice = sorted({key for key in keys if keys.count(key) > 1}) if len(keys) <= MOST_FIELDS else []
    found += [{"key": key, "reason": "The template has this key twice."} for key in twice]
    if len(every) > MOST_FIELDS:
        found.append({"key": "", "reason": f"A template has at most {MOST_FIELDS} keys."})
    if found:
        said = " ".join(f"{each['key']}: {each['reason']}" for each in found[:5])
        raise BadInput(f"The template was not changed. {said}", reasons=found)


def problems(field: Field) -> list[str]:
    """Why a template may not hold this field, a sentence each."""
    found = [
        sentence
        for wrong, sentence in (
            (not KEY.fullmatch(field.key), "A key is 1 to 200 letters, digits, dots and hyphens."),
            (field.least < 0, "The least number of values is 0 or more."),
            (
                field.most is not None and field.most < 1,
                "The largest number of values is 1 or more.",
            ),
            (
                field.most is not None and field.least > field.most,
                "The least number of values is larger than the largest.",
            ),
            (
                max(field.least, field.most or 0) > MOST_VALUES,
                f"A key has at most {MOST_VALUES} values.",
            ),
            (field.one_of and field.least > 1, "A drop-down has one value."),
            (
                (field.singular or field.multiple) and not field.defaults,
                "A drop-down and check boxes need default values to choose from.",
            ),
            (len(field.defaults) > MOST_DEFAULTS, f"At most {MOST_DEFAULTS} default values."),
            (len(set(field.defaults)) < len(field.defaults), "A default value is there twice."),
            (
                len(field.comment) > LONGEST_COMMENT or not is_plain(field.comment),
                f"A comment is text of at most {LONGEST_COMMENT} characters.",
            ),
        )
        if wrong
    ]
    return found + _default_problems(field)


def _default_problems(field: Field) -> list[str]:
    try:
        fits = matcher(field.regex) if field.regex else lambda text: True
    except BadInput as refusal:
        return [refusal.sentence]
    found = []
    for each in field.defaults[:MOST_DEFAULTS]:
        if problem := text_problem(each):
            found.append(f"Default value {each[:50]!r}: {problem}")
        elif len(each) <= LONGEST_VALUE and not fits(each):
            found.append(f"The default value {each[:50]!r} does not match the regular expression.")
    return found

"""Metadata as a form: fields made from the effective template, and what people sent, read back.

A form that includes `web/parts/metadata_form.html` posts to its own address. `reshaped` says that
one of its plus, minus and add buttons was used: then show the form again with what it gives
instead of saving. Names of inputs: `md:<key>`, repeated for several values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from lagan.hub.tree.metadata.values import KEY as VALID_KEY
from lagan.hub.tree.queries import EffectiveTemplate, Field
from lagan.hub.tree.templates.compliance import constraints
from lagan.kit.errors import BadInput

PREFIX = "md:"
MORE, LESS, NEW, KEY = "md-more", "md-less", "md-new", "md-key"
"""Buttons: one value more, one less (`<key>#<place>`), a further key, whose name is in KEY."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values to choose from."""

    value: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class FormField:
    """A key as a form shows it. `kind`: `text`, `long` (several lines), `choice` (drop-down),
    `boxes` (check boxes) or `fixed` (set once, only shown)."""

    key: str
    kind: str
    values: Sequence[str]
    choices: Sequence[Choice] = ()
    mandatory: bool = False
    repeated: bool = True
    """Whether another value may be added."""
    comment: str = ""
    constraints: Sequence[str] = ()
    reasons: Sequence[str] = ()

    @property
    def name(self) -> str:
        """Of its inputs."""
        return PREFIX + self.key

    @property
    def id(self) -> str:
        """Of its first input: keys are letters, digits, dots and hyphens."""
        return "md-" + self.key.replace(".", "_")


def form_fields(
    effective: EffectiveTemplate,
    values: Mapping[str, Sequence[str]],
    reasons: Iterable[Mapping[str, str]] = (),
    *,
    stored: Mapping[str, Sequence[str]] | None = None,
) -> list[FormField]:
    """The fields of open keys: those of the template in its order, then the others by key.

    A key that `values` lacks shows the template's defaults; one that it holds empty stays empty.
    `reasons` are those of NotCompliant; `stored` is what is saved, for keys that may be set only
    once.
    """
    said: dict[str, list[str]] = {}
    for each in reasons:
        said.setdefault(each["key"], []).append(each["reason"])
    known = effective.of_people()
    others = sorted(key for key in values if key.startswith(".") and key not in known)
    return [
        _form_field(
            known.get(key) or Field(key),
            values.get(key),
            said.get(key, []),
            bool((stored or {}).get(key)),
        )
        for key in (*known, *others)
    ]


def _form_field(
    field: Field, given: Sequence[str] | None, said: Sequence[str], is_stored: bool
) -> FormField:
    values = list(_first_values(field) if given is None else given)
    kind = _kind(field, values, is_stored)
    shown = values if kind in ("boxes", "choice", "fixed") else values or [""]
    return FormField(
        key=field.key,
        kind=kind,
        values=shown,
        choices=[Choice(each, each in values) for each in field.defaults],
        mandatory=field.mandatory,
        repeated=field.most is None or len(shown) < field.most,
        comment=field.comment,
        constraints=constraints(field),
        reasons=said,
    )


def _first_values(field: Field) -> Sequence[str]:
    """What a form proposes: of a choice only what would be filled in anyway."""
    if not (field.one_of or field.any_of):
        return field.defaults
    return field.defaults[:1] if field.mandatory else ()


def _kind(field: Field, values: Sequence[str], is_stored: bool) -> str:
    if field.persistent and is_stored:
        return "fixed"
    if field.one_of:
        return "choice"
    if field.any_of:
        return "boxes"
    return "long" if field.key == ".Description" or any("\n" in each for each in values) else "text"


def read_form(post: QueryDict) -> dict[str, list[str]]:
    """The values of each key of the form, blank ones left out; a key without any has none."""
    return {key: [each for each in some if each.strip()] for key, some in _inputs(post).items()}


def reshaped(post: QueryDict) -> dict[str, list[str]] | None:
    """When a plus, minus or add button was used: the values, with a blank one more, one less, or a
    new key; None when the form was sent to be saved."""
    values = {key: [each for each in some if each] for key, some in _inputs(post).items()}
    if key := post.get(MORE):
        values[key] = [*values.get(key, []), ""]
    elif removal := post.get(LESS):
        key, _, place = removal.rpartition("#")
        rows = _inputs(post).get(key, [])[1:]
        values[key] = [each for at, each in enumerate(rows) if str(at) != place]
    elif NEW in post:
        if new := post.get(KEY, "").strip():
            values.setdefault(_open_key(new), [""])
    else:
        return None
    return values


def _open_key(given: str) -> str:
    key = given if given.startswith(".") else f".{given}"
    if not VALID_KEY.fullmatch(key):
        raise BadInput("A key is a dot and then letters, digits, dots and hyphens.", key=key[:200])
    return key


def as_stored(
    values: Mapping[str, Sequence[str]], stored: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """The same, but a value that differs only in how a browser ends lines is the stored one."""
    plain = {key: [_lines(each) for each in some] for key, some in stored.items()}
    return {
        key: list(stored[key]) if key in stored and plain[key] == list(some) else list(some)
        for key, some in values.items()
    }


def _inputs(post: QueryDict) -> dict[str, list[str]]:
    """Every key of the form with all its inputs; the first of a key is the blank that stands for
    it."""
    return {
        name.removeprefix(PREFIX): [_lines(str(each)) for each in post.getlist(name)]
        for name in post
        if name.startswith(PREFIX)
    }


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")

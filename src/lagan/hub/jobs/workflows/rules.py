"""What makes a workflow sound, and what it becomes once its fields are filled in; no database.

Source: seeds/workflow-hub.txt, "Custom Workflows": a step has a `name`, perhaps a `site`, and its
arguments beside them; `&name` stands for the value of a field.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lagan.hub.jobs.submission import Stage
from lagan.hub.jobs.workflows import fields
from lagan.hub.jobs.workflows.errors import UnsoundWorkflow
from lagan.hub.jobs.workflows.fields import Field, Value, is_printable, parse_type
from lagan.kit.errors import BadInput
from lagan.worker.catalogue import OLDER, Argument, StepKind, defaults, step_kind

MOST_STEPS = MOST_FIELDS = 50
LONGEST_NAME, LONGEST_LABEL, LONGEST_ICON = 100, 200, 20_000  # characters
_OWN = ("name", "site")
"""What a step says of itself; whatever stands beside these is an argument."""
_FIELD_KEYS = ("name", "label", "type", "default", "required")
_TAKES = {bool: ("bool",), int: ("int",), str: ("string", "enum")}
"""Fields of which type an argument takes."""
_SAID = {bool: "true or false", int: "a whole number, 0 or more,", str: "a text"}


@dataclass(frozen=True, slots=True)
class Definition:
    """A workflow as it was written: `steps` and `fields` are what JSON gave."""

    name: str
    label: str
    steps: Any
    fields: Any = ()
    icon: str = ""


def check(workflow: Definition) -> None:
    """UnsoundWorkflow with every reason why this could not be run."""
    known, said = _fields(workflow.fields)
    reasons = {
        "name": list(_about_name(workflow.name)),
        "label": list(_about_text(workflow.label, LONGEST_LABEL)),
        "icon": list(_about_icon(workflow.icon)),
        "fields": said,
        "steps": list(_about_steps(workflow.steps, {field.name: field for field in known})),
    }
    if found := {key: those for key, those in reasons.items() if those}:
        raise UnsoundWorkflow(found)


def fields_of(workflow: Definition) -> list[Field]:
    """The fields of a sound workflow."""
    return _fields(workflow.fields)[0]


def fill(
    workflow: Definition, given: Mapping[str, Any], site: str, sites: Collection[str]
) -> tuple[list[Stage], dict[str, Value], list[str]]:
    """The stages of a sound workflow that is started at `site`, what its fields are, and every
    reason why the given values will not do; `sites` are those that there are."""
    known = fields_of(workflow)
    filled, reasons = fields.fill(known, given)
    named = [field.name for field in known if field.type.source == fields.SITE]
    absent = [(name, filled[name]) for name in named if filled.get(name, site) not in sites]
    reasons += [f"{name}: There is no site called {value!r}." for name, value in absent]
    if reasons:
        return [], filled, reasons
    stages = [_stage(step, filled, site) for step in workflow.steps]
    for number, stage in enumerate(stages, 1):
        reasons += [f"Step {number} ({stage.step}): {each}" for each in _about_stage(stage, sites)]
    return stages, filled, list(dict.fromkeys(reasons))


def older(name: str) -> str:
    """An argument's name as it is today."""
    return OLDER.get(name, name)


def _stage(step: Mapping[str, Any], filled: Mapping[str, Value], site: str) -> Stage:
    """A step with the values of fields in place of their names; what refers to an empty field is
    left out."""
    kind = step_kind(step["name"])
    said = {older(key): _value(value, filled) for key, value in step.items() if key != "name"}
    args = {key: value for key, value in said.items() if value is not None and key != "site"}
    return Stage(kind.name, str(said.get("site") or site), {**defaults(kind), **args})


def _value(value: Any, filled: Mapping[str, Value]) -> Any:
    return filled.get(name) if (name := reference(value)) is not None else _literal(value)


def reference(value: Any) -> str | None:
    """The field that a step's value refers to: `&name`. `&&` begins a text with one `&`."""
    if isinstance(value, str) and value.startswith("&") and not value.startswith("&&"):
        return value[1:]
    return None


def _literal(value: Any) -> Any:
    return value[1:] if isinstance(value, str) and value.startswith("&&") else value


def _about_stage(stage: Stage, sites: Collection[str]) -> Iterator[str]:
    if stage.site not in sites:
        yield f"There is no site called {stage.site!r}."
    for name, value in stage.args.items():
        if isinstance(value, int) and value < 0:
            yield f"{name} is 0 or more, not {value}."


def _about_name(name: Any) -> Iterator[str]:
    yield from _about_text(name, LONGEST_NAME)
    if isinstance(name, str) and any(each.isspace() for each in name):
        yield "A workflow's name has no spaces; its label may."


def _about_text(text: Any, longest: int) -> Iterator[str]:
    if not isinstance(text, str) or not text.strip():
        yield "This is required."
    elif not text.isprintable() or len(text) > longest:
        yield f"A text of one line and at most {longest} characters is expected."


def _about_icon(icon: Any) -> Iterator[str]:
    if not isinstance(icon, str) or len(icon) > LONGEST_ICON:
        yield f"A text of at most {LONGEST_ICON} characters is expected."
    elif not icon.replace("\n", "").replace("\r", "").replace("\t", "").isprintable():
        yield "It has characters that cannot be shown."


def _fields(given: Any) -> tuple[list[Field], list[str]]:
    """The fields that a definition has, and what is wrong with the others."""
    if not given:
        return [], []
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) > MOST_FIELDS:
        return [], [f"A list of at most {MOST_FIELDS} fields is expected."]
    known: dict[str, Field] = {}
    reasons: list[str] = []
    for number, each in enumerate(given, 1):
        said = list(_about_field(each, known))
        reasons += [f"Field {number}: {sentence}" for sentence in said]
        if not said:
            known[each["name"]] = _field(each)
    return list(known.values()), reasons


def _field(given: Mapping[str, Any]) -> Field:
    type = parse_type(given["type"])
    assert type is not None  # noqa: S101 - _about_field has said so otherwise
    default = given.get("default")
    if default is not None:
        default = fields.settle(type, default)
    required = given.get("required", type.kind != "bool")
    return Field(given["name"], given["label"], type, default, required and default is None)


def _about_field(given: Any, known: Collection[str]) -> Iterator[str]:
    if not isinstance(given, Mapping):
        yield "An object with name, label and type is expected."
        return
    name = given.get("name")
    yield from (f"name: {each}" for each in _about_name(name))
    yield from (f"label: {each}" for each in _about_text(given.get("label"), LONGEST_LABEL))
    if isinstance(name, str) and (name in known or name.startswith("&")):
        yield (
            f"There are two fields called {name}."
            if name in known
            else "A name has no & before it."
        )
    type = parse_type(given.get("type"))
    if type is None:
        yield (
            "type: One of string, int, bool, enum[site], enum[group], enum[dataset] and"
            " enum[first,second,...] is expected."
        )
    elif given.get("default") is not None and (said := fields.objection(type, given["default"])):
        yield f"default: {said}"
    if not isinstance(given.get("required", True), bool):
        yield "required: true or false is expected."
    if odd := [key for key in given if key not in _FIELD_KEYS]:
        yield f"A field has no {ascii(odd[0])}; it has {', '.join(_FIELD_KEYS)}."


def _about_steps(given: Any, known: Mapping[str, Field]) -> Iterator[str]:
    if (
        not isinstance(given, Sequence)
        or isinstance(given, str)
        or not 0 < len(given) <= MOST_STEPS
    ):
        yield f"A list of 1 to {MOST_STEPS} steps is expected."
        return
    for number, step in enumerate(given, 1):
        if not isinstance(step, Mapping) or not isinstance(step.get("name"), str):
            yield f"Step {number}: An object with a name is expected."
            continue
        try:
            kind = step_kind(step["name"])
        except BadInput as unknown:
            yield f"Step {number}: {unknown.sentence}"
            continue
        for said in _about_step(step, kind, known):
            yield f"Step {number} ({step['name']}): {said}"


def _about_step(
    step: Mapping[str, Any], kind: StepKind, known: Mapping[str, Field]
) -> Iterator[str]:
    if step.get("site") is not None:
        yield from _about_value("site", step["site"], Argument(str, ""), known)
    given = [key for key in step if key not in _OWN]
    for key in given:
        if (argument := kind.arguments.get(older(key))) is None:
            yield f"It has no argument {ascii(key)}; it has {', '.join(kind.arguments) or 'none'}."
        elif [older(each) for each in given].count(older(key)) > 1:
            yield f"{older(key)} is given twice."
        else:
            yield from _about_value(key, step[key], argument, known)
    missing = {name for name, each in kind.arguments.items() if each.required}
    if lacking := missing - {older(key) for key in given}:
        yield f"It needs the argument {min(lacking)}."


def _about_value(
    key: str, value: Any, argument: Argument, known: Mapping[str, Field]
) -> Iterator[str]:
    if (name := reference(value)) is None:
        if not _is_literal(_literal(value), argument.kind):
            yield f"{key} is {_SAID[argument.kind]} or the name of a field after an &."
        elif argument.required and not value:
            yield f"{key} must not be empty."
        return
    field = known.get(name)
    if field is None:
        yield f"{key} refers to a field {name!r} that there is not."
    elif field.type.kind not in _TAKES[argument.kind]:
        yield f"{key} is {_SAID[argument.kind]}, and {name} is no field of such a type."
    elif argument.required and not field.required and field.default is None:
        yield f"{key} is needed, so the field {name} must be required or have a default."


def _is_literal(value: Any, kind: type[Value]) -> bool:
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
    return isinstance(value, kind) and (not isinstance(value, str) or is_printable(value))

"""A workflow is sound, or every reason why it is not is told at once; filled in, nothing is left to
fill in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.jobs.submission import Stage
from lagan.hub.jobs.workflows import defaults, rules
from lagan.hub.jobs.workflows.errors import UnsoundWorkflow
from lagan.hub.jobs.workflows.rules import Definition
from lagan.worker.catalogue import STEPS

SITES = {"lab", "london"}
TARGET = {"name": "target_site", "label": "Site to migrate to", "type": "enum[site]"}
DELETE = {"name": "delete", "label": "Delete from source", "type": "bool"}


def _flow(steps: Any, fields: Any = ()) -> Definition:
    return Definition("mine", "Mine", steps, fields)


def _reasons(definition: Definition) -> dict[str, list[str]]:
    with pytest.raises(UnsoundWorkflow) as refused:
        rules.check(definition)
    return {field: list(those) for field, those in refused.value.reasons.items()}


def _fill(definition: Definition, **given: Any) -> list[Stage]:
    rules.check(definition)
    stages, _, reasons = rules.fill(definition, given, "lab", SITES)
    assert not reasons
    return stages


def _refused(definition: Definition, **given: Any) -> str:
    rules.check(definition)
    stages, _, reasons = rules.fill(definition, given, "lab", SITES)
    assert not stages or reasons
    return " ".join(reasons)


def test_the_documented_example_sends_to_the_site_of_a_field() -> None:
    """Source: seeds/workflow-hub.txt, examples 1, 3 and 4."""
    steps = [
        {"name": "dynamo.tasks.migrate"},
        {"name": "dynamo.tasks.recall", "site": "&target_site"},
    ]
    migrate, recall = _fill(_flow(steps, [TARGET, DELETE]), target_site="london", delete=True)
    assert (migrate.step, migrate.site) == ("hsm.migrate", "lab")
    assert (recall.step, recall.site, recall.args) == ("hsm.recall", "london", {"skip_hash": False})


def test_what_lagan_brings_is_sound() -> None:
    for each in defaults.WORKFLOWS:
        rules.check(each)


def test_no_argument_has_a_name_that_a_step_uses_itself() -> None:
    assert not [step for step in STEPS if {"name", "site"} & set(step.arguments)]


@pytest.mark.parametrize(("given", "becomes"), [(True, True), (False, False), ("TRUE", True)])
def test_a_boolean_field_fills_a_boolean_argument(given: Any, becomes: bool) -> None:
    fields = [{"name": "keep", "label": "Keep", "type": "bool"}]
    (stage,) = _fill(_flow([{"name": "hsm.migrate", "premigrate": "&keep"}], fields), keep=given)
    assert stage.args["premigrate"] is becomes


@pytest.mark.parametrize(("given", "becomes"), [(4096, 4096), (" 12 ", 12), ("+3", 3)])
def test_a_field_of_whole_numbers_takes_their_text_too(given: Any, becomes: int) -> None:
    fields = [{"name": "size", "label": "Size", "type": "int"}]
    (stage,) = _fill(_flow([{"name": "hsm.migrate", "stub-size": "&size"}], fields), size=given)
    assert stage.args["stub_size"] == becomes


@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("int", "many"), ("int", 1.5), ("int", True), ("int", 2**70), ("bool", "perhaps"),
        ("bool", 1), ("string", 3), ("string", ["a"]), ("string", "a\nb"), ("string", "\udc80"),
        ("enum[fast,slow]", "middling"), ("enum[site]", "nowhere"), ("enum[site]", 4),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_by_its_fields_name(type: str, value: Any) -> None:
    fields = [{"name": "which", "label": "Which", "type": type}]
    assert _refused(_flow([{"name": "hsm.delete"}], fields), which=value).startswith("which: ")


def test_unknown_and_missing_fields_are_refused_together() -> None:
    said = _refused(_flow([{"name": "hsm.delete"}], [TARGET]), tarket_site="london")
    assert "'tarket_site' is no field; there are: target_site." in said
    assert "target_site (Site to migrate to) is required." in said


def test_an_optional_field_left_empty_is_as_if_its_argument_were_not_written() -> None:
    fields = [{**TARGET, "required": False}, {**DELETE, "name": "fast"}]
    steps = [{"name": "hsm.recall", "site": "&target_site", "skip_hash": "&fast"}]
    assert _fill(_flow(steps, fields)) == [Stage("hsm.recall", "lab", {"skip_hash": False})]
    assert _fill(_flow(steps, fields), target_site="", fast=None)[0].site == "lab"


def test_a_default_is_taken_when_nothing_is_given() -> None:
    fields = [{**TARGET, "default": "london"}]
    steps = [{"name": "hsm.recall", "site": "&target_site"}]
    assert _fill(_flow(steps, fields))[0].site == "london"
    assert _fill(_flow(steps, fields), target_site="lab")[0].site == "lab"


def test_a_text_may_begin_with_an_ampersand_when_it_has_two() -> None:
    steps = [{"name": "dataset.archive", "group": "&&group"}]
    assert _fill(_flow(steps))[0].args["group"] == "&group"


def test_every_reason_is_told_at_once() -> None:
    reasons = _reasons(
        Definition(
            "has space",
            "",
            [
                {"name": "dynamo.tasks.nothing"},
                {"name": "hsm.migrate", "premigrate": "yes", "depth": 3, "stub_size": -1},
                {"name": "hsm.recall", "site": "&nowhere", "skip_hash": True, "skip-hash": True},
                {"name": "dataset.archive"},
                "hsm.delete",
            ],
            [{"name": "a", "label": "A", "type": "enum[planet]"}, {"name": "b", "typ": "int"}],
        )
    )
    assert set(reasons) == {"name", "label", "fields", "steps"}
    said = " ".join(reasons["steps"])
    for part in (
        "Step 1: There is no step called 'dynamo.tasks.nothing'",
        "Step 2 (hsm.migrate): premigrate is true or false",
        "It has no argument 'depth'",
        "stub_size is a whole number, 0 or more,",
        "Step 3 (hsm.recall): site refers to a field 'nowhere' that there is not.",
        "skip_hash is given twice.",
        "Step 4 (dataset.archive): It needs the argument group.",
        "Step 5: An object with a name is expected.",
    ):
        assert part in said
    assert "Field 1: type: One of string" in reasons["fields"][0]
    assert any("A field has no 'typ'" in each for each in reasons["fields"])


@pytest.mark.parametrize(
    ("argument", "type"), [("premigrate", "int"), ("stub_size", "bool"), ("target", "int")]
)
def test_a_field_of_the_wrong_type_for_its_argument_is_refused(argument: str, type: str) -> None:
    fields = [{"name": "f", "label": "F", "type": type}]
    (said,) = _reasons(_flow([{"name": "hsm.migrate", argument: "&f"}], fields))["steps"]
    assert "f is no field of such a type" in said


def test_a_needed_argument_takes_no_field_that_may_stay_empty() -> None:
    fields = [{"name": "g", "label": "G", "type": "enum[group]", "required": False}]
    (said,) = _reasons(_flow([{"name": "dataset.archive", "group": "&g"}], fields))["steps"]
    assert "must be required or have a default" in said


def test_two_fields_of_one_name_are_refused() -> None:
    assert _reasons(_flow([{"name": "hsm.delete"}], [TARGET, TARGET]))["fields"] == [
        "Field 2: There are two fields called target_site."
    ]


@pytest.mark.parametrize(
    "type", ["text", "enum", "enum[]", "enum[one]", "enum[a,,b]", "enum[a,a]", 3, None, ["int"]]
)
def test_other_types_of_fields_are_refused(type: Any) -> None:
    fields = [{"name": "f", "label": "F", "type": type}]
    (said,) = _reasons(_flow([{"name": "hsm.delete"}], fields))["fields"]
    assert said.startswith("Field 1: type: One of string, int, bool,")


def test_a_number_below_nought_does_not_come_in_by_a_field() -> None:
    fields = [{"name": "size", "label": "Size", "type": "int"}]
    flow = _flow([{"name": "hsm.migrate", "stub_size": "&size"}], fields)
    assert "stub_size is 0 or more, not -5" in _refused(flow, size=-5)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["&f", "int"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "site", "label", "type", "default"]), inner)
    ),
    max_leaves=12,
)


@given(_JSON, _JSON, _JSON)
def test_whatever_is_sent_is_sound_or_refused_with_reasons(
    name: Any, steps: Any, fields: Any
) -> None:
    reasons: Any = {}
    try:
        rules.check(Definition(name, "A label", steps, fields))
        assert isinstance(name, str)
        assert steps
    except UnsoundWorkflow as refused:
        reasons = refused.reasons
    assert all(reasons.values())

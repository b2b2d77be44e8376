"""The form of an uploader's settings asks for what programs keep, and for no secret."""

from __future__ import annotations

import pytest

from lagan.agent.keys import DOCUMENTED
from lagan.hub.web import uploaderfields
from lagan.hub.web.uploaderfields import CHOICE, FIELDS, FLAG, NUMBER, WHOLE, changes, problems

KINDS = {"flag": FLAG, "whole": WHOLE, "number": NUMBER}


def test_every_documented_setting_is_on_the_form_but_secrets_and_the_name() -> None:
    documented = {each.name for each in DOCUMENTED if each.kind != "secret"}
    assert set(FIELDS) == documented - uploaderfields.OWN


def test_kinds_and_choices_are_those_of_the_agent() -> None:
    for each in DOCUMENTED:
        if each.name in FIELDS:
            field = FIELDS[each.name]
            assert field.choices in ((), each.choices), each.name
            if each.kind in KINDS:
                assert field.kind == KINDS[each.kind], each.name
            if field.kind == CHOICE:
                assert each.choices


def test_defaults_of_the_agent_are_taken() -> None:
    usual = {each.name: str(each.default) for each in DOCUMENTED if each.name in FIELDS}
    assert problems(usual) == {}


@pytest.mark.parametrize(
    ("kept", "given", "changed"),
    [
        ({}, {"locked": "", "user_filter": ""}, {}),
        ({"user_filter": "a"}, {"user_filter": ""}, {"user_filter": ""}),
        ({"locked": "True"}, {"locked": ""}, {}),
        ({"locked": "True"}, {"locked": "False"}, {"locked": "False"}),
        ({"odd": "1"}, {"odd": "2", "other": "3"}, {"odd": "2"}),
        ({}, {"uuid": "x", "api_key": "y"}, {}),
    ],
)
def test_only_what_was_changed_is_sent(
    kept: dict[str, str], given: dict[str, str], changed: dict[str, str]
) -> None:
    assert changes(kept, given) == changed


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [("timer_minutes", "15", "number"), ("timer_minutes", "often", "text"),
     ("scheduled_date", "", "date"), ("scheduled_date", "None", "text"),
     ("timer_from_time", "06:00:00", "time"), ("user_filter", "06:00:00", "text")],
)  # fmt: skip
def test_what_was_typed_or_kept_is_always_shown(key: str, value: str, shown: str) -> None:
    assert uploaderfields.Asked(FIELDS[key], value).input == shown

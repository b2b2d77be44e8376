"""Events have the documented names and numbers; refusals speak the language that was asked for."""

from __future__ import annotations

import pytest

from lagan.kit.errors import BadInput, NotFound

DOCUMENTED = {
    0: "Started Uploading To LTP",
    1: "Uploaded To LTP",
    3: "Content checksum computed",
    10: "Bagit check failed",
    11: "Bagit check success",
}
NAMED = {
    "Content download from LTP requested",
    "Content checksum successfully verified",
    "Content downloaded from LTP",
}


def test_every_kind_of_event_has_a_name_and_a_number_of_its_own():
    from lagan.hub.doors.packages_api.events import EVENTS
    from lagan.hub.packages.queries import KINDS

    assert {kind for kind, _ in EVENTS} == {str(each) for each in KINDS}
    assert dict(EVENTS.values()).items() >= DOCUMENTED.items()
    assert set(dict(EVENTS.values()).values()) >= NAMED
    assert sorted(number for number, _ in EVENTS.values()) == list(range(len(EVENTS)))


@pytest.mark.parametrize(
    ("accepted", "said"),
    [
        (None, "Not found."),
        ("", "Not found."),
        ("cs-CZ,cs;q=0.9,en;q=0.1", "Nenalezeno."),
        ("nn, cs;q=0.9", "Ikke funnet."),
        ("de-DE,de;q=0.9", "Not found."),
        ("de, cs;q=0.1", "Nenalezeno."),
        ("*", "Not found."),
        (";;q=,\x00", "Not found."),
    ],
)
def test_what_is_not_there(accepted: str | None, said: str):
    from lagan.hub.doors.packages_api.words import document

    assert document(NotFound("There is no package 7."), accepted) == {"detail": said}


def test_a_field_that_is_wrong_is_named():
    from lagan.hub.doors.packages_api.words import document

    wrong = BadInput("Value must be valid JSON.", field="user_metadata")
    assert document(wrong, "cs") == {"user_metadata": ["Value must be valid JSON."]}
    missing = BadInput("A package has a name.", field="name", word="required")
    assert document(missing, "cs") == {"name": ["Toto pole je vyžadováno."]}


@pytest.mark.parametrize(
    ("method", "path", "known"),
    [
        ("POST", "/upload/", True),
        ("GET", "/upload", True),
        ("POST", "/uploads/", False),
        ("GET", "/api/auth/token/", True),
        ("POST", "/api/auth/token/", False),
        ("GET", "/api/v1/archive/search/", True),
        ("DELETE", "/api/v1/archive/7/", True),
        ("GET", "/api/v1/archive/7/" + "a" * 64, True),
        ("GET", "/api/v1/archive/seven/", False),
        ("GET", "/api/v1/audit/archive/7", True),
    ],
)
def test_only_its_own_addresses_are_answered_here(method: str, path: str, known: bool):
    from lagan.hub.doors.packages_api.routes import route

    assert (route(method, path) is not None) is known

"""Who may call what; a refusal tells nobody who exists."""

from __future__ import annotations

import base64

import pytest

from lagan.hub.doors.node.config.shape import Authorization, User
from lagan.hub.doors.node.wire.authorization import (
    CHALLENGE,
    Unauthorised,
    allowed,
    basic,
    internal,
)
from lagan.hub.doors.node.wire.reply import Failed

ANNA = User("anna", "se:cret", ("QARCHIVE", "status"))
ROOT = User("root", "all", ("*",))
RULES = Authorization(True, ("HELP", "Label"), (ANNA, ROOT, User("ngas-int", "peer", ("*",))))


def test_nobody_is_asked_unless_it_is_switched_on() -> None:
    assert allowed(Authorization(users=(ANNA,)), "PURGE", "") == ""


@pytest.mark.parametrize(
    ("command", "told", "user"),
    [
        ("QARCHIVE", basic("anna", "se:cret"), "anna"),
        ("STATUS", basic("anna", "se:cret"), "anna"),
        ("STATUS", basic("anna", "se:cret").replace("Basic", "bAsIc"), "anna"),
        ("PURGE", basic("root", "all"), "root"),
        ("RETRIEVE", basic("ngas-int", "peer"), "ngas-int"),
        ("HELP", "", ""),
        ("LABEL", "", ""),
        ("HELP", basic("anna", "se:cret"), "anna"),
        ("HELP", basic("anna", "old password"), ""),
    ],
)
def test_who_is_let_in(command: str, told: str, user: str) -> None:
    assert allowed(RULES, command, told) == user


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("", "Unauthorized request received"),
        ("Bearer abc", "Invalid authentication scheme: Bearer"),
        ("Basic", "Invalid Basic authentication, no password provided"),
        ("Basic !!", "Invalid Basic authentication, no password provided"),
        (
            "Basic " + base64.b64encode(b"anna").decode(),
            "Invalid Basic authentication, no password provided",
        ),
        (basic("anna", "wrong"), "wrong password for user anna"),
        (basic("nobody", "wrong"), "wrong password for user nobody"),
        (basic("", ""), "wrong password for user "),
    ],
)
def test_who_is_not_known_is_told_how_to_be(told: str, message: str) -> None:
    with pytest.raises(Unauthorised) as caught:
        allowed(RULES, "STATUS", told)
    assert (caught.value.http, caught.value.sentence) == (401, message)
    assert caught.value.headers == (CHALLENGE,)


def test_a_user_who_may_not_is_forbidden() -> None:
    with pytest.raises(Failed) as caught:
        allowed(RULES, "PURGE", basic("anna", "se:cret"))
    assert (caught.value.http, caught.value.sentence) == (403, "Unauthorized access denied")


def test_everything_can_be_left_open() -> None:
    assert allowed(Authorization(True, ("*",)), "PURGE", "") == ""


def test_a_node_is_ngas_int_to_its_peers() -> None:
    told = internal(RULES)
    assert told == basic("ngas-int", "peer")
    assert allowed(RULES, "RETRIEVE", told) == "ngas-int"
    assert internal(Authorization(True, (), (ANNA,))) is None

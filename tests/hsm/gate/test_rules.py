"""Who brings what back, decided without a filesystem."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lagan.hsm.gate.asking import Asker, asker
from lagan.hsm.gate.rules import Rules, Usage, Wish, refused

CAT = Asker(1, frozenset({"/usr/bin/cat", "cat"}), 1000)
UPDATEDB = Asker(2, frozenset({"/usr/bin/updatedb.plocate", "updatedb.plocate", "updatedb"}), 0)


def why(wish: Wish, rules: Rules, usage: Usage | None = None, *, frozen: bool = False) -> str:
    return refused(wish, rules, usage or Usage(), frozen=frozen) or ""


def test_without_rules_everybody_gets_everything() -> None:
    assert why(Wish(CAT, 1 << 50, open=10_000, open_of_user=10_000), Rules()) == ""


@pytest.mark.parametrize("name", ["updatedb", "/usr/bin/updatedb.plocate", "updatedb.plocate"])
def test_a_program_is_denied_by_name_and_by_path(name: str) -> None:
    rules = Rules(deny=frozenset({name}))
    assert name in why(Wish(UPDATEDB, 1), rules)
    assert why(Wish(CAT, 1), rules) == ""


def test_a_user_is_denied() -> None:
    assert "1000" in why(Wish(CAT, 1), Rules(deny_users=frozenset({1000})))


def test_who_is_denied_does_not_join_either() -> None:
    assert why(Wish(UPDATEDB, 1, joins=True), Rules(deny=frozenset({"updatedb"})))


def test_limits_count_recalls_and_not_who_joins_one() -> None:
    rules = Rules(at_once=2, user_at_once=1)
    assert "2 recalls" in why(Wish(CAT, 1, open=2), rules)
    assert "user" in why(Wish(CAT, 1, open=1, open_of_user=1), rules)
    assert why(Wish(CAT, 1, open=1), rules) == ""
    assert why(Wish(CAT, 1, open=2, open_of_user=2, joins=True), rules, frozen=True) == ""


def test_frozen_nothing_begins() -> None:
    assert "frozen" in why(Wish(CAT, 1), Rules(), frozen=True)


def test_bytes_of_an_hour_are_those_of_the_last_hour() -> None:
    now = 0.0
    usage = Usage(clock=lambda: now)
    rules = Rules(per_hour=100, user_per_hour=60)
    assert why(Wish(CAT, 1000), rules, usage) == "", "one file may always come"
    usage.add(1000, 50)
    assert "user" in why(Wish(CAT, 20), rules, usage)
    usage.add(0, 40)
    assert "hour" in why(Wish(UPDATEDB, 20), rules, usage)
    now = 3601.0
    assert why(Wish(CAT, 20), rules, usage) == ""


def test_a_process_is_known_by_its_program_and_user() -> None:
    me = asker(os.getpid())
    assert me.user == os.geteuid()
    assert str(Path("/proc/self/exe").readlink()) in me.names


def test_a_process_that_is_gone_is_nobody() -> None:
    assert asker(2**22 + 1) == Asker(2**22 + 1, frozenset(), None)

"""Connections: the pinned key and no other, words that help, and one that is kept for a moment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lagan.transfer import (
    HostKeyChanged,
    KeyRefused,
    NoSuchPath,
    SftpPlace,
    Target,
    Unreachable,
    borrow,
    fingerprint,
    forget,
    make_key,
    offered_key,
    public_part,
)
from tests.services.process import Running, free_port
from tests.transfer.conftest import target_of


@pytest.fixture
def target(ssh: Running, top: Path) -> Target:
    return target_of(ssh, top)


def test_a_computer_shows_its_host_key(ssh: Running, target: Target):
    shown = offered_key(target.host, target.port)
    assert shown.split()[:2] == target.host_key.split()[:2]
    assert fingerprint(shown).startswith("SHA256:")


def test_another_host_key_is_refused(target: Target):
    other = replace(target, host_key=public_part(make_key("other")))
    with pytest.raises(HostKeyChanged) as refusal:
        SftpPlace(other)
    assert refusal.value.permanent


def test_a_key_that_was_not_let_in_is_refused_in_words(target: Target):
    with pytest.raises(KeyRefused, match="authorized_keys"):
        SftpPlace(replace(target, private_key=make_key("hub")))


def test_nobody_there_may_be_tried_again():
    with pytest.raises(Unreachable, match="no SSH server") as refusal:
        offered_key("127.0.0.1", free_port())
    assert not refusal.value.permanent


def test_a_top_that_is_not_there_is_named(target: Target):
    with pytest.raises(NoSuchPath, match="/no/such/top"):
        SftpPlace(replace(target, top="/no/such/top"))


def test_a_connection_is_kept_for_the_next_who_asks(target: Target):
    with borrow(target) as first:
        assert first.stat("first.txt").size == 5
    with borrow(target) as second:
        assert second is first
    with pytest.raises(NoSuchPath), borrow(target) as third:
        third.stat("nothing")
    assert third is first
    forget()
    assert not first.alive


def test_a_broken_connection_is_not_kept(target: Target):
    with borrow(target) as first:
        first.close()
    with borrow(target) as second:
        assert second is not first
        assert second.stat("first.txt").size == 5
    forget()


@pytest.mark.parametrize(
    ("top", "remote"),
    [
        ("/data", "/data"),
        ("/data/", "/data"),
        ("/", "/"),
        ("C:\\files\\raw", "/C:/files/raw"),
        ("d:", "/d:"),
        ("c:files", "/c:/files"),
    ],
)
def test_tops_as_people_write_them(target: Target, top: str, remote: str):
    assert replace(target, top=top).remote_top == remote


def test_no_key_is_shown_with_a_target(target: Target):
    assert "PRIVATE" not in repr(target)

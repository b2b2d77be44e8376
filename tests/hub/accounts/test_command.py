"""`lagan hub adduser` and `unlock`, without a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lagan.cli import hub as command
from lagan.hub.accounts import queries
from lagan.hub.accounts.errors import LockedOut
from lagan.kit.errors import NotFound, NotSignedIn
from tests.hub.accounts.authenticator import enrolled
from tests.hub.accounts.cast import Cast
from tests.hub.accounts.mailbox import Mailbox, link


@pytest.fixture
def run(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command of `lagan hub` on the database of this test."""
    monkeypatch.setattr(command, "_settings", lambda *_, **__: None)

    def run(*words: str, typed: str = "") -> Any:
        return CliRunner().invoke(command.hub, words, input=typed, catch_exceptions=False)

    return run


def test_an_administrator_is_added_with_a_password_from_a_file(run: Any, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("nine loud herons\n")
    words = ("--username", "root", "--password-file", str(tmp_path / "password"), "--admin")
    assert run("adduser", *words).output == "Added administrator root.\n"
    made = queries.find_user(username="root")
    assert made is not None
    assert made.check_password("nine loud herons")
    assert queries.is_administrator(made)


def test_the_first_administrator_is_asked_for(run: Any) -> None:
    typed = "root\nroot@example.org\nnine loud herons\nnine loud herons\n\n"
    done = run("adduser", typed=typed)
    assert done.output.endswith("Added administrator root.\n")
    assert "nine loud" not in done.output
    made = queries.find_user(username="root")
    assert made is not None
    assert (made.email, made.check_password("nine loud herons")) == ("root@example.org", True)
    assert queries.is_administrator(made)


def test_when_nobody_answers_the_option_is_named(run: Any) -> None:
    done = run("adduser")
    assert (done.exit_code, "--username" in done.output) == (2, True)


def test_without_a_password_it_prints_a_link_or_mails_it(run: Any, mail: Mailbox) -> None:
    assert "/set-password/" in run("adduser", "--username", "kim").output
    said = run("adduser", "--username", "lee", "--email", "lee@adduser.example", "--send").output
    assert "/set-password/" not in said
    (letter,) = mail.sent_to("lee@adduser.example")
    assert link(letter).startswith("/set-password/")
    alone = run("adduser", "--username", "max", "--send").output
    assert "No letter can leave" in alone
    assert "/set-password/" in alone


def test_unlocking_helps_the_only_administrator(run: Any, cast: Cast) -> None:
    from lagan.hub.accounts import services

    enrolled(cast.ada)
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            services.check_factor(user=cast.ada, code="000000")
    with pytest.raises(LockedOut):
        services.check_factor(user=cast.ada, code="000000")
    assert run("unlock", "--username", "ada").exit_code == 0
    with pytest.raises(NotSignedIn):
        services.check_factor(user=cast.ada, code="000000")
    run("unlock", "--username", "ada", "--second-factor")
    assert not queries.has_factor(cast.ada)
    with pytest.raises(NotFound):
        run("unlock", "--username", "nobody")

"""Those who are configured learn what happened; a mail server that is down holds up nobody."""

from __future__ import annotations

import mailbox
from collections.abc import Iterator
from datetime import timedelta
from email.message import Message
from pathlib import Path

import pytest

from lagan.hub.doors.node.config.shape import Notification, Recipients
from lagan.hub.doors.node.process import mail as mails
from lagan.hub.doors.node.process import outbox
from lagan.hub.doors.node.process.mail import Held, Mail, Note, compose, recipients, ripe, take
from tests.services.hub import until
from tests.services.process import Running, free_port


def config(**given: object) -> Notification:
    known: dict[str, object] = {
        "active": True,
        "host": "127.0.0.1",
        "sender": "node@example.org",
        "retain_time": timedelta(minutes=30),
        "retain_size": 3,
        "error": Recipients(("a@example.org",)),
    }
    return Notification(**{**known, **given})  # type: ignore[arg-type]


def note(at: float, subject: str = "S") -> Note:
    return Note(subject, f"at {at}", at)


def test_the_first_goes_at_once_and_later_ones_together() -> None:
    held, now = take(Held(), note(10_000), config())
    assert [each.at for each in now] == [10_000]
    for at in (10_001, 10_002):
        held, now = take(held, note(at), config())
        assert now == ()
    held, now = take(held, note(10_003), config())
    assert [each.at for each in now] == [10_001, 10_002, 10_003]
    assert held == Held(10_003)


def test_what_waits_goes_when_the_time_is_over() -> None:
    held, _ = take(Held(1000), note(1001), config())
    assert not ripe(held, 2799, config())
    assert ripe(held, 2800, config())
    assert not ripe(Held(0), 10_000, config())
    assert take(held, note(2800), config())[1] == (*held.waiting, note(2800))


@pytest.mark.parametrize("size", [0, 1])
def test_without_room_to_wait_everything_goes_at_once(size: int) -> None:
    assert take(Held(1000), note(1001), config(retain_size=size))[1] == (note(1001),)


def test_recipients_are_addresses_each_once() -> None:
    given = ["a@b", " a@b ", "DEFINE", "x@DEFINE", "", "root", "a b@c", "a@b\nBcc: c@d", "a@b,c@d"]
    assert recipients(given) == ["a@b", "root"]


def test_a_message_says_where_it_comes_from_and_that_nobody_wrote_it() -> None:
    subject, body = compose("vm:7777", [Note("CHANGE\r\nDISK(S)", "Disk M-000001 is full.", 0)])
    assert subject == "vm:7777: CHANGE DISK(S)"
    assert body.splitlines() == [
        "Notification Message:",
        "",
        "Disk M-000001 is full.",
        "",
        "Note: This is an automatically generated message",
    ]


def test_messages_that_go_together_say_when_each_was() -> None:
    subject, body = compose("vm:1", [note(0, "A"), note(60, "B")])
    assert subject == "vm:1: 2 NOTIFICATIONS"
    assert "Thu, 01 Jan 1970 00:00:00 -0000: A\n\nat 0" in body
    assert "Thu, 01 Jan 1970 00:01:00 -0000: B\n\nat 60" in body
    assert compose("vm:1", [note(0, "A"), note(1, "A")])[0] == "vm:1: A"


def test_no_password_and_no_broken_text_leaves_in_a_message() -> None:
    subject, body = compose("vm:1", [Note("S", "tried http://u:pass@host and \udcff", 0)])
    assert subject == "vm:1: S"
    assert "pass@" not in body
    assert body.encode()


@pytest.fixture
def box(smtp: Running) -> mailbox.Maildir:
    return mailbox.Maildir(smtp.address["maildir"])


@pytest.fixture
def mail(tmp_path: Path, smtp: Running) -> Iterator[Mail]:
    told = config(
        port=int(smtp.address["port"]),
        sender=f"{tmp_path.name}@example.org",
        error=Recipients(("a@example.org", "b@example.org")),
    )
    made = Mail(tmp_path / "mail", "vm:7777", lambda: told)
    yield made
    made.close()


def from_(box: mailbox.Maildir, sender: str) -> list[Message]:
    found = [each for each in box if each["From"] == f"{sender}@example.org"]
    return sorted(found, key=lambda each: str(each["To"]))


def test_every_recipient_gets_a_message_of_their_own(
    mail: Mail, box: mailbox.Maildir, tmp_path: Path
) -> None:
    mail.send("error", "IT FAILED", "Zürich")
    got = until(lambda: len(found := from_(box, tmp_path.name)) == 2 and found)
    assert [each["To"] for each in got] == ["a@example.org", "b@example.org"]
    assert {each["Subject"] for each in got} == {"vm:7777: IT FAILED"}
    assert "Zürich" in got[0].get_payload(decode=True).decode()
    until(lambda: not list((tmp_path / "mail" / "out").glob("*.eml")))


@pytest.mark.parametrize("kind", mails.KINDS)
def test_every_kind_has_recipients_of_its_own(kind: mails.MailKind, tmp_path: Path) -> None:
    to = f"{kind}@example.org"
    told = config(port=free_port(), **{"error": Recipients(()), kind: Recipients((to,))})
    sender = Mail(tmp_path, "vm:1", lambda: told)
    sender.send(kind, "S", "T")
    (waiting,) = (tmp_path / "out").glob("*.eml")
    assert f"To: {to}".encode() in waiting.read_bytes()
    sender.close()


def test_without_active_only_what_is_forced_goes(tmp_path: Path) -> None:
    told = config(active=False, port=free_port())
    sender = Mail(tmp_path, "vm:1", lambda: told)
    sender.send("error", "S", "not sent")
    assert not (tmp_path / "out").exists()
    sender.send("error", "S", "sent", forced=True)
    sender.send_to(["DEFINE", "who@example.org"], "S", "asked for")
    assert len(list((tmp_path / "out").glob("*.eml"))) == 2
    sender.close()


def test_a_server_that_is_down_gets_it_when_it_is_back(
    smtp: Running, box: mailbox.Maildir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "FIRST_PAUSE", 0.02)
    port = free_port()
    made = outbox.Outbox(tmp_path / "out", lambda: ("127.0.0.1", port))
    made.put(f"From: {tmp_path.name}@example.org\nTo: a@example.org\n\nlate\n".encode())
    assert len(list((tmp_path / "out").glob("*.eml"))) == 1
    port = int(smtp.address["port"])
    until(lambda: from_(box, tmp_path.name))
    until(lambda: not list((tmp_path / "out").glob("*.eml")))
    made.close()


def test_what_waits_survives_a_restart(smtp: Running, box: mailbox.Maildir, tmp_path: Path) -> None:
    sender = f"{tmp_path.name}@example.org"
    gone = config(port=free_port(), sender=sender)
    first = Mail(tmp_path / "mail", "vm:1", lambda: gone)
    first.send("error", "AT ONCE", "1")
    first.send("error", "RETAINED", "2")
    first.close()
    again = config(port=int(smtp.address["port"]), sender=sender, retain_time=timedelta())
    second = Mail(tmp_path / "mail", "vm:1", lambda: again)
    second.flush()
    got = until(lambda: len(found := from_(box, tmp_path.name)) == 2 and found)
    assert {each["Subject"] for each in got} == {"vm:1: AT ONCE", "vm:1: RETAINED"}
    second.close()


def test_a_message_that_is_refused_for_good_does_not_hold_up_others(
    smtp: Running, box: mailbox.Maildir, tmp_path: Path
) -> None:
    server = ("127.0.0.1", int(smtp.address["port"]))
    made = outbox.Outbox(tmp_path / "out", lambda: server)
    made.put(f"From: {tmp_path.name}@example.org\nTo: <>\n\nto nobody\n".encode())
    made.put(f"From: {tmp_path.name}@example.org\nTo: a@example.org\n\nto somebody\n".encode())
    until(lambda: from_(box, tmp_path.name))
    until(lambda: not list((tmp_path / "out").glob("*.eml")))
    made.close()


def test_nothing_about_mail_stops_its_sender(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file where the folder should be")
    sender = Mail(tmp_path / "mail", "vm:1", config)
    sender.send("error", "S", "T")
    sender.send("error", "S", "T", forced=True)
    sender.close()

"""Mail about what happens to a node: who gets it, how it reads, and how much of it at once.

Verb: `Mail.send`. The first message of a kind goes at once, later ones wait until there are
MaxRetentionSize of them or MaxRetentionTime is over, and go together. Nothing here waits for a mail
server or fails because of one: see `outbox.py`. What waits survives a restart. Source:
seeds/archive-server-config.txt, `Notification`; reference/ngas-http.md section 9.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Literal, get_args

from lagan.hub.base.logs import scrub_text
from lagan.hub.doors.node.config.shape import Notification
from lagan.hub.doors.node.process.outbox import Outbox
from lagan.kit.files import write_atomically

_log = logging.getLogger(__name__)

MailKind = Literal["error", "disk_space", "disk_change", "no_disk_space", "data_check"]
KINDS: tuple[MailKind, ...] = get_args(MailKind)
LONGEST_SUBJECT = 200
_ADDRESS = re.compile(r"[^\s<>,;\"\\()\[\]]{1,250}")
_OPENING, _CLOSING = (
    "Notification Message:",
    "Note: This is an automatically generated message",
)


@dataclass(frozen=True, slots=True)
class Note:
    """What one message says. `at` in seconds since the epoch."""

    subject: str
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of one kind of mail: when the last went, and what has waited since."""

    sent_at: float = 0.0
    waiting: tuple[Note, ...] = ()


def take(held: Held, note: Note, config: Notification) -> tuple[Held, Sequence[Note]]:
    """What is held after one more message, and what goes now."""
    waiting = (*held.waiting, note)
    quiet = note.at - held.sent_at >= config.retain_time.total_seconds()
    if quiet or len(waiting) >= config.retain_size:
        return Held(note.at), waiting
    return replace(held, waiting=waiting), ()


def ripe(held: Held, now: float, config: Notification) -> bool:
    """Whether what waits has waited long enough."""
    return bool(held.waiting) and now >= held.sent_at + config.retain_time.total_seconds()


def recipients(addresses: Iterable[str]) -> list[str]:
    """Addresses that mean somebody, each once: templates have DEFINE in the place of one."""
    found = (each.strip() for each in addresses)
    fit = (each for each in found if _ADDRESS.fullmatch(each) and "DEFINE" not in each)
    return list(dict.fromkeys(fit))


def compose(host_id: str, notes: Sequence[Note]) -> tuple[str, str]:
    """Subject and body of a message that says these."""
    subjects = list(dict.fromkeys(each.subject for each in notes))
    subject = subjects[0] if len(subjects) == 1 else f"{len(notes)} NOTIFICATIONS"
    parts = [each.text.strip() for each in notes]
    if len(notes) > 1:
        parts = [
            f"{formatdate(each.at)}: {each.subject}\n\n{text}"
            for each, text in zip(notes, parts, strict=True)
        ]
    body = f"{_OPENING}\n\n" + "\n\n".join(parts) + f"\n\n{_CLOSING}\n"
    line = " ".join(f"{host_id}: {subject}".split())
    return _sayable(scrub_text(line))[:LONGEST_SUBJECT], _sayable(scrub_text(body))


def _sayable(text: str) -> str:
    """Names of files may have bytes that are no text."""
    return text.encode("utf-8", "replace").decode()


class Mail:
    """A node's mail, in a folder of its own."""

    def __init__(self, folder: Path, host_id: str, config: Callable[[], Notification]) -> None:
        """`config` says how it is configured just now."""
        self._folder, self._host_id, self._config = folder, host_id, config
        self._guard = threading.Lock()
        self._outbox = Outbox(folder / "out", lambda: (self._config().host, self._config().port))

    def send(self, kind: MailKind, subject: str, text: str, *, forced: bool = False) -> None:
        """Tell those who are configured for this kind. Without Notification.Active only what is
        forced goes, and at once. Never raises for what mail cannot do."""
        config = self._config()
        note = Note(subject, text, time.time())
        try:
            if forced:
                self._post(kind, [note])
            elif config.active:
                with self._guard:
                    held, now = take(self._held(kind), note, config)
                    self._hold(kind, held)
                self._post(kind, now)
        except Exception:  # whatever is wrong with mail is no reason to stop what is told of
            _log.exception("The mail %r is lost.", subject)

    def send_to(self, addresses: Iterable[str], subject: str, text: str) -> None:
        """Tell somebody who asked for it, `notif_email` of a command: at once, whatever is
        configured. Never raises for what mail cannot do."""
        try:
            self._mail(recipients(addresses), [Note(subject, text, time.time())])
        except Exception:  # whatever is wrong with mail is no reason to stop what is told of
            _log.exception("The mail %r is lost.", subject)

    def flush(self) -> None:
        """Send what has waited long enough. The janitor calls it."""
        config = self._config()
        for kind in KINDS:
            with self._guard:
                held, now = self._held(kind), time.time()
                if not ripe(held, now, config):
                    continue
                self._hold(kind, Held(now))
            self._post(kind, held.waiting)
        self._outbox.wake()

    def close(self) -> None:
        """Stop sending; what was not sent is sent after the next start."""
        self._outbox.close()

    def _post(self, kind: MailKind, notes: Sequence[Note]) -> None:
        told: Sequence[str] = getattr(self._config(), kind).addresses
        self._mail(recipients(told), notes)

    def _mail(self, addresses: Sequence[str], notes: Sequence[Note]) -> None:
        if not notes:
            return
        subject, body = compose(self._host_id, notes)
        for address in addresses:
            message = EmailMessage()
            message["Subject"], message["To"] = subject, address
            message["From"] = self._config().sender or f"lagan@{self._host_id.partition(':')[0]}"
            message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="lagan")
            message["Auto-Submitted"] = "auto-generated"
            message.set_content(body)
            self._outbox.put(bytes(message))

    def _place(self, kind: MailKind) -> Path:
        return self._folder / f"{kind}.json"

    def _held(self, kind: MailKind) -> Held:
        try:
            found = json.loads(self._place(kind).read_bytes())
            waiting = tuple(Note(**each) for each in found["waiting"])
            return Held(float(found["sent_at"]), waiting)
        except FileNotFoundError:
            return Held()
        except (ValueError, TypeError, KeyError) as error:
            _log.error("What waited in %s cannot be read: %s", self._place(kind), error)
            return Held()

    def _hold(self, kind: MailKind, held: Held) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        waiting = [
            {"subject": each.subject, "text": each.text, "at": each.at} for each in held.waiting
        ]
        content = json.dumps({"sent_at": held.sent_at, "waiting": waiting}).encode()
        write_atomically(self._place(kind), content)

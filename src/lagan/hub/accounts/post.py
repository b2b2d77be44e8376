"""Letters leave by SMTP after the act that asked for them is committed, at least once, or are given
up after a day.

Whoever asks only leaves a row; the scheduler sends. So asking takes the same time whether a letter
will be sent or not.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from lagan.hub.accounts import sealed
from lagan.hub.accounts.models import Letter
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import SYSTEM
from lagan.hub.base.locks import advisory

log = logging.getLogger("lagan.post")

AT_ONCE = 20
"""Letters that one round sends."""
PATIENCE = timedelta(days=1)
PAUSES = (60, 300, 900, 3600)
"""Seconds until the next try after the first, second, ... failure; then always the last."""

Write = Callable[[Mapping[str, Any]], EmailMessage | None]
_writers: dict[str, Write] = {}


def register_letter(kind: str, write: Write) -> None:
    """Say how letters of a kind read: `write(facts)` gives the message when it is sent, or None
    when there is nothing to send after all. ValueError for a kind that is taken."""
    if _writers.setdefault(kind, write) is not write:
        raise ValueError(f"There are two kinds of letters named {kind}.")


def ready() -> bool:
    """Whether letters can leave: there is a mail server, and the hub knows its own address."""
    return bool(settings.EMAIL_HOST and settings.CONFIG.address)


def leave(kind: str, facts: Mapping[str, Any]) -> None:
    """Put a letter into the open transaction; it goes when that is committed. `facts["user"]`, if
    given, is the USER entity that it is about."""
    Letter.objects.create(kind=kind, sealed=sealed.seal(json.dumps(dict(facts))))


def deliver() -> int:
    """Send what is due; how many letters are done with."""
    if not ready() or not Letter.objects.filter(due__lte=timezone.now()).exists():
        return 0
    with advisory("accounts.post") as held:
        if not held:
            return 0
        due = Letter.objects.filter(due__lte=timezone.now()).order_by("id")[:AT_ONCE]
        return sum(_deliver(each) for each in due)


def _deliver(letter: Letter) -> bool:
    try:
        message = _writers[letter.kind](json.loads(sealed.unseal(letter.sealed)))
        if message is not None:
            message.send()
    except (OSError, SMTPException) as error:
        # What the server says may repeat the address; the kind of failure is enough.
        log.warning("letter %s was not taken: %s", letter.id, type(error).__name__)
        return _postpone(letter)
    except Exception:
        log.exception("letter %s cannot be written", letter.id)
        return _give_up(letter)
    letter.delete()
    return True


def _postpone(letter: Letter) -> bool:
    now = timezone.now()
    if now - letter.made > PATIENCE:
        return _give_up(letter)
    pause = PAUSES[min(letter.tries, len(PAUSES) - 1)]
    letter.tries, letter.due = letter.tries + 1, now + timedelta(seconds=pause)
    letter.save(update_fields=["tries", "due"])
    return False


@transaction.atomic
def _give_up(letter: Letter) -> bool:
    record(kind=Kind.LETTER_FAILED, by=SYSTEM, data={"kind": letter.kind}, result="failed")
    letter.delete()
    return True

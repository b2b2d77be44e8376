"""The authorized_keys of the staging account: a line for every approved key, which reaches its
uploader's folder and nothing else."""

from __future__ import annotations

import shlex

from django.conf import settings
from django.db import transaction

from lagan.hub.base import locks
from lagan.hub.instruments.models import APPROVED, Registration
from lagan.hub.instruments.rules import public_key
from lagan.hub.instruments.staging import folder_of, reachable
from lagan.kit.files import write_atomically

HEADER = "# Written by the hub: lines that it does not know are gone at its next change.\n"


def lines() -> list[str]:
    """A line for each approved key, by age."""
    rows = Registration.objects.filter(state=APPROVED).order_by("id")
    return [line(row) for row in rows]


def line(row: Registration) -> str:
    """One of them: no terminal, no forwarding, and our gate in place of whatever is asked for."""
    kind, body = public_key(row.public_key)
    gate = f"{settings.CONFIG.staging.gate} {shlex.quote(str(folder_of(row.uploader_id)))}"
    command = gate.replace("\\", "\\\\").replace('"', '\\"')
    return f'restrict,command="{command}" {kind} {body} uploader-{row.uploader_id}'


def write_keys() -> None:
    """Bring the file to what is approved now; what is committed when it is written counts.
    Unavailable when it cannot be written."""
    place = settings.CONFIG.staging.keys
    with reachable(), transaction.atomic():
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        locks.until_commit("staging keys")
        text = HEADER + "".join(f"{each}\n" for each in lines())
        if not place.is_file() or place.read_text() != text:
            write_atomically(place, text.encode(), mode=0o600)


def renew_keys() -> None:
    """Bring the file back to what is approved, whatever became of it; a hub that never approved a
    key has none."""
    if (
        settings.CONFIG.staging.keys.exists()
        or Registration.objects.filter(state=APPROVED).exists()
    ):
        write_keys()

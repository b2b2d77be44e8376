"""Everything that is kept about a person, in one zip: JSON for programs, one page for people."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import IO, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from lagan.hub.accounts import queries
from lagan.hub.accounts.models import User
from lagan.hub.accounts.personal import Part, Row, parts
from lagan.hub.accounts.services.guards import governed, refuse_client_key
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.tree.permissions import Permission

IN_MEMORY = 1 << 20
"""Bytes of a zip that are not written to disk."""
SHOWN = 1000
"""Rows of a part on the page; the JSON has all."""


def export_personal(*, by: Actor, username: str) -> IO[bytes]:
    """The zip as a file to read, for the person or for whoever holds USER_DELETE on them. Written
    row by row, so that its length costs disk and no memory; that it was taken is recorded."""
    user = _subject(by, username)
    file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  the answer closes it
    try:
        write_personal(user, file)
        record(kind=Kind.PERSONAL_DATA_READ, by=by, subject=user.entity_id)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def write_personal(user: User, file: IO[bytes]) -> None:
    """A zip with `<part>.json` (a list of objects) for every part, and `index.html`."""
    tables = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts():
            with archive.open(f"{part.name}.json", "w", force_zip64=True) as entry:
                first, number = _write(entry, part.collect(user.entity_id))
            tables.append(_table(part, first, number))
        archive.writestr("index.html", _page(user, tables))


def _subject(by: Actor, username: str) -> User:
    refuse_client_key(by)
    user = queries.find_user(username=username)
    if user is not None and by.entity == user.entity_id:
        return user
    return governed(by, username, Permission.USER_DELETE)


def _write(entry: IO[bytes], rows: Iterable[Row]) -> tuple[list[Row], int]:
    """The rows as a JSON list; the first of them, and how many there were."""
    first: list[Row] = []
    number = 0
    entry.write(b"[")
    for row in rows:
        text = json.dumps(dict(row), cls=DjangoJSONEncoder, ensure_ascii=False)
        entry.write((",\n" if number else "\n").encode() + text.encode(errors="replace"))
        if number < SHOWN:
            first.append(row)
        number += 1
    entry.write(b"\n]\n")
    return first, number


def _table(part: Part, rows: list[Row], number: int) -> str:
    title = f"<h2>{escape(part.title)}</h2>"
    if part.stays:
        title += f"<p>{escape(part.stays)}</p>"
    if not rows:
        return f"{title}<p>Nothing.</p>"
    names = list(rows[0])
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_words(row.get(name)))}</td>" for name in names) + "</tr>"
        for row in rows
    )
    rest = f"<p>{number - len(rows)} more are in {part.name}.json.</p>" if number > SHOWN else ""
    return f"{title}<table><tr>{head}</tr>{body}</table>{rest}"


def _words(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _page(user: User, tables: list[str]) -> str:
    made = timezone.now().isoformat(timespec="seconds")
    heading = f"What Lagan keeps about {escape(user.get_full_name())}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{heading}</title>'
        "<style>body{font:16px/1.5 sans-serif;margin:2rem;max-width:80rem}"
        "table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.25rem .5rem;"
        "text-align:left;vertical-align:top}</style>"
        f"<h1>{heading}</h1><p>{made}</p>{''.join(tables)}</html>"
    )

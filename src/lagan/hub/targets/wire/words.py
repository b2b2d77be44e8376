"""What a site says in many small words: each is answered by itself, and notes that come together
are written together."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from lagan.hub.base.problems import problem, refusal
from lagan.hub.targets import notes, reading, receiving, removing
from lagan.hub.targets.models import Participant
from lagan.hub.targets.notes import Change
from lagan.hub.targets.room import room
from lagan.kit.errors import BadInput, LaganError
from lagan.store.layout import OWN, check_own
from lagan.worker.archive_wire import MOST_WORDS, TOLD
from lagan.worker.wire import MOST_BYTES, Fields

Answer = Mapping[str, Any]


def answers(asker: Participant, words: Sequence[Any]) -> list[Answer]:
    """An answer, or `error` with a problem document, for each word in its order."""
    if len(words) > MOST_WORDS:
        raise BadInput(f"At most {MOST_WORDS} words in one request.", field="words")
    given = [Fields(each) for each in words]
    told: list[Answer] = []
    for is_note, some in groupby(given, key=_is_note):
        together = list(some)
        told += _write_notes(asker, together) if is_note else _one_by_one(asker, together)
    return told


def _is_note(given: Fields) -> bool:
    return given.text("word") in ("replace", "append")


def _one_by_one(asker: Participant, some: Sequence[Fields]) -> Iterator[Answer]:
    for each in some:
        try:
            yield _word(each)(asker, each)
        except Exception as error:
            yield _refused(error)


def _write_notes(asker: Participant, some: Sequence[Fields]) -> Sequence[Answer]:
    """Together; when one of them cannot be written, each by itself."""
    try:
        notes.write(asker, [_change(each) for each in some])
    except LaganError as error:
        if len(some) == 1:
            return [_refused(error)]
        return [told for each in some for told in _write_notes(asker, [each])]
    return [{} for _ in some]


def _change(given: Fields) -> Change:
    try:
        data = base64.b64decode(given.text("data", 2 * notes.LARGEST), validate=True)
    except (binascii.Error, ValueError):
        raise BadInput("data must be base64.", field="data") from None
    return Change(check_own(given.text("name", 4096)), data, given.text("word") == "append")


def _refused(error: Exception) -> Answer:
    known = error if isinstance(error, LaganError) else refusal(error)
    if known is None:
        raise error
    return {"error": problem(known)}


def _stat(asker: Participant, given: Fields) -> Answer:
    name = given.text("name", 4096)
    if not name.startswith(OWN):
        return asdict(reading.stat(asker, name))
    row = notes.read(asker, name)
    return {"name": name, "size": len(row.data), "modified": row.noted_at.timestamp()}


def _note(asker: Participant, given: Fields) -> Answer:
    row = notes.read(asker, given.text("name", 4096))
    return {"data": base64.b64encode(bytes(row.data)).decode()}


def _content(asker: Participant, given: Fields) -> Answer:
    """None for what is too large to be told so."""
    name = given.text("name", 4096)
    if reading.stat(asker, name).size > TOLD:
        return {"data": None}
    pieces = reading.read(asker, name, 0, None)
    return {"data": base64.b64encode(b"".join(bytes(each) for each in pieces)).decode()}


def _delete(asker: Participant, given: Fields) -> Answer:
    name = given.text("name", 4096)
    if name.startswith(OWN):
        return {"there": notes.write(asker, [Change(name, None)])[0]}
    return {"there": removing.remove(asker, name)}


def _begin(asker: Participant, given: Fields) -> Answer:
    return {"writer": receiving.begin(asker, given.text("key")).writer}


def _resume(asker: Participant, given: Fields) -> Answer:
    row = receiving.resume(asker, given.text("key"), given.number("size", MOST_BYTES))
    return {"writer": row.writer}


def _checkpoint(asker: Participant, given: Fields) -> Answer:
    receiving.checkpoint(receiving.mine(asker, given.text("key"), given.text("writer")))
    return {}


def _digests(asker: Participant, given: Fields) -> Answer:
    row = receiving.mine(asker, given.text("key"), given.text("writer"))
    return asdict(receiving.digests(row))


def _discard(asker: Participant, given: Fields) -> Answer:
    receiving.discard(receiving.mine(asker, given.text("key"), given.text("writer")))
    return {}


def _pending(asker: Participant, given: Fields) -> Answer:
    prefix = given.text("prefix", default="")
    rows = [each for each in receiving.pending(asker) if each.key.startswith(prefix)]
    return {"uploads": [[row.key, row.received, row.touched_at.timestamp()] for row in rows]}


def _usage(asker: Participant, given: Fields) -> Answer:
    return asdict(room())


def _word(given: Fields) -> Callable[[Participant, Fields], Answer]:
    word = given.text("word")
    if word not in _WORDS:
        raise BadInput(f"There is no word {word[:40]!a}.", field="word")
    return _WORDS[word]


_WORDS: Mapping[str, Callable[[Participant, Fields], Answer]] = {
    "stat": _stat,
    "note": _note,
    "content": _content,
    "delete": _delete,
    "begin": _begin,
    "resume": _resume,
    "checkpoint": _checkpoint,
    "digests": _digests,
    "discard": _discard,
    "pending": _pending,
    "usage": _usage,
}

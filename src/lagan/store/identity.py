"""A volume says itself what it is, so that it can be found again by itself and read without us."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from lagan.kit.errors import Conflict, NotFound
from lagan.kit.ids import new_id
from lagan.kit.times import parse_time, show_time
from lagan.store.errors import ForeignFiles, NotAVolume
from lagan.store.layout import IDENTITY, README
from lagan.store.readme import README_TEXT
from lagan.store.volume import Volume

FORMAT = 1
"""Rises when a program that knows the old layout could misread the new one."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a volume says about itself; `created` is seconds since the epoch, whole."""

    id: UUID
    name: str
    created: float
    format: int = FORMAT


def prepare(volume: Volume, *, name: str, adopt: bool = False) -> Identity:
    """Make an empty place a volume and say who it is, durably.

    Conflict if it is one already (its facts name it); ForeignFiles if there is anything on it,
    unless `adopt`: then what is there stays, and belongs to no file until the archive catalogues
    it.
    """
    with suppress(NotAVolume):
        there = identify(volume)
        raise Conflict(f"This is already the volume {there.name} ({there.id}).", id=str(there.id))
    if not adopt:
        _refuse_foreign(volume)
    identity = Identity(new_id(), name, float(int(time.time())))
    volume.replace(README, README_TEXT.encode())
    volume.replace(IDENTITY, _encode(identity))
    return identity


def identify(volume: Volume) -> Identity:
    """Who a volume says it is. NotAVolume if it says nothing, or nothing that can be understood."""
    try:
        data = b"".join(volume.read(IDENTITY))
    except NotFound:
        raise NotAVolume(f"{volume.location} was never prepared as a volume.") from None
    try:
        return _decode(json.loads(data))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotAVolume(f"{volume.location}: {IDENTITY} is damaged ({error}).") from None


def _refuse_foreign(volume: Volume) -> None:
    found = list(islice(_anything(volume), 3))
    if found:
        raise ForeignFiles(
            f"{volume.location} is not empty: there is {', '.join(found)}."
            " Adopt it or take another.",
            found=found,
        )


def _anything(volume: Volume) -> Iterator[str]:
    yield from (each.name for each in volume.list())
    yield from (each.name for each in volume.list(".lagan/") if each.name != README)


def _encode(identity: Identity) -> bytes:
    shown = {
        "id": str(identity.id),
        "name": identity.name,
        "created": show_time(identity.created),
        "format": identity.format,
    }
    return (json.dumps(shown, ensure_ascii=False, indent=2) + "\n").encode()


def _decode(shown: dict[str, Any]) -> Identity:
    if shown["format"] != FORMAT:
        raise ValueError(f"format {shown['format']} is not known here")
    return Identity(UUID(shown["id"]), str(shown["name"]), parse_time(shown["created"]))

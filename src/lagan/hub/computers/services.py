"""The verbs of computers: register, change, test, confirm a host key, look at and read its data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.computers import facts as rules
from lagan.hub.computers.errors import BadFacts, NotConnected
from lagan.hub.computers.identity import private_key
from lagan.hub.computers.models import Connection
from lagan.hub.computers.queries import ComputerRow, computer
from lagan.hub.tree import services as tree
from lagan.kit.errors import Conflict, LaganError
from lagan.transfer import (
    FolderPage,
    Place,
    Target,
    borrow,
    fingerprint,
    offered_key,
    page_of,
)
from lagan.transfer.folder import Order

__all__ = [
    "BadFacts",
    "NotConnected",
    "browse",
    "change_computer",
    "confirm_host_key",
    "open_place",
    "register_computer",
    "test_connection",
]


@transaction.atomic
def register_computer(
    *,
    by: Actor,
    group: int,
    name: str,
    facts: Mapping[str, str],
    metadata: Mapping[str, Sequence[Any]] | None = None,
) -> int:
    """A new COMPUTER in a group with its facts (`facts.FACTS`, by name); needs COMPUTER_CREATE
    there. The id. BadFacts with every problem; `metadata` are its open keys."""
    clean = rules.checked(facts)
    entity = tree.create_entity(by=by, type="COMPUTER", name=name, parent=group, metadata=metadata)
    _keep(entity.pk, clean)
    Connection.objects.create(computer_id=entity.pk)
    data = {"name": name, "facts": sorted(key for key, value in clean.items() if value)}
    audit.record(kind=Kind.COMPUTER_REGISTERED, by=by, subject=entity.pk, data=data)
    return entity.pk


@transaction.atomic
def change_computer(*, by: Actor, computer: int, facts: Mapping[str, str]) -> None:
    """Other answers to some of the questions, empty ones to forget; needs COMPUTER_CHANGE. Another
    address is another machine: its host key must be confirmed again."""
    clean = rules.checked(facts)
    before = _locked(by, computer)
    changed = sorted(name for name in clean if clean[name] != before.facts.get(name, ""))
    if not changed:
        return
    _keep(computer, {name: clean[name] for name in changed})
    if not set(changed).isdisjoint(rules.REACH):
        Connection.objects.filter(computer=computer).update(
            host_key="", confirmed_by="", confirmed_at=None, offered_key="", worked=None, words=""
        )
    audit.record(kind=Kind.COMPUTER_CHANGED, by=by, subject=computer, data={"facts": changed})


def test_connection(*, by: Actor, computer: int) -> None:
    """Try to reach it and remember how that went, in words; needs COMPUTER_CHANGE. Nothing is
    read from it but the first names of its top folder."""
    tree.require(actor=by, permission="COMPUTER_CHANGE", entity=computer)
    row = _computer(computer)
    _require_told(row)
    found = _connection(computer)
    offered = ""
    try:
        shown = offered_key(row.address, row.port)
        if _same(shown, found.host_key):
            words, worked = _look(row, found.host_key), True
        elif found.host_key:
            offered, worked = shown, False
            words = "It shows another host key than the one that was confirmed."
        else:
            offered, worked = shown, None
            words = "It answers. Compare its host key with what it says of itself, and confirm it."
    except LaganError as refusal:
        words, worked = refusal.sentence, False
    Connection.objects.filter(computer=computer).update(
        offered_key=offered, tried_at=timezone.now(), worked=worked, words=words
    )


@transaction.atomic
def confirm_host_key(*, by: Actor, computer: int, fingerprint: str) -> None:
    """A person says that this fingerprint, which the computer showed at the last test, is its own;
    needs COMPUTER_CHANGE. Conflict when it showed another one meanwhile."""
    _locked(by, computer)
    found = _connection(computer)
    if not found.offered_key or _print(found.offered_key) != fingerprint.strip():
        raise Conflict(
            "This is not the host key that the computer showed last: test the connection again.",
            computer=computer,
        )
    Connection.objects.filter(computer=computer).update(
        host_key=found.offered_key,
        confirmed_by=by.name,
        confirmed_at=timezone.now(),
        offered_key="",
        worked=None,
        words="Its host key is confirmed; test the connection once more.",
    )
    data = {"fingerprint": fingerprint.strip()}
    audit.record(kind=Kind.HOST_KEY_CONFIRMED, by=by, subject=computer, data=data)


@contextmanager
def open_place(*, by: Actor, computer: int) -> Iterator[Place]:
    """The computer's data for reading, beneath its registered top; needs COMPUTER_READ.
    NotConnected before it was set up, else as `lagan.transfer` says."""
    tree.require(actor=by, permission="COMPUTER_READ", entity=computer)
    row, found = _computer(computer), _connection(computer)
    _require_told(row)
    if not found.host_key:
        raise NotConnected(
            f"Nobody has confirmed the host key of {row.name} yet: test its connection first.",
            computer=computer,
        )
    with borrow(_target(row, found.host_key)) as place:
        yield place


def browse(
    *,
    by: Actor,
    computer: int,
    folder: str = "",
    order: Order = "name",
    after: str | None = None,
    size: int = 200,
) -> FolderPage:
    """A page of a folder beneath the computer's top; needs COMPUTER_READ."""
    with open_place(by=by, computer=computer) as place:
        return page_of(place.items(folder.strip("/")), order=order, after=after, size=size)


def _look(row: ComputerRow, host_key: str) -> str:
    with borrow(_target(row, host_key)) as place:
        count = len(page_of(place.items(), size=1000).items)
    some = "1,000 or more names" if count == 1000 else f"{count} name{'s' if count != 1 else ''}"
    return f"It works: {row.path} can be read and holds {some}."


def _target(row: ComputerRow, host_key: str) -> Target:
    return Target(row.address, row.port, row.facts["user"], host_key, private_key(), row.path)


def _require_told(row: ComputerRow) -> None:
    lacking = [
        words
        for words, value in (
            ("an IP address or a host name", row.address),
            ("the top folder of its data", row.path),
            ("a user name", row.facts.get("user")),
        )
        if not value
    ]
    if lacking:
        raise NotConnected(
            f"The hub cannot reach {row.name}: it lacks {', '.join(lacking)}.", computer=row.id
        )


def _same(one: str, other: str) -> bool:
    """Whether two lines hold one key; their comments may differ."""
    return bool(other) and one.split()[:2] == other.split()[:2]


def _print(key: str) -> str:
    return fingerprint(key)


def _computer(id: int) -> ComputerRow:
    return computer(SYSTEM, id)


def _locked(by: Actor, id: int) -> ComputerRow:
    tree.require(actor=by, permission="COMPUTER_CHANGE", entity=id)
    found = _computer(id)
    _connection(id)
    Connection.objects.select_for_update().get(computer=id)
    return found


def _connection(id: int) -> Connection:
    """Its row; instruments that registered themselves get one when somebody first asks."""
    return Connection.objects.get_or_create(computer_id=id)[0]


def _keep(computer: int, facts: Mapping[str, str]) -> None:
    values = {rules.PREFIX + name: [value] if value else [] for name, value in facts.items()}
    tree.set_metadata(by=SYSTEM, entity=computer, values=values)

"""Whoever rewrites the record in the database, seals, head and all, is found out by what the
volumes know of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.db import connection

from lagan.cli.audit import audit as command
from lagan.hub.archive import services as archive
from lagan.hub.archive.services.volumes import forget_opened
from lagan.hub.audit import guard, queries
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.models import Event, Head
from lagan.hub.audit.rules import BEGINNING, digest
from lagan.hub.audit.services import record
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.evidence import services
from lagan.hub.evidence.anchored import check_anchors
from lagan.hub.evidence.anchors import Against
from lagan.kit.errors import BadInput, Conflict, Forbidden
from tests.hub.audit.sealing import seal_all


@pytest.fixture
def volumes(transactional_db: None, tmp_path: Path) -> Iterator[list[Path]]:
    """Two volumes; anchors after three, six and nine events."""
    forget_opened()
    places = [tmp_path / "main", tmp_path / "copy"]
    for place, role in zip(places, ("main", "copy"), strict=True):
        place.mkdir()
        archive.add_volume(
            by=SYSTEM, location=f"posix:{place}", name=role, storage_set="s", role=role
        )
    note(1)
    assert services.anchor() == ["copy", "main"]
    for _ in range(2):
        note(3)
        assert services.anchor() == ["copy", "main"]
    yield places
    forget_opened()


def note(count: int) -> None:
    for number in range(count):
        record(kind=Kind.FILES_STORED, by=Actor(7, "ada", "jwt"), data={"n": number})
    seal_all()


def rewrite(start: int, *, upto: int = 9, actor: str = "eve") -> None:
    """A whole chain made anew from the event `start` on, its end at `upto`, and its head."""
    with guard.lifted(connection):
        Event.objects.filter(sequence__gt=upto).delete()
        Event.objects.filter(sequence=start).update(actor=actor)
        running = BEGINNING
        for event in Event.objects.exclude(sequence=None).order_by("sequence"):
            seal = digest(running, queries.as_row(event))
            Event.objects.filter(id=event.id).update(previous_hash=running, hash=seal)
            running = seal
        Head.objects.update(sequence=upto, hash=running)


def anchors_of(volume: Path) -> Path:
    return volume / ".lagan/anchors/000001.jsonl"


@pytest.mark.usefixtures("volumes")
def test_a_whole_record_agrees_with_its_anchors() -> None:
    found = check_anchors()
    assert (found.checked, found.volumes, found.disagreement) == (3, ["copy", "main"], None)
    assert (found.damaged, found.away, found.set_aside) == ([], [], 0)


@pytest.mark.parametrize(("start", "after", "first"), [(1, 0, 3), (4, 3, 6), (6, 3, 6), (8, 6, 9)])
@pytest.mark.usefixtures("volumes")
def test_a_rewritten_chain_is_whole_in_itself_and_found_by_its_anchors(
    start: int, after: int, first: int
) -> None:
    rewrite(start)
    assert queries.verify() is None
    found = check_anchors().disagreement
    assert found is not None
    assert (found.against, found.after, found.sequence) == (Against.REWRITTEN, after, first)
    assert found.volumes == ["copy", "main"]


@pytest.mark.usefixtures("volumes")
def test_a_tail_cut_off_with_its_head_is_found_by_its_anchors() -> None:
    rewrite(1, upto=7, actor="system")
    assert queries.verify() is None
    found = check_anchors().disagreement
    assert found is not None
    assert (found.against, found.after, found.sequence) == (Against.CUT, 6, 9)


@pytest.mark.usefixtures("volumes")
def test_the_command_says_from_where_the_record_was_rewritten() -> None:
    rewrite(5)
    run = CliRunner().invoke(command, ["verify", "--json"])
    told = json.loads(run.output)
    assert (told["whole"], told["break"]) == (False, None)
    assert told["anchors"]["disagreement"]["after"] == 3
    assert isinstance(run.exception, Conflict)
    assert "rewritten after event 3, at the latest at event 6" in str(run.exception)


def test_one_volume_is_enough(volumes: list[Path]) -> None:
    anchors_of(volumes[0]).unlink()
    rewrite(5)
    found = check_anchors().disagreement
    assert found is not None
    assert found.volumes == ["copy"]


def test_an_anchor_that_was_made_up_or_damaged_is_told(volumes: list[Path]) -> None:
    journal = anchors_of(volumes[0])
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(lines[0] + lines[1].replace(b'"hash":"', b'"hash":"0', 1) + lines[2])
    [line] = check_anchors().damaged
    assert "000001.jsonl, line 2" in line
    from crc32c import crc32c

    body = lines[1][9:-1].replace(b'"sequence":6', b'"sequence":5')
    journal.write_bytes(lines[0] + b"%08x %b\n" % (crc32c(body), body) + lines[2])
    found = check_anchors().disagreement
    assert found is not None
    assert (found.against, found.sequence, found.volumes) == (Against.FORGED, 5, ["main"])


@pytest.mark.usefixtures("volumes")
def test_after_an_older_database_was_put_back_older_anchors_are_set_aside_and_that_is_told() -> (
    None
):
    rewrite(1, upto=5, actor="system")
    with pytest.raises(Forbidden):
        services.set_anchors_aside(by=Actor(7, "ada", "jwt"), reason="I say so")
    with pytest.raises(BadInput, match="Say why"):
        services.set_anchors_aside(by=SYSTEM, reason=" ")
    services.set_anchors_aside(by=SYSTEM, reason="the backup of Monday was put back")
    note(6)
    found = check_anchors()
    assert (found.disagreement, found.set_aside) == (None, 2)
    assert (
        "2 older anchors disagree and were set aside"
        in CliRunner().invoke(command, ["verify"]).output
    )
    services.anchor()
    rewrite(9, upto=12)
    assert check_anchors().disagreement is not None


@pytest.mark.usefixtures("volumes")
def test_the_scheduler_writes_only_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_last", [])
    for _ in range(3):
        services.anchor_what_is_new()
    assert sum(1 for _ in archive.anchors()) == 2 * 4
    note(1)
    services.anchor_what_is_new()
    assert check_anchors().checked == 5

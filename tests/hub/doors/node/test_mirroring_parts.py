"""What a list of another cluster says, when it is asked for, and what is queued because of it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from lagan.hub.doors.node.background.mirroring import begin, is_complete, servers_of
from lagan.hub.doors.node.config.shape import MirroringSource
from lagan.hub.doors.node.mirroring import plan
from lagan.hub.doors.node.mirroring.listing import Attributes, Reader
from lagan.hub.doors.node.models import MirrorItem, StoredFile
from lagan.kit.errors import Unavailable

LIST = (
    b'<?xml version="1.0" ?>\n<!DOCTYPE NgamsStatus SYSTEM "http://x/y.dtd">\n<NgamsStatus>'
    b'<FileList Id="abc" Status="REMAINING_DATA_OBJECTS: 7">'
    b'<FileStatus FileId="a" FileVersion="1"/><FileStatus FileId="b" FileVersion="2"/>'
    b"</FileList></NgamsStatus>"
)
HOST, SERVER = "here:7777", "there:7777"


def in_pieces(content: bytes, size: int = 7) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.mark.parametrize("content", [LIST, gzip.compress(LIST)])
def test_a_list_is_read_in_whatever_pieces_it_comes(content: bytes) -> None:
    reader = Reader(SERVER)
    found = [(each["FileId"], each["FileVersion"]) for each in reader.read(in_pieces(content))]
    assert found == [("a", "1"), ("b", "2")]
    assert (reader.id, reader.remaining) == ("abc", 7)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no list",
        LIST[:-20],
        gzip.compress(LIST)[:-12],
        b"\x1f\x8bno gzip",
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><a/>',
    ],
)
def test_a_list_that_is_cut_or_none_is_not_taken_for_a_short_one(content: bytes) -> None:
    with pytest.raises(Unavailable, match="cannot be read"):
        list(Reader(SERVER).read(in_pieces(content)))


def test_the_next_list_begins_an_hour_before_the_last_one_ended() -> None:
    assert begin("2026-01-01T00:30:00.500") == "2025-12-31T23:30:00.500"
    assert begin("") == begin("yesterday") == ""


NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "last", "complete"),
    [
        ("", None, True),
        ("", NOON - timedelta(days=9), False),
        ("1", NOON, True),
        ("0", NOON, False),
        ("{past}", NOON - timedelta(hours=2), True),
        ("{past}", NOON - timedelta(minutes=1), False),
        ("{coming}", NOON - timedelta(hours=2), False),
        ("{coming},{past}", NOON - timedelta(days=2), True),
        ("25:00", NOON - timedelta(hours=2), False),
    ],
)
def test_a_list_is_complete_the_first_time_and_when_it_is_told(
    told: str, last: datetime | None, complete: bool
) -> None:
    local = NOON.astimezone()
    words = {
        "past": (local - timedelta(hours=1)).strftime("%H:%M"),
        "coming": (local + timedelta(hours=1)).strftime("%H:%M"),
    }
    assert is_complete(told.format(**words), last, NOON) is complete


def source(*servers: str) -> MirroringSource:
    return MirroringSource(servers=servers, period=timedelta(1))


def test_the_server_whose_list_it_was_in_is_asked_first() -> None:
    sources = [source("a:1", "b:1"), source("c:1")]
    assert servers_of(sources, plan.number_of("b:1")) == ["b:1", "a:1"]
    assert servers_of(sources, None) == ["a:1", "b:1", "c:1"]


def told(file_id: str, version: int = 1, day: int = 1, checksum: str = "5") -> Attributes:
    return {
        "FileId": file_id,
        "FileVersion": str(version),
        "FileName": f"saf/{file_id}",
        "FileSize": "1",
        "Checksum": checksum,
        "ChecksumPlugIn": "crc32",
        "IngestionDate": f"2026-01-{day:02}T00:00:00.000",
    }


def here(file_id: str, checksum: str = "5") -> None:
    StoredFile.objects.bulk_create(
        [
            StoredFile(
                file_id=file_id,
                file_version=1,
                disk_id="d",
                file_name="f",
                file_size=1,
                uncompressed_file_size=1,
                checksum=checksum,
            )
        ]
    )


def listed(
    *files: Attributes, targets: tuple[str, ...] = (HOST,), again: bool = False
) -> plan.Tally:
    return plan.queue(files, server=SERVER, targets=targets, again=again)


RETRY, GIVE_UP = timedelta(minutes=1), timedelta(days=1)


def names(rows: list[MirrorItem]) -> list[str]:
    return [each.file_id for each in rows]


@pytest.mark.django_db
def test_what_is_not_here_is_queued_once_and_fetched_by_date() -> None:
    here("here")
    tally = listed(told("new", day=2), told("here"), told("old"), told("new", day=2))
    assert (tally.seen, tally.queued, tally.latest) == (4, 2, told("x", day=2)["IngestionDate"])
    assert listed(told("new", day=2)).queued == 0
    assert names(plan.claim(HOST, 9, RETRY)) == ["old", "new"]
    assert plan.claim(HOST, 9, RETRY) == []


@pytest.mark.django_db
def test_a_file_that_is_here_with_other_content_is_told() -> None:
    here("f", checksum="6")
    assert listed(told("f")).different == ["f/1"]
    assert not MirrorItem.objects.exists()


@pytest.mark.django_db
def test_what_no_catalogue_can_hold_is_passed_over() -> None:
    tally = listed({"FileId": "x"}, {"FileVersion": "1"}, told("fine"))
    assert (tally.unfit, tally.queued) == (2, 1)


@pytest.mark.django_db
def test_target_nodes_share_the_files() -> None:
    listed(*(told(str(n)) for n in range(4)), targets=(HOST, "other:7777"))
    assert len(plan.claim(HOST, 9, RETRY)) == len(plan.claim("other:7777", 9, RETRY)) == 2


@pytest.mark.django_db
def test_what_failed_is_tried_again_and_given_up_at_last() -> None:
    listed(told("f"))
    (row,) = plan.claim(HOST, 1, RETRY)
    assert not plan.fail(row, "no", GIVE_UP)
    assert plan.waits(HOST)
    assert plan.claim(HOST, 1, RETRY) == []
    (row,) = plan.claim(HOST, 1, timedelta())
    assert plan.fail(row, "no", timedelta())
    assert not plan.waits(HOST)
    assert listed(told("f")).queued == 0
    assert listed(told("f"), again=True, targets=("other:7777",)).queued == 1
    assert MirrorItem.objects.get().instance_id == "other:7777"


@pytest.mark.django_db
def test_what_was_being_fetched_at_a_sudden_end_is_fetched() -> None:
    listed(told("f"))
    plan.claim(HOST, 1, RETRY)
    plan.recover("other:7777")
    assert plan.claim(HOST, 1, RETRY) == []
    plan.recover(HOST)
    assert names(plan.claim(HOST, 1, RETRY)) == ["f"]


@pytest.mark.django_db
def test_rows_of_files_that_are_here_go_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    listed(told("f"))
    plan.finish(plan.claim(HOST, 1, RETRY)[0], "from there")
    plan.forget_old()
    assert MirrorItem.objects.get().message == "from there"
    monkeypatch.setattr(plan, "KEPT", timedelta(seconds=-1))
    plan.forget_old()
    assert not MirrorItem.objects.exists()

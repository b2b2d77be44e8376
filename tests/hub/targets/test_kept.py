"""What a site keeps is a file of the archive: copied, scrubbed, healed, recorded and removed like
one; many small ones are one object there."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from lagan.kit.errors import BadPath, Conflict, DigestMismatch, NoSpace, NotFound
from lagan.worker.archive_volume import ArchiveVolume
from tests.hub.archive.shelf import Archive, damage
from tests.hub.targets.conftest import get, put

LARGE = os.urandom((9 << 20) + 17)


def test_many_small_objects_share_a_pack_and_a_large_one_is_a_file(
    archive: Archive, volume: ArchiveVolume
) -> None:
    put(volume, **{f"small {n}": b"%d" % n * n for n in range(50)}, large=LARGE)
    kinds = sorted(name.split("/")[0] for name in archive.objects("main"))
    assert kinds == ["files", "packs"]
    assert [get(volume, f"small {n}") for n in range(50)] == [b"%d" % n * n for n in range(50)]
    assert get(volume, "large") == LARGE
    assert get(volume, "large")[5:9] == b"".join(map(bytes, volume.read("large", 5, 4)))


def test_it_is_copied_scrubbed_and_healed(archive: Archive, volume: ArchiveVolume) -> None:
    from lagan.hub.archive.models import File, Replica, Volume
    from lagan.hub.archive.services.healing import heal
    from lagan.hub.archive.services.replicating import replicate
    from lagan.hub.archive.services.scrubbing import objects_of, scrub

    put(volume, one=b"first" * 1000, two=b"second" * 1000)
    files = list(File.objects.values_list("pk", flat=True))
    replicate(files)
    assert Replica.objects.count() == 4
    place = Replica.objects.get(file__name="one", volume__name="main")
    damage(archive.path("main", place.object), place.offset + 7)
    assert get(volume, "one") == b"first" * 1000, "the damaged copy was given"
    row = Volume.objects.get(name="main")
    assert scrub(row, list(objects_of(row))).damaged == {place.file_id}
    heal([place.file_id])
    assert set(Replica.objects.values_list("state", flat=True)) == {"good"}


def test_who_stored_what_is_in_the_record_and_asks_for_copies(volume: ArchiveVolume) -> None:
    from lagan.hub.archive.models import File
    from lagan.hub.audit.models import Event

    put(volume, one=b"1", two=b"2")
    event = Event.objects.get(kind="files.stored")
    data = json.loads(event.data)
    ids = {each.hex for each in File.objects.values_list("pk", flat=True)}
    assert set(data["files"]) == ids
    assert (data["site"], event.actor) == ("lab", "site lab")


def test_what_is_removed_leaves_no_bytes_and_does_not_come_back(
    archive: Archive, volume: ArchiveVolume
) -> None:
    from lagan.hub.archive.models import File
    from lagan.hub.archive.services.replicating import replicate

    put(volume, large=LARGE)
    replicate(list(File.objects.values_list("pk", flat=True)))
    assert volume.delete("large") is True
    assert archive.objects("main") == archive.objects("copy") == set()
    assert not File.objects.exists()
    put(volume, large=b"another")
    assert get(volume, "large") == b"another"


def test_it_is_proved_from_what_is_on_the_disk(archive: Archive, volume: ArchiveVolume) -> None:
    from lagan.hub.archive.models import Replica

    put(volume, **{f"s{n}": b"%d" % n for n in range(20)}, large=LARGE)
    wanted = {f"s{n}": hashlib.sha256(b"%d" % n).hexdigest() for n in range(20)}
    wanted["large"] = hashlib.sha256(LARGE).hexdigest()
    assert volume.prove([*wanted, "nobody"]) == {**wanted, "nobody": None}
    place = Replica.objects.get(file__name="s3")
    damage(archive.path("main", place.object), place.offset)
    proved = volume.prove(list(wanted))
    assert [name for name in wanted if proved[name] != wanted[name]] == ["s3"]


def test_a_name_that_is_taken_refuses_all_and_leaves_nothing(
    archive: Archive, volume: ArchiveVolume
) -> None:
    put(volume, one=b"1")
    before = archive.objects("main")
    with pytest.raises(Conflict, match="one"):
        put(volume, zero=b"0", one=b"another", large=LARGE)
    assert archive.objects("main") == before
    assert {each.name for each in volume.list()} == {"one"}
    for each in list(volume.pending()):
        volume.resume(each.name, size=0).discard()
    assert archive.pending("main") == set()


def test_a_request_that_is_said_again_is_done_once(volume: ArchiveVolume) -> None:
    from lagan.worker.archive_wire import Announced

    data, sha256 = b"once", hashlib.sha256(b"once").hexdigest()
    item = Announced("once", "key-1", len(data), sha256, None)
    http = volume._hub.connection()
    for _ in range(2):  # the first answer was lost
        volume._hub.publish([item], [data], http)
    assert [each.name for each in volume.list()] == ["once"]
    other = Announced("once", "key-2", len(data), sha256, None)
    with pytest.raises(Conflict):
        volume._hub.publish([other], [data], http)
    http.close()


def test_bytes_that_are_not_the_announced_ones_are_refused(
    archive: Archive, volume: ArchiveVolume
) -> None:
    from lagan.worker.archive_wire import Announced

    http = volume._hub.connection()
    item = Announced("wrong", "key-1", 4, hashlib.sha256(b"else").hexdigest(), None)
    with pytest.raises(DigestMismatch):
        volume._hub.publish([item], [b"once"], http)
    http.close()
    assert archive.objects("main") == archive.pending("main") == set()


def test_an_archive_without_room_says_so(
    archive: Archive, volume: ArchiveVolume, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lagan.hub.archive import rules

    monkeypatch.setattr(rules, "RESERVE", 1 << 60)
    with pytest.raises(NoSpace):
        put(volume, one=b"1")
    assert list(volume.list()) == list(volume.pending()) == []


def test_what_nobody_goes_on_with_is_dropped_after_a_week(
    archive: Archive, volume: ArchiveVolume
) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from lagan.hub.archive import services
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.targets import receiving
    from lagan.hub.targets.models import TargetUpload

    incoming = volume.receive("forgotten")
    incoming.write([LARGE])
    incoming.checkpoint()
    incoming.close()
    services.sweep(by=SYSTEM, starting=True)
    assert len(archive.pending("main")) == 1, "the sweep took what is on its way"
    receiving.expire()
    assert [each.name for each in volume.pending()] == ["forgotten"]
    TargetUpload.objects.update(touched_at=timezone.now() - timedelta(days=8))
    receiving.expire()
    assert list(volume.pending()) == []
    assert archive.pending("main") == set()
    with pytest.raises(NotFound):
        volume.resume("forgotten", size=0)


def test_two_do_not_write_one_upload(volume_of: object) -> None:
    from lagan.kit.errors import Locked

    assert callable(volume_of)
    first, second = volume_of(), volume_of()
    mine = first.receive("both")
    mine.write([LARGE])
    mine.checkpoint()
    theirs = second.resume("both", size=len(LARGE))
    mine.write([LARGE])
    with pytest.raises(Locked):
        mine.checkpoint()
    mine.discard()
    second.publish([(theirs, "won")])
    assert get(first, "won") == LARGE


def test_thousands_of_words_go_together(volume: ArchiveVolume) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from lagan.hub.targets.models import TargetNote

    said: list[int] = []
    say = volume._hub._say
    volume._hub._say = lambda words: said.append(len(words)) or say(words)  # type: ignore
    with ThreadPoolExecutor(16) as pool:
        names = [f".lagan/hsm/{n:03}.json" for n in range(200)]
        list(pool.map(lambda name: volume.replace(name, name.encode()), names))
    assert sum(said) == 200 > 2 * len(said)
    assert TargetNote.objects.count() == 200


def test_a_note_is_in_the_journal_of_every_volume(archive: Archive, volume: ArchiveVolume) -> None:
    volume.replace(".lagan/hsm/x.json", b"what is known")
    for name in ("main", "copy"):
        text = Path(archive.root / name / ".lagan/journal/000001.jsonl").read_text()
        assert '"about":"target-note"' in text


def test_many_notes_and_small_objects_go_in_one_request(volume: ArchiveVolume) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from lagan.store.volume import ReplacesMany

    assert isinstance(volume, ReplacesMany)
    said: list[int] = []
    say = volume._hub._say
    volume._hub._say = lambda words: said.append(len(words)) or say(words)  # type: ignore
    volume.replace_many([(f".lagan/hsm/{n}.json", b"%d" % n) for n in range(300)])
    assert said == [300]
    assert get(volume, ".lagan/hsm/299.json") == b"299"
    with pytest.raises(BadPath):
        volume.replace_many([(".lagan/x", b"x"), ("outside", b"x")])
    put(volume, **{f"small {n}": b"%d" % n * 100 for n in range(60)}, large=LARGE, empty=b"")
    said.clear()
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda n: get(volume, f"small {n}"), range(60)))
    assert found == [b"%d" % n * 100 for n in range(60)]
    assert len(said) < 40
    assert get(volume, "empty") == b""
    assert get(volume, "large") == LARGE

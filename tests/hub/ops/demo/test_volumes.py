"""The demo's look at the volumes finds what is damaged, missing, doubled or too much."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest

from lagan.hub.ops.demo.errors import Broken
from lagan.hub.ops.demo.instrument import DATASETS, Instrument
from lagan.hub.ops.demo.stage import Stage, compare_copies
from lagan.hub.ops.demo.volumes import Copy, OnVolume, flip
from lagan.kit.digests import Digester
from lagan.kit.ids import new_id
from lagan.store import FileLine, Journal, NoteLine, VoidLine, open_volume, prepare

PLAIN, PACKED = DATASETS[0], DATASETS[1]
CONTENT = {
    (PLAIN, "one.nii"): b"volume " * 500_000,
    (PACKED, "series/a.dcm"): b"a" * 1000,
    (PACKED, "series/b.dcm"): b"b" * 777,
    (PACKED, "series/empty.dcm"): b"",
}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """An instrument's folder, and two volumes with what it sent, made without the hub."""
    made = Stage(tmp_path, 0)
    made.instrument = Instrument(tmp_path / "data", tmp_path / "agent.ini", tmp_path / "state")
    made.datasets = {PLAIN: "11", PACKED: "12"}
    for (recorded, path), content in CONTENT.items():
        file = made.instrument.folder(recorded) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    for name in ("main", "copy"):
        _fill(made.volume_root(name))
    return made


def _fill(root: Path) -> None:
    root.mkdir(parents=True)
    volume = open_volume(f"posix:{root}")
    prepare(volume, name=root.name)
    (root / "packs").mkdir()
    with tarfile.open(root / "packs/p.tar", "w", format=tarfile.PAX_FORMAT) as pack:
        for (recorded, path), _ in CONTENT.items():
            if recorded is PACKED:
                pack.add(root.parents[2] / "data" / recorded.owner / recorded.name / path, path)
    (root / "files").mkdir()
    (root / "files/one").write_bytes(CONTENT[(PLAIN, "one.nii")])
    with tarfile.open(root / "packs/p.tar") as pack:
        offsets = {each.name: each.offset_data for each in pack}
    Journal(volume).append([_line(path, offsets.get(path)) for _, path in CONTENT])


def _line(path: str, offset: int | None) -> FileLine:
    recorded = PLAIN if offset is None else PACKED
    digester = Digester()
    digester.update(content := CONTENT[(recorded, path)])
    return FileLine(
        new_id(), str(new_id()), 1, path, "files/one" if offset is None else "packs/p.tar",
        offset or 0, len(content), digester.result(), 1.0,
        {"dataset": 11 if offset is None else 12, "path": path},
    )  # fmt: skip


def _copy(stage: Stage, volume: str, path: str) -> Copy:
    found = stage.volumes()[volume].copies
    return next(copies[0] for key, copies in found.items() if key[1] == path)


def test_whole_volumes_are_compared(stage: Stage) -> None:
    size = sum(map(len, CONTENT.values()))
    assert compare_copies(stage) == (8, 2 * size, 2)


@pytest.mark.parametrize("volume", ["main", "copy"])
@pytest.mark.parametrize("path", ["one.nii", "series/a.dcm", "series/b.dcm"])
def test_one_bit_is_found_in_any_copy(stage: Stage, volume: str, path: str) -> None:
    flip(copy := _copy(stage, volume, path))
    with pytest.raises(Broken) as caught:
        compare_copies(stage)
    said = caught.value.sentence
    assert f"{path} on the volume {volume}" in said
    assert said.endswith(f"byte {copy.length // 2}")


def test_a_flipped_bit_flipped_again_is_the_same(stage: Stage) -> None:
    copy = _copy(stage, "main", "series/b.dcm")
    before = copy.place.read_bytes()
    flip(copy)
    assert sum(a != b for a, b in zip(before, copy.place.read_bytes(), strict=True)) == 1
    flip(copy)
    assert copy.place.read_bytes() == before


def test_a_file_that_was_never_copied_is_missed(stage: Stage) -> None:
    (stage.instrument.folder(PACKED) / "series/c.dcm").write_bytes(b"c")
    with pytest.raises(Broken, match="volume main") as caught:
        compare_copies(stage)
    assert caught.value.found == "missing: 12/series/c.dcm"


def test_a_file_of_nobody_is_found(stage: Stage) -> None:
    (stage.instrument.folder(PACKED) / "series/a.dcm").unlink()
    with pytest.raises(Broken) as caught:
        compare_copies(stage)
    assert caught.value.found == "too many: 12/series/a.dcm"


def test_a_file_stored_twice_is_found(stage: Stage) -> None:
    journal = Journal(open_volume(f"posix:{stage.volume_root('copy')}"))
    journal.append([_line("one.nii", None)])
    with pytest.raises(Broken, match="volume copy") as caught:
        compare_copies(stage)
    assert caught.value.found == "more than once: 11/one.nii"


def test_a_voided_line_does_not_count_and_notes_do_no_harm(stage: Stage) -> None:
    journal = Journal(open_volume(f"posix:{stage.volume_root('copy')}"))
    line = _line("one.nii", None)
    journal.append([line, VoidLine(line.id, 2.0), NoteLine("dataset", {}, 2.0)])
    assert compare_copies(stage)[0] == 8


@pytest.mark.parametrize("object_", ["files/one", "packs/p.tar"])
def test_an_object_that_is_gone_is_named(stage: Stage, object_: str) -> None:
    (stage.volume_root("main") / object_).unlink()
    with pytest.raises(Broken, match=object_):
        compare_copies(stage)


def test_a_pack_cut_short_is_named(stage: Stage) -> None:
    place = stage.volume_root("main") / "packs/p.tar"
    place.write_bytes(place.read_bytes()[:600])
    with pytest.raises(Broken, match="p.tar"):
        compare_copies(stage)


def test_a_damaged_journal_is_named(stage: Stage) -> None:
    (journal,) = (stage.volume_root("main") / ".lagan/journal").iterdir()
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([lines[0].replace(b'"path"', b'"pate"'), *lines[1:]]))
    with pytest.raises(Broken, match="journal"):
        _ = OnVolume(stage.volume_root("main")).copies


def test_nothing_is_left_of_a_volume(stage: Stage) -> None:
    shutil.rmtree(stage.volume_root("main") / ".lagan/journal")
    with pytest.raises(Broken, match="Files on the volume main"):
        compare_copies(stage)

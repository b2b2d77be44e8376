"""All ten folder structures, and whatever a folder may hold that is no file."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from lagan.agent import filters
from lagan.agent.keys import STRUCTURES
from lagan.agent.scan import Scan, scan
from lagan.agent.settings import parse
from lagan.agent.structures import EXPERIMENT_FILES

INSTRUMENT = "Nikon #1"
CASES = {
    "Username / Dataset": ("jo/d", ("jo", "username", None)),
    "Email / Dataset": ("jo@x.org/d", ("jo@x.org", "email", None)),
    "Username / Experiment / Dataset": ("jo/e/d", ("jo", "username", "e")),
    "Email / Experiment / Dataset": ("jo@x.org/e/d", ("jo@x.org", "email", "e")),
    'Username / "MyTardis" / Experiment / Dataset': ("jo/mytardis/e/d", ("jo", "username", "e")),
    "User Group / Instrument / Full Name / Dataset": (
        "lab/Nikon #1/Jo Smith/d", ("p-lab", "group", "Nikon #1 - Jo Smith"),
    ),
    "Experiment / Dataset": ("e/d", (None, "username", "e")),
    "Dataset": ("d", (None, "username", None)),
    "User Group / Dataset": ("lab/d", ("p-lab", "group", "lab")),
    "User Group / Experiment / Dataset": ("lab/e/d", ("p-lab", "group", "lab - e")),
}  # fmt: skip


def look(data: Path, structure: str = "Username / Dataset", **more: object) -> Scan:
    rows = {
        "data_directory": data, "instrument_name": INSTRUMENT, "group_prefix": "p-",
        "folder_structure": structure, **more,
    }  # fmt: skip
    text = "\n".join(f"{key} = {value}" for key, value in rows.items())
    settings = parse(f"[agent]\n{text}\n")
    return scan(settings, filters.from_settings(settings), time.time())


def fill(data: Path, path: str, content: bytes = b"x") -> Path:
    made = data / path
    made.parent.mkdir(parents=True, exist_ok=True)
    made.write_bytes(content)
    return made


@pytest.mark.parametrize("structure", STRUCTURES)
def test_each_structure(tmp_path: Path, structure: str) -> None:
    folder, (owner, kind, experiment) = CASES[structure]
    fill(tmp_path, f"{folder}/b.tif", b"22")
    fill(tmp_path, f"{folder}/a/deep/er.tif", b"1")
    fill(tmp_path, f"{folder}/.hidden")
    found = look(tmp_path, structure)
    (made,) = found.folders
    assert (made.root, made.name) == (folder, "d")
    assert (made.place.owner, made.place.owner_kind, made.place.experiment) == (
        owner,
        kind,
        experiment,
    )
    assert [(item.path, item.size) for item in made.files] == [
        (".hidden", 1), ("b.tif", 2), ("a/deep/er.tif", 1),
    ]  # fmt: skip
    assert not found.remarks


def test_only_the_folder_of_this_instrument(tmp_path: Path) -> None:
    fill(tmp_path, "lab/Nikon #1/Jo/d/a")
    fill(tmp_path, "lab/Zeiss/Jo/d/a")
    found = look(tmp_path, "User Group / Instrument / Full Name / Dataset")
    assert [each.root for each in found.folders] == ["lab/Nikon #1/Jo/d"]


@pytest.mark.parametrize(
    ("structure", "folder", "experiment"),
    [
        ("Username / Experiment / Dataset", "jo/e", "e"),
        ("Experiment / Dataset", "e", "e"),
        ("User Group / Experiment / Dataset", "lab/e", "e"),
    ],
)
def test_files_beside_datasets_get_one_of_their_own(
    tmp_path: Path, structure: str, folder: str, experiment: str
) -> None:
    fill(tmp_path, f"{folder}/notes.txt")
    fill(tmp_path, f"{folder}/more.txt")
    fill(tmp_path, f"{folder}/d/a.tif")
    found = {each.name: each for each in look(tmp_path, structure).folders}
    assert set(found) == {EXPERIMENT_FILES, "d"}
    extra = found[EXPERIMENT_FILES]
    assert (extra.root, extra.place.experiment) == (folder, experiment)
    assert [item.path for item in extra.files] == ["more.txt", "notes.txt"]
    assert {each.name for each in look(tmp_path, structure, dataset_filter="xyz").folders} == set()
    kept = look(tmp_path, structure, dataset_filter="notes").folders
    assert [(each.name, len(each.files)) for each in kept] == [(EXPERIMENT_FILES, 2)]


def test_files_above_the_datasets_and_hidden_folders_are_nobodys(tmp_path: Path) -> None:
    for path in ("top.txt", "jo/user.txt", ".git/d/a", "jo/.trash/a", "jo/d/a"):
        fill(tmp_path, path)
    found = look(tmp_path)
    assert [(each.root, len(each.files)) for each in found.folders] == [("jo/d", 1)]
    assert not found.remarks


def test_an_empty_dataset_is_one(tmp_path: Path) -> None:
    (tmp_path / "jo" / "d").mkdir(parents=True)
    assert [each.root for each in look(tmp_path).folders] == ["jo/d"]


def test_links_and_devices_are_passed_over_by_name(tmp_path: Path) -> None:
    fill(tmp_path, "jo/d/a")
    (tmp_path / "jo/d/link").symlink_to("/etc/passwd")
    (tmp_path / "jo/d/folder").symlink_to("/etc")
    (tmp_path / "jo/linked").symlink_to("/etc")
    (tmp_path / "eve").symlink_to("/")
    os.mkfifo(tmp_path / "jo/d/pipe")
    found = look(tmp_path)
    assert [item.path for each in found.folders for item in each.files] == ["a"]
    assert {each.path for each in found.remarks} == {
        "eve", "jo/linked", "jo/d/link", "jo/d/folder", "jo/d/pipe",
    }  # fmt: skip
    assert not any(each.grave for each in found.remarks)


def test_names_that_are_not_utf8_are_said_and_the_rest_goes(tmp_path: Path) -> None:
    fill(tmp_path, "jo/d/good")
    base = os.fsencode(tmp_path)
    Path(os.fsdecode(base + b"/jo/d/caf\xe9.tif")).write_bytes(b"x")
    Path(os.fsdecode(base + b"/jo/caf\xe9")).mkdir()
    Path(os.fsdecode(base + b"/\xff\xfe")).mkdir()
    found = look(tmp_path)
    assert [item.path for each in found.folders for item in each.files] == ["good"]
    assert {each.path for each in found.remarks} == {
        r"jo/d/caf\xe9.tif",
        r"jo/caf\xe9",
        r"\xff\xfe",
    }
    assert all(each.grave and "UTF-8" in each.reason for each in found.remarks)


def test_a_path_that_is_too_long_is_said(tmp_path: Path) -> None:
    fill(tmp_path, "jo/d/good")
    here = os.open(tmp_path / "jo/d", os.O_RDONLY)
    for _ in range(25):
        os.mkdir("x" * 200, dir_fd=here)
        deeper = os.open("x" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(os.open("end", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    found = look(tmp_path)
    assert [item.path for each in found.folders for item in each.files] == ["good"]
    (remark,) = found.remarks
    assert remark.grave
    assert "long" in remark.reason.lower()


def test_a_data_folder_that_went_away_is_a_remark(tmp_path: Path) -> None:
    found = look(tmp_path / "none")
    assert [each.path for each in found.remarks] == ["."]


def test_filters_count_what_they_leave_out(tmp_path: Path) -> None:
    for path in ("jo/d1/a", "jo/d2/a", "bo/d1/a"):
        fill(tmp_path, path)
    found = look(tmp_path, user_filter="jo", dataset_filter="1")
    assert [each.root for each in found.folders] == ["jo/d1"]
    assert found.filtered == 2

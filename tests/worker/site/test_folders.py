"""A site tells what is in its folders: any name, page by page, and never beyond its roots."""

from __future__ import annotations

import json
import os
import pwd
import time
from pathlib import Path
from typing import Any

import pytest

from lagan.hsm.policy import pins
from lagan.hsm.states import MIGRATED, MODIFIED, PREMIGRATED, STATES, UNMANAGED
from lagan.hub.jobs.workflows.defaults import STATUS_TYPES
from lagan.kit.errors import BadInput, Forbidden, LaganError, NotFound
from lagan.worker.answers import answer
from lagan.worker.place import Place, serving
from lagan.worker.site import folders, register, tiering
from lagan.worker.site.tiering import migrate
from tests.agent.strange import names
from tests.worker.told import Told


def ask(path: str | None, **args: Any) -> dict[str, Any]:
    """The answer as it comes over the wire."""
    told: dict[str, Any] = json.loads(json.dumps(folders.folder({"path": path, **args})))
    return told


def listed(path: str, **args: Any) -> list[str]:
    return [each["name"] for each in ask(path, **args)["entries"]]


def test_the_question_is_known_once_the_site_is_registered(root: Path) -> None:
    register()
    register()
    assert answer("folder")({"path": str(root)})["entries"] == []


def test_entries_have_their_facts(root: Path) -> None:
    (root / "file").write_bytes(b"12345")
    (root / "file").chmod(0o640)
    os.utime(root / "file", (0, 1_700_000_000.5))
    (root / "dir").mkdir()
    (root / "link").symlink_to("../outside")
    os.mkfifo(root / "pipe")
    told = ask(f"{root}/")
    assert (told["path"], told["next"]) == (str(root), None)
    entries = {each["name"]: each for each in told["entries"]}
    assert list(entries) == ["dir", "file", "link", "pipe"]
    assert {name: each["type"] for name, each in entries.items()} == {
        "dir": "directory", "file": "file", "link": "link", "pipe": "other",
    }  # fmt: skip
    file = entries["file"]
    assert (file["size"], file["mtime"], file["mode"]) == (5, 1_700_000_000.5, 0o640)
    assert file["owner"] == pwd.getpwuid(os.getuid()).pw_name
    assert file["path"] == f"{root}/file"
    assert abs(file["ctime"] - time.time()) < 100
    assert entries["link"]["target"] == "../outside"
    assert "target" not in file


def test_names_that_begin_with_a_dot_are_shown_on_request_but_not_our_notes(root: Path) -> None:
    for name in (".hidden", ".lagan", "seen"):
        (root / name).mkdir()
    assert listed(str(root)) == ["seen"]
    assert listed(str(root), hidden=True) == [".hidden", "seen"]
    (root / "seen/.lagan").mkdir()
    assert listed(f"{root}/seen", hidden=True) == [".lagan"]
    with serving(Place(roots=(root,), state=root / "seen")):
        assert listed(str(root), hidden=True) == [".hidden"]


def test_every_name_is_told_and_opens_its_folder(root: Path) -> None:
    strange = {os.fsencode(name).replace(b"/", b"_")[:255] for name in names()} - {b"", b".", b".."}
    strange |= {b"\xff\xfe", b"new\nline", b"\\", b"C:"}
    for each in strange:
        Path(os.fsdecode(bytes(root) + b"/" + each)).mkdir()
    told = ask(str(root), hidden=True, size=1000)["entries"]
    assert {os.fsencode(each["name"]) for each in told} == strange
    for each in told:
        assert ask(each["path"])["path"] == each["path"] == f"{root}/{each['name']}"


def test_the_state_of_files_is_told_on_request(root: Path, tmp_path: Path) -> None:
    for name in ("here", "away", "both", "caf\udce9", "written"):
        (root / name).write_bytes(b"content" * 2000)
    (root / "link").symlink_to("away")
    (root / "dir").mkdir()
    (tmp_path / "target").mkdir()
    told = Told()
    with serving(Place(roots=(root,), targets={"target": str(tmp_path / "target")})):
        migrate(told, {}, [f"{root}/away", f"{root}/caf\udce9"])
        migrate(told, {"premigrate": True}, [f"{root}/both", f"{root}/written"])
    assert told.failed == {}
    (root / "written").write_bytes(b"other")
    entries = ask(str(root), details=True)["entries"]
    assert {each["name"]: each["status"] for each in entries if "status" in each} == {
        "here": UNMANAGED,
        "away": MIGRATED,
        "caf\udce9": MIGRATED,
        "both": PREMIGRATED,
        "written": MODIFIED,
    }
    assert not any("status" in each for each in ask(str(root))["entries"])


def test_pages_follow_each_other_folders_first(root: Path) -> None:
    for n in range(25):
        (root / f"b{n:02}").touch()
        (root / f"a{n:02}" if n % 2 else root / f"z{n:02}").mkdir()
    whole, pages, after = listed(str(root), size=100), [], None
    while True:
        page = ask(str(root), size=7, after=after)
        pages += [each["name"] for each in page["entries"]]
        assert len(page["entries"]) <= 7
        after = page["next"]
        if after is None:
            break
    assert pages == whole
    assert [each[0] for each in whole] == ["a"] * 12 + ["z"] * 13 + ["b"] * 25


def test_without_a_path_the_roots_are_told(root: Path, tmp_path: Path) -> None:
    (told,) = ask("")["entries"]
    assert (told["name"], told["path"], told["type"]) == (str(root), str(root), "directory")
    with serving(Place(roots=(root, tmp_path / "unmounted"))):
        roots = ask(None)["entries"]
    assert [each["path"] for each in roots] == [str(root), str(tmp_path / "unmounted")]
    assert "size" not in roots[1]
    with serving(Place()):
        assert ask("")["entries"] == []


@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("{root}/gone", NotFound),
        ("{root}/file/x", NotFound),
        ("{root}/file", BadInput),
        ("{root}/pipe", BadInput),
        ("{root}/link", BadInput),
        ("{root}/link/x", BadInput),
        ("{root}/..", BadInput),
        ("{root}/.lagan", BadInput),
        ("/etc", BadInput),
        ("relative", BadInput),
        ("{root}/\0", BadInput),
    ],
)
def test_what_is_no_folder_of_the_site_is_refused(
    root: Path, path: str, refusal: type[LaganError]
) -> None:
    (root / "file").touch()
    (root / "link").symlink_to("/etc")
    os.mkfifo(root / "pipe")
    with pytest.raises(refusal) as caught:
        ask(path.format(root=root))
    assert type(caught.value) is refusal  # a word that the hub knows


def test_what_the_worker_may_not_open_is_forbidden(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("lagan.worker.site.paths.open_beneath", lambda *_, **__: refuse())
    (root / "x").mkdir()
    with pytest.raises(Forbidden):
        ask(f"{root}/x")


@pytest.mark.parametrize(
    ("args", "field"),
    [
        ({"size": 0}, "size"),
        ({"size": 1001}, "size"),
        ({"size": True}, "size"),
        ({"size": "x"}, "size"),
        ({"after": "!"}, "after"),
        ({"after": 5}, "after"),
        ({"path": 5}, "path"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(
    root: Path, args: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadInput) as caught:
        folders.folder({"path": str(root), **args})
    assert caught.value.facts["field"] == field


def test_what_is_pinned_is_told_with_the_details(root: Path) -> None:
    (root / "run").mkdir()
    for name in ("free", "kept", "run/x"):
        (root / name).write_bytes(b"x")
    os.setxattr(root / "kept", pins.NAME, b"2999-01-01T00:00:00Z")
    os.setxattr(root / "run", pins.NAME, b"ever")
    os.setxattr(root / "free", pins.NAME, b"1999-01-01")
    (root / "link").symlink_to("kept")

    def told(path: Path) -> dict[str, str | None]:
        entries = folders.folder({"path": str(path), "details": True})["entries"]
        return {each["name"]: each.get("pinned") for each in entries}

    assert told(root) == {"free": None, "kept": "2999-01-01T00:00:00Z", "link": None, "run": "ever"}
    assert told(root / "run") == {"x": "ever"}
    plain = folders.folder({"path": str(root)})["entries"]
    assert not any("pinned" in each for each in plain)


def test_every_state_of_tiering_has_its_status(root: Path) -> None:
    """Those that the hub has labels for: also what was written into, and what nobody can read."""
    content = b"content" * 10_000
    (root.parent / "bucket").mkdir()
    states = ("unmanaged", "premigrated", "migrated", "modified", "missing")
    for name in states:
        (root / name).write_bytes(content)
    with serving(Place((root,), targets={"bucket": str(root.parent / "bucket")})):
        tiering.migrate(Told(), {}, [str(root / each) for each in ("migrated", "modified")])
        tiering.migrate(Told(), {"premigrate": True}, [str(root / "premigrated")])
        with (root / "modified").open("r+b") as file:
            file.write(b"written into")
        os.setxattr(root / "missing", "user.lagan.hsm", b"nobody can read this")
        shown = ask(str(root), details=True)["entries"]
        assert {each["name"]: each["status"] for each in shown} == {each: each for each in states}
        assert [tiering.look(str(root / each)) for each in states] == list(states)
        (root.parent / "bucket/migrated").unlink()
        assert tiering.look(str(root / "migrated")) == "missing"
    assert set(states) == {key for key, *_ in STATUS_TYPES} == set(STATES)

"""A tree is the same at the other site: content, modes, owners, times, access lists, attributes,
folders that are empty, links; and what is there already is not made again."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lagan.hsm import attributes, marker
from lagan.worker import place
from lagan.worker.ledger import ALREADY, Cancelled
from lagan.worker.place import Place
from lagan.worker.site import register, sending
from lagan.worker.steps import step
from tests.worker.told import Told

TIME = 1_400_000_000_000_000_007
NOBODY = 65534
ACL = "system.posix_acl_access"


class Two:
    """Two sites with one target, each known to it by a name of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bucket = folder / "bucket"
        for each in ("bucket", "here", "there"):
            (folder / each).mkdir()
        self.here, self.there = folder / "here", folder / "there"

    def at(self, root: Path, name: str = "bucket") -> Any:
        return place.serving(Place((root,), targets={name: str(self.bucket)}))

    def items(self) -> list[str]:
        """All beneath the first site's folder, as a walk that is given folders finds it."""
        return [str(each) for each in self.here.rglob("*") if ".lagan" not in each.parts]

    def send(self, items: list[str] | None = None, **args: Any) -> Told:
        told = Told()
        with self.at(self.here):
            sending.send(told, args, self.items() if items is None else items)
        return told

    def receive(self, items: list[str] | None = None, **args: Any) -> Told:
        told = Told()
        with self.at(self.there, "shared"):
            sending.receive(told, args, self.items() if items is None else items)
        return told

    def make(self, name: str, content: bytes | None = None) -> Path:
        path = self.here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(9000) if content is None else content)
        os.utime(path, ns=(TIME, TIME))
        return path


@pytest.fixture
def two(tmp_path: Path) -> Two:
    register()
    return Two(tmp_path)


def access_list(*entries: tuple[int, int, int]) -> bytes:
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *each) for each in entries)


def shared_with(uid: int) -> bytes:
    nobody = 0xFFFFFFFF
    return access_list(
        (1, 6, nobody), (2, 4, uid), (4, 4, nobody), (0x10, 4, nobody), (0x20, 0, nobody)
    )


def looks(root: Path) -> dict[str, object]:
    """Everything that a tree is, but for the numbers that the filesystem gives."""
    found: dict[str, object] = {}
    for path in root.rglob("*"):
        if ".lagan" in path.parts:
            continue
        facts = path.lstat()
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = (str(path.readlink()), facts.st_mtime_ns, facts.st_uid, facts.st_gid)
            continue
        worn = {each: os.getxattr(path, each) for each in os.listxattr(path) if each != marker.NAME}
        content = path.read_bytes() if path.is_file() else b""
        mode = stat.S_IFMT(facts.st_mode) | stat.S_IMODE(facts.st_mode)
        found[name] = (content, mode, facts.st_mtime_ns, facts.st_uid, facts.st_gid, worn)
    return found


def plant(two: Two) -> None:
    two.make("project/run 1/scan.dat").chmod(0o640)
    two.make("project/run 1/empty", b"")
    os.setxattr(two.make("project/run 2/noted"), "user.note", b"\0\xff")
    os.setxattr(two.make("project/run 2/shared"), ACL, shared_with(NOBODY))
    os.chown(two.make("project/run 2/of nobody"), NOBODY, NOBODY)
    (two.here / "project/run 1/link").symlink_to("../run 2/noted")
    (two.here / "project/none/deep").mkdir(parents=True)
    os.setxattr(two.here / "project/none", "user.colour", b"red")
    os.setxattr(two.here / "project/run 2", "system.posix_acl_default", shared_with(NOBODY))
    os.setxattr(two.here / "project/run 2", ACL, shared_with(NOBODY))
    (two.here / "project/run 1").chmod(0o2750)
    os.chown(two.here / "project/none", NOBODY, NOBODY)
    folders = [each for each in two.here.rglob("*") if each.is_dir()]
    for number, each in enumerate(sorted(folders, reverse=True)):
        os.utime(each, ns=(TIME, TIME + number))
    os.utime(two.here / "project/run 1/link", ns=(TIME, TIME + 99), follow_symlinks=False)


def test_a_tree_is_the_same_at_the_other_site(two: Two) -> None:
    plant(two)
    before = looks(two.here)
    assert two.send().failed == two.receive(hydrate=True).failed == {}
    assert looks(two.there) == looks(two.here) == before


def test_whatever_is_there_already_is_left_as_it_is(two: Two) -> None:
    plant(two)
    two.send()
    two.receive(hydrate=True)
    before = {each: each.lstat().st_ctime_ns for each in two.there.rglob("*")}
    for told in (two.send(), two.receive(hydrate=True)):
        assert told.failed == {}
        assert set(told.skipped) == set(two.items())
        assert set(told.categories.values()) == {ALREADY}
    assert {each: each.lstat().st_ctime_ns for each in two.there.rglob("*")} == before


@pytest.mark.parametrize("order", [sorted, lambda items: sorted(items, reverse=True)])
def test_in_whatever_order_tasks_come_folders_are_right_in_the_end(
    two: Two, order: Callable[[list[str]], list[str]]
) -> None:
    plant(two)
    two.send()
    for item in order(two.items()):
        assert two.receive([item], hydrate=True).failed == {}
    assert looks(two.there) == looks(two.here)


def test_folders_above_what_is_sent_are_made_alike_and_left_alone_where_they_are(two: Two) -> None:
    made = two.make("a/b/one")
    (two.here / "a/b").chmod(0o711)
    os.utime(two.here / "a/b", ns=(TIME, TIME))
    two.send([str(made)])
    two.receive([str(made)])
    there = two.there / "a/b"
    assert stat.S_IMODE(there.stat().st_mode) == 0o711
    assert there.stat().st_mtime_ns == TIME
    there.chmod(0o777)
    other = two.make("a/b/two")
    two.send([str(other)])
    two.receive([str(other)])
    assert stat.S_IMODE(there.stat().st_mode) == 0o777


def test_owners_are_meant_by_name(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    path = two.make("data")
    os.chown(path, 4001, 4002)
    os.setxattr(path, ACL, shared_with(4001))
    with monkeypatch.context() as patch:
        attributes._user.cache_clear()
        patch.setattr(attributes, "user_name", lambda uid: "alice" if uid == 4001 else "")
        patch.setattr(attributes, "group_name", lambda gid: "lab" if gid == 4002 else "")
        two.send()

    class Known:
        pw_uid, gr_gid = 5001, 5002

    monkeypatch.setattr("pwd.getpwnam", {"alice": Known}.__getitem__)
    monkeypatch.setattr("grp.getgrnam", {"lab": Known}.__getitem__)
    two.receive()
    there = two.there / "data"
    assert (there.stat().st_uid, there.stat().st_gid) == (5001, 5002)
    assert os.getxattr(there, ACL) == shared_with(5001)


@pytest.mark.parametrize("text", ["/etc/passwd", "../../elsewhere", "../x/../../y"])
def test_a_link_that_points_out_is_told(two: Two, text: str) -> None:
    (two.here / "run").mkdir()
    link = two.here / "run/link"
    link.symlink_to(text)
    assert two.send().categories[str(link)] == "skipped.link"


def test_two_sites_with_a_file_of_the_same_path_do_not_take_each_others(two: Two) -> None:
    mine = two.make("same", b"mine" * 1000)
    (two.there / "same").write_bytes(b"theirs" * 1000)
    two.send()
    swapped = Two.__new__(Two)
    swapped.bucket, swapped.here, swapped.there = two.bucket, two.there, two.here
    swapped.send()
    told = two.receive([str(mine)])
    assert told.categories[str(mine)] == "failed.exists"
    assert two.receive([str(mine)], overwrite=True, hydrate=True).failed == {}
    assert (two.there / "same").read_bytes() == mine.read_bytes()


def test_what_no_other_site_told_of_is_missing(two: Two) -> None:
    path = two.make("data")
    with two.at(two.here):
        sending.send(Told(), {}, [str(path)])
        told = Told()
        sending.receive(told, {}, [str(path)])
    assert told.categories[str(path)] == "failed.missing-at-target"


def test_a_folder_where_there_was_a_file_is_sent_as_one(two: Two) -> None:
    path = two.make("data")
    two.send()
    path.unlink()
    path.mkdir()
    two.send()
    two.receive()
    assert (two.there / "data").is_dir()


def test_verify_proves_what_a_stub_stands_for(two: Two) -> None:
    path = two.make("data")
    assert two.send(verify=True).failed == {}
    (two.bucket / "data").write_bytes(bytes(9000))
    assert two.send(verify=True).categories[str(path)] == "failed.wrong-content"
    assert two.receive(verify=True).categories[str(path)] == "failed.wrong-content"
    assert not (two.there / "data").exists()
    assert two.receive().failed == {}  # unless one asks, only that it is there with its size


def test_broken_off_a_send_leaves_nothing_and_goes_on(two: Two) -> None:
    plant(two)
    two.send()
    with two.at(two.there, "shared"), pytest.raises(Cancelled):
        sending.receive(Told(until=0), {"hydrate": True}, two.items())
    assert set(looks(two.there)) <= set(looks(two.here))
    assert two.receive(hydrate=True).failed == {}
    assert looks(two.there) == looks(two.here)


def test_both_are_steps(two: Two) -> None:
    assert step("hsm.send") is sending.send
    assert step("hsm.receive") is sending.receive


@pytest.fixture(autouse=True)
def wide_open() -> Iterator[None]:
    """New files have the modes that they are given."""
    before = os.umask(0o022)
    yield
    os.umask(before)

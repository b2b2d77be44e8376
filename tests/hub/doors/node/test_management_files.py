"""CLONE, CHECKFILE, REMFILE, REMDISK, DISCARD, PURGE and the cache's commands on the wire."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.hub.doors.node.conftest import MakeNode
from tests.services.hub import until
from tests.services.node import Node, Reply

pytestmark = [pytest.mark.service, pytest.mark.database]

SLOTS = ("v1", "v2", "v3", "v4")
CACHE = '<Caching Enable="1" Period="0T01:00:00" MaxFiles="1000000"/>'


@pytest.fixture(scope="module")
def node(make_node: MakeNode, database: str) -> Node:
    return make_node(
        database=database,
        volumes=SLOTS,
        server={"RequestDbBackend": "bsddb"},
        elements={"Caching": CACHE},
    )


def archive(node: Node, name: str, body: bytes = b"some bytes") -> Mapping[str, str]:
    """The disk on which a file landed."""
    reply = node.qarchive(name, body)
    assert reply.status == 200, reply.body
    return reply.of("DiskStatus")


def path_of(node: Node, reply: Reply) -> Path:
    return Path(reply.of("DiskStatus")["MountPoint"]) / reply.of("FileStatus")["FileName"]


def holders(node: Node, file_id: str) -> set[str]:
    rows = node.get("QUERY", query="files_like", like=file_id, format="json")
    return {each["disk_id"] for each in json.loads(rows.body)}


def files(reply: Reply) -> list[Mapping[str, str]]:
    assert isinstance(reply.document, ElementTree.Element)
    return [each.attrib for each in reply.document.iter("FileStatus")]


def test_a_clone_is_a_copy_with_the_same_facts(node: Node) -> None:
    first = archive(node, "clone.bin", b"x" * 100_000)
    original = node.get("STATUS", file_id="clone.bin").of("FileStatus")
    reply = node.get("CLONE", file_id="clone.bin")
    assert (reply.status, reply.message) == (200, "Successfully handled command CLONE")
    status = reply.of("Status")
    assert (status["ExpectedCount"], status["ActualCount"]) == ("1", "1")
    assert status["CompletionPercent"] == "100.00"
    assert reply.of("DiskStatus")["DiskId"] != first["DiskId"]
    same = ("FileId", "FileVersion", "Checksum", "ChecksumPlugIn", "IngestionDate", "FileName")
    assert [reply.of("FileStatus")[each] for each in same] == [original[each] for each in same]
    path = path_of(node, reply)
    assert path.read_bytes() == b"x" * 100_000
    assert path.stat().st_mode & 0o777 == 0o444
    known = node.get("STATUS", request_id=status["RequestId"])
    assert known.of("Status")["ActualCount"] == "1"


def test_a_clone_goes_to_the_disk_that_is_named(node: Node) -> None:
    disk = archive(node, "target.bin")["DiskId"]
    target = next(each for each in sorted(holders_of_any(node)) if each != disk)
    reply = node.get("CLONE", file_id="target.bin", target_disk_id=target)
    assert reply.of("DiskStatus")["DiskId"] == target
    for refused, why in ((target, "holds a copy already"), ("nowhere", "is not mounted here")):
        again = node.get("CLONE", file_id="target.bin", target_disk_id=refused)
        assert again.status == 400
        assert again.message.startswith("NGAMS_ER_CLONE_REJECTED:4053:ERROR:")
        assert why in again.message


def holders_of_any(node: Node) -> set[str]:
    rows = node.get("QUERY", query="disks_list", format="json")
    return {each["disk_id"] for each in json.loads(rows.body)}


def test_without_a_disk_left_a_clone_is_rejected(node: Node) -> None:
    archive(node, "full.bin")
    for _ in SLOTS[1:]:
        assert node.get("CLONE", file_id="full.bin").status == 200
    reply = node.get("CLONE", file_id="full.bin")
    assert reply.status == 400
    assert reply.of("Status")["Status"] == "FAILURE"
    assert reply.message.startswith("NGAMS_ER_CLONE_REJECTED:4053:ERROR:")


@pytest.mark.parametrize(
    ("pars", "number"),
    [
        ({}, "4035"),
        ({"file_version": 1}, "4035"),
        ({"disk_id": "nowhere"}, "4020"),
        ({"file_id": "absent"}, "4019"),
        ({"file_id": "absent", "disk_id": "nowhere"}, "4020"),
    ],
)
def test_a_clone_of_nothing(node: Node, pars: dict[str, Any], number: str) -> None:
    reply = node.get("CLONE", **pars)
    assert reply.status == 400
    assert f":{number}:ERROR:" in reply.message


def test_a_damaged_copy_is_never_cloned(node: Node) -> None:
    archive(node, "rot.bin", b"right")
    path = path_of(node, node.get("STATUS", file_id="rot.bin"))
    path.chmod(0o644)
    path.write_bytes(b"wrong")
    reply = node.get("CLONE", file_id="rot.bin")
    assert reply.status == 400
    assert len(holders(node, "rot.bin")) == 1
    assert node.get("STATUS", file_id="rot.bin").of("FileStatus")["FileStatus"] == "10000000"


def test_check_file_flags_and_clears(node: Node) -> None:
    disk = archive(node, "check.bin", b"right")["DiskId"]
    good = node.get("CHECKFILE", file_id="check.bin")
    assert (good.status, good.of("Status")["Status"]) == (200, "SUCCESS")
    assert good.message.startswith("NGAMS_INFO_FILE_OK:4056:INFO:")
    path = path_of(node, node.get("STATUS", file_id="check.bin"))
    path.chmod(0o644)
    path.write_bytes(b"wrong")
    bad = node.get("CHECKFILE", file_id="check.bin", disk_id=disk)
    assert (bad.status, bad.of("Status")["Status"]) == (200, "SUCCESS")
    assert bad.message.startswith("NGAMS_ER_FILE_NOK:4057:ERROR:")
    assert node.get("STATUS", file_id="check.bin").of("FileStatus")["FileStatus"] == "10000000"
    path.write_bytes(b"right")
    assert node.get("CHECKFILE", file_id="check.bin", file_version=1).message.startswith(
        "NGAMS_INFO_FILE_OK"
    )
    assert node.get("STATUS", file_id="check.bin").of("FileStatus")["FileStatus"] == "00000000"


def test_check_file_looks_at_version_one_unless_told(node: Node) -> None:
    archive(node, "versions.bin", b"1")
    archive(node, "versions.bin", b"2")
    assert "Version: 1 " in node.get("CHECKFILE", file_id="versions.bin").message
    assert "Version: 2 " in node.get("CHECKFILE", file_id="versions.bin", file_version=2).message
    assert node.get("CHECKFILE", file_id="versions.bin", file_version=3).status == 400
    assert node.get("CHECKFILE").status == 400


def test_all_files_are_looked_for(node: Node) -> None:
    archive(node, "missing.bin")
    path_of(node, node.get("STATUS", file_id="missing.bin")).unlink()
    reply = node.get("CHECKFILES")
    assert re.fullmatch(
        rb"Thread CHK_FILE_THRD_\S+ is successfully launched to check files\.\n", reply.body
    )

    def flagged() -> bool:
        told = node.get("STATUS", file_id="missing.bin")
        return told.of("FileStatus")["FileStatus"] == "10000000"

    until(flagged)


def test_a_path_is_only_looked_for_on_the_volumes(node: Node) -> None:
    archive(node, "there.bin")
    path = path_of(node, node.get("STATUS", file_id="there.bin"))
    assert (node.get("FILEONHOST", file_path=path).status) == 200
    assert node.get("FILEONHOST", file_path=path).body == b"YES"
    for other in ("/etc/passwd", f"{path.parent}/../../../.ngas_volume_info", path.parent, "x"):
        reply = node.get("FILEONHOST", file_path=other)
        assert (reply.status, reply.body) == (404, b"NO")
    assert node.get("FILEONHOST").body == b"INVALID PARAMS"


def test_threads_are_told(node: Node) -> None:
    assert node.get("CHECKTHREAD").body.startswith(b"In total ")


def test_a_file_needs_three_copies_before_one_goes(node: Node) -> None:
    disk = archive(node, "three.bin")["DiskId"]
    assert node.get("CLONE", file_id="three.bin").status == 200
    refused = node.get("REMFILE", disk_id=disk, file_id="three.bin", execute=1)
    assert (refused.status, refused.of("Status")["Status"]) == (200, "FAILURE")
    assert refused.message.startswith("NGAMS_WA_FILE_COPIES:4046:WARNING:")
    assert [each["DiskId"] for each in files(refused)] == [disk]
    assert node.get("CLONE", file_id="three.bin").status == 200
    asked = node.get("REMFILE", disk_id=disk, file_id="three.bin")
    assert asked.of("Status")["Status"] == "SUCCESS"
    assert asked.message.startswith("NGAMS_INFO_FILE_DEL_STAT:4040:INFO:")
    assert len(holders(node, "three.bin")) == 3
    path = Path(node.get("STATUS", disk_id=disk).of("DiskStatus")["MountPoint"])
    path = path / files(asked)[0]["FileName"]
    assert path.is_file()
    done = node.get("REMFILE", disk_id=disk, file_id="three.bin", execute=1)
    assert done.of("Status")["Status"] == "SUCCESS"
    assert "1. Deleted: 1. Failed: 0" in done.message
    assert disk not in holders(node, "three.bin")
    assert not path.exists()
    assert node.get("RETRIEVE", file_id="three.bin").body == b"some bytes"


def spoil(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"wrong")


def test_a_damaged_copy_is_healed_from_a_good_one(node: Node) -> None:
    disk = archive(node, "heal.bin", b"right")["DiskId"]
    path = path_of(node, node.get("STATUS", file_id="heal.bin"))
    assert node.get("CLONE", file_id="heal.bin").status == 200
    spoil(path)
    bad = node.get("CHECKFILE", file_id="heal.bin", disk_id=disk)
    assert bad.message.startswith("NGAMS_ER_FILE_NOK:4057:ERROR:")
    assert "it was healed from" in bad.message
    good = node.get("CHECKFILE", file_id="heal.bin", disk_id=disk)
    assert good.message.startswith("NGAMS_INFO_FILE_OK:4056:INFO:")
    assert node.get("RETRIEVE", file_id="heal.bin", disk_id=disk).body == b"right"


def test_damaged_copies_are_no_copies(node: Node) -> None:
    disk = archive(node, "poor.bin", b"right")["DiskId"]
    paths = [path_of(node, node.get("STATUS", file_id="poor.bin"))]
    paths += [path_of(node, node.get("CLONE", file_id="poor.bin")) for _ in range(2)]
    assert node.get("REMFILE", disk_id=disk, file_id="poor.bin").of("Status")["Status"] == (
        "SUCCESS"
    )
    for each in paths:
        spoil(each)
    assert "NGAMS_ER_FILE_NOK" in node.get("CHECKFILE", file_id="poor.bin").message
    refused = node.get("REMFILE", disk_id=disk, file_id="poor.bin", execute=1)
    assert refused.message.startswith("NGAMS_WA_FILE_COPIES")
    assert paths[0].is_file()


@pytest.mark.parametrize(
    ("pars", "number"),
    [
        ({"disk_id": "x"}, "4035"),
        ({"file_id": "x"}, "4035"),
        ({"file_id": "x", "disk_id": "x"}, "4019"),
    ],
)
def test_remfile_of_nothing(node: Node, pars: dict[str, Any], number: str) -> None:
    reply = node.get("REMFILE", execute=1, **pars)
    assert reply.status == 400
    assert f":{number}:ERROR:" in reply.message


def test_a_copy_is_discarded_by_its_ids(node: Node) -> None:
    disk = archive(node, "discard.bin")["DiskId"]
    path = path_of(node, node.get("STATUS", file_id="discard.bin"))
    ids: dict[str, Any] = {"disk_id": disk, "file_id": "discard.bin", "file_version": 1}
    asked = node.get("DISCARD", **ids)
    assert asked.message.startswith("NGAMS_INFO_DISCARD_GRANTED:")
    assert path.is_file()
    done = node.get("DISCARD", execute=1, **ids)
    assert (done.status, done.of("Status")["Status"]) == (200, "SUCCESS")
    assert done.message.startswith("NGAMS_INFO_DISCARD_OK:")
    assert not path.exists()
    again = node.get("DISCARD", execute=1, **ids)
    assert (again.status, again.of("Status")["Status"]) == (200, "FAILURE")
    assert again.message.startswith("NGAMS_ER_DISCARD_NOT_FOUND:")
    assert node.get("STATUS", file_id="discard.bin").status == 400


def test_by_its_path_only_what_nobody_names_is_discarded(node: Node) -> None:
    archive(node, "named.bin")
    path = path_of(node, node.get("STATUS", file_id="named.bin"))
    refused = node.get("DISCARD", path=path, execute=1)
    assert (refused.status, refused.of("Status")["Status"]) == (200, "FAILURE")
    assert refused.message.startswith("NGAMS_ER_DISCARD_NOT_REM:")
    assert path.is_file()
    stray = path.with_name("stray.bin")
    stray.write_bytes(b"stray")
    assert node.get("DISCARD", path=stray).message.startswith("NGAMS_INFO_DISCARD_GRANTED:")
    assert stray.is_file()
    assert node.get("DISCARD", path=stray, execute=1).message.startswith("NGAMS_INFO_DISCARD_OK:")
    assert not stray.exists()


def test_nothing_outside_the_volumes_is_discarded(node: Node) -> None:
    outside = node.folder / "outside"
    outside.write_bytes(b"mine")
    volume = node.root / "volumes" / "v1"
    link = volume / "link"
    link.symlink_to(outside)
    inner = [f"{volume}/../../../outside", volume / ".ngas_volume_info", volume / "NgasDiskInfo"]
    inner += [*(volume / ".lagan").iterdir(), volume, link]
    for each in [outside, "/etc/hostname", *inner]:
        reply = node.get("DISCARD", path=each, execute=1)
        assert reply.of("Status")["Status"] == "FAILURE", each
    assert outside.read_bytes() == b"mine"
    assert (volume / ".ngas_volume_info").is_file()
    link.unlink()
    assert node.get("DISCARD", execute=1).status == 400
    assert node.get("DISCARD", path=outside, host_id="other:1").status == 400


def test_old_versions_are_purged_only_when_told(node: Node) -> None:
    for body in (b"1", b"2", b"3"):
        archive(node, "purge.bin", body)
    asked = node.get("PURGE")
    assert re.fullmatch(rb"\d+ files would be removed; execute=1 removes them\.\n", asked.body)
    assert node.get("STATUS", file_id="purge.bin", file_version=1).status == 200
    begun = node.get("PURGE", execute=1)
    assert re.fullmatch(
        rb"Thread PURGE_THREAD_\S+ is successfully launched to purge files\.\n", begun.body
    )
    until(lambda: node.get("STATUS", file_id="purge.bin", file_version=1).status == 400)
    until(lambda: node.get("STATUS", file_id="purge.bin", file_version=2).status == 400)
    assert node.get("RETRIEVE", file_id="purge.bin").body == b"3"


def test_rri_purge_says_what_would_go(node: Node) -> None:
    assert b"would be removed" in node.get("RRI_PURGE").body


def test_the_cache_is_told_what_may_go(node: Node) -> None:
    disk = archive(node, "cached.bin")["DiskId"]
    ids: dict[str, Any] = {"disk_id": disk, "file_id": "cached.bin", "file_version": 1}
    done = node.get("CACHEDEL", **ids)
    assert (done.status, done.message) == (200, "Successfully handled request")
    assert node.get("CACHEDEL", disk_id=disk).status == 400
    assert node.get("CACHEDEL", **{**ids, "file_id": "absent"}).status == 400
    assert node.get("ADDTOCACHE").body == b"Adding files to the Cache db now\n"

"""Plug-ins of the server itself are called when the manual says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hub.doors.node.conftest import MakeNode
from tests.services.hub import until
from tests.services.node import Node

PLUG_INS = """
from pathlib import Path

def note(server, line):
    with Path(server.root, "told").open("a") as told:
        told.write(line + "\\n")

def online(server, request=None):
    note(server, f"online {server.host_id} {sorted(server.parameters.items())}")
    if Path(server.root, "break").exists():
        raise OSError("no disks today")
    return {"slot-a": {"mount_point": server.root / "elsewhere", "disk_id": "of-the-plug-in"}}

def offline(server, request=None):
    note(server, f"offline {sorted(server.volumes)}")
    raise RuntimeError("that is no reason to stay")

def sync(server):
    note(server, f"sync {server.parameters['how']}")
    if Path(server.root, "break").exists():
        raise OSError("the disks do not answer")

def service(server, pars):
    note(server, f"service {pars['a']} {server.state}")
"""


@pytest.fixture(scope="module")
def node(make_node: MakeNode, tmp_path_factory: pytest.TempPathFactory) -> Node:
    folder = tmp_path_factory.mktemp("plug-ins")
    for each in ("online", "offline", "service", "sync"):
        (folder / f"{each}.py").write_text(PLUG_INS)
    made = make_node(
        start=False,
        server={"PluginsPath": str(folder)},
        elements={
            "SystemPlugIns": '<SystemPlugIns OnlinePlugIn="ngamsPlugIns.online" '
            'OnelinePlugInPars="a=b,c" OfflinePlugIn="offline" UserServicePlugIn="service" '
            'UserServicePlugInPars="a=1" UserServicePlugInPeriod="1" DiskSyncPlugIn="sync" '
            'DiskSyncPlugInPars="how=well"/>',
            "StorageSets": '<StorageSets><StorageSet StorageSetId="s" MainDiskSlotId="slot-a"/>'
            "</StorageSets>",
            "Streams": '<Streams><Stream MimeType="application/octet-stream" '
            'PlugIn="ngamsGenDapi"><StorageSetRef StorageSetId="s"/></Stream></Streams>',
        },
    )
    (made.root / "elsewhere").mkdir()
    return made.start()


def told(node: Node) -> list[str]:
    return Path(node.root, "told").read_text().splitlines()


def test_the_disks_are_those_that_the_plug_in_names(node: Node) -> None:
    assert (
        next(line for line in told(node) if "service" not in line)
        == f"online {node.host_id} [('a', 'b'), ('c', '')]"
    )
    disk = node.qarchive("a.bin", b"abc").of("DiskStatus")
    assert (disk["DiskId"], disk["SlotId"]) == ("of-the-plug-in", "slot-a")
    assert Path(disk["MountPoint"]) == node.root / "elsewhere"
    assert (node.root / "elsewhere" / ".ngas_volume_info").is_file()
    assert node.get("RETRIEVE", file_id="a.bin").body == b"abc"


def test_the_user_service_is_called_again_and_again(node: Node) -> None:
    until(lambda: told(node).count("service 1 ONLINE") >= 2)


def test_disks_are_synchronised_before_an_archive_is_acknowledged(node: Node) -> None:
    pars = {"filename": "synced.bin", "mime_type": "application/octet-stream"}
    assert node.post("ARCHIVE", b"abc", None, **pars).status == 200
    assert "sync well" in told(node)
    (node.root / "break").touch()
    reply = node.post("ARCHIVE", b"abcd", None, **pars)
    (node.root / "break").unlink()
    assert (reply.status, "the disks do not answer" in reply.message) == (400, True)
    assert node.get("STATUS", file_id="synced.bin").of("FileStatus")["FileSize"] == "3"


def test_offline_whatever_its_plug_in_says(node: Node) -> None:
    assert node.get("OFFLINE").status == 200
    # Its user service works at any time.
    assert [line for line in told(node) if "service" not in line][-1] == "offline ['slot-a']"
    assert node.get("ONLINE").status == 200


def test_online_only_with_disks(node: Node) -> None:
    node.qarchive("again.bin", b"abc")
    node.get("OFFLINE")
    (node.root / "break").touch()
    reply = node.get("ONLINE")
    assert reply.status == 400
    assert reply.message == "The plug-in ngamsPlugIns.online failed: OSError: no disks today"
    assert reply.of("Status")["State"] == "OFFLINE"
    (node.root / "break").unlink()
    assert node.get("ONLINE").of("Status")["State"] == "ONLINE"
    assert node.get("RETRIEVE", file_id="again.bin").status == 200

"""REGISTER, LABEL, CONFIG, UPDATECONFIGPAR, REMDISK, HELP on the wire, at one node."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.hub.doors.node.conftest import MakeNode
from tests.services.hub import until
from tests.services.node import Node, Reply

pytestmark = [pytest.mark.service, pytest.mark.database]

REGISTER = (
    "<Register>"
    '<PlugIn Name="ngamsPlugIns.ngamsRegisterGenericPlugIn">'
    '<MimeType Name="application/octet-stream"/><MimeType Name="text/xml"/></PlugIn>'
    '<PlugIn Name="ngamsFitsRegPlugIn"><MimeType Name="image/x-fits"/></PlugIn>'
    '<PlugIn Name="mine"><MimeType Name="application/x-tar"/></PlugIn>'
    "</Register>"
)
PLUG_INS = (
    '<SystemPlugIns OnlinePlugIn="ngamsGenericOnlinePlugIn"'
    ' OfflinePlugIn="ngamsGenericOfflinePlugIn" LabelPrinterPlugIn="printer"/>'
)
USERS = (
    '<Authorization Enable="1" Exclude="*">'
    '<User Name="anna" Password="YW5uYQ==" Commands="*"/></Authorization>'
)
ANNA = {"Authorization": "Basic YW5uYTphbm5h"}


@pytest.fixture(scope="module")
def node(make_node: MakeNode, database: str, tmp_path_factory: pytest.TempPathFactory) -> Node:
    plug_ins = tmp_path_factory.mktemp("plug-ins")
    (plug_ins / "printer.py").write_text(
        "from pathlib import Path\n"
        "def printer(server, text, request=None):\n"
        "    Path(server.root, 'printed').write_text(text)\n"
    )
    (plug_ins / "mine.py").write_text(
        "def mine(server, request, pars):\n"
        "    return {'file_id': 'mine-' + request.staged.name, 'format': request.mime_type}\n"
    )
    return make_node(
        database=database,
        volumes=("one", "two", "three", "four"),
        server={"PluginsPath": str(plug_ins), "RequestDbBackend": "memory"},
        elements={"Register": REGISTER, "SystemPlugIns": PLUG_INS, "Authorization": USERS},
    )


def volume(node: Node, slot: str = "one") -> Path:
    return node.root / "volumes" / slot


def lay(node: Node, name: str, body: bytes = b"lies there") -> Path:
    path = volume(node) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def counts(reply: Reply) -> tuple[str | None, str | None]:
    status = reply.of("Status")
    return status.get("ExpectedCount"), status.get("ActualCount")


def test_a_file_that_lies_there_is_registered(node: Node) -> None:
    path = lay(node, "old/lying.bin")
    reply = node.get("REGISTER", path=path)
    assert (reply.status, reply.message) == (200, "Successfully handled command REGISTER")
    assert counts(reply) == ("1", "1")
    told = node.get("STATUS", file_id="lying.bin").of("FileStatus")
    assert told["FileName"] == "old/lying.bin"
    assert told["ChecksumPlugIn"] == "ngamsGenCrc32"
    assert path.stat().st_mode & 0o777 == 0o444
    assert node.get("RETRIEVE", file_id="lying.bin").body == b"lies there"
    assert node.get("CHECKFILE", file_id="lying.bin").message.startswith("NGAMS_INFO_FILE_OK")
    journal = b"".join(each.read_bytes() for each in (volume(node) / ".lagan").rglob("*.jsonl"))
    assert b'"file":"lying.bin"' in journal
    assert counts(node.get("REGISTER", path=path)) == ("0", "0")


def test_a_folder_is_registered_with_what_fails_in_the_answer(node: Node) -> None:
    for name in ("a.bin", "deep/b.xml", "c.unknown", "d.txt", "e.tar"):
        lay(node, f"folder/{name}")
    card = b"ARCFILE = 'TEST.2001-05-08T15:25:00.123.fits'".ljust(80) + b"END".ljust(80)
    lay(node, "folder/f.fits", card.ljust(2880))
    lay(node, "folder/g.fits", b"END".ljust(2880))
    reply = node.get("REGISTER", path=volume(node) / "folder")
    assert reply.status == 400
    assert reply.of("Status")["Status"] == "FAILURE"
    assert counts(reply) == ("6", "4")
    assert reply.message.startswith("NGAMS_ER_FILE_REG_FAILED:4055:ERROR:")
    assert "d.txt" in reply.message
    assert "g.fits" in reply.message
    for file_id in ("a.bin", "b.xml", "mine-e.tar", "TEST.2001-05-08T15:25:00.123"):
        assert node.get("STATUS", file_id=file_id).status == 200, file_id
    assert node.get("STATUS", file_id="c.unknown").status == 400


def test_only_the_types_that_are_asked_for(node: Node) -> None:
    lay(node, "types/x.bin")
    lay(node, "types/y.xml")
    reply = node.get("REGISTER", path=volume(node) / "types", mime_type="text/xml,text/none")
    assert counts(reply) == ("1", "1")
    assert node.get("STATUS", file_id="y.xml").status == 200
    assert node.get("STATUS", file_id="x.bin").status == 400


def test_registering_in_the_background(node: Node) -> None:
    for number in range(60):
        lay(node, f"many/{number}.bin", b"%d" % number)
    asked: dict[str, Any] = {"path": volume(node) / "many", "async": 1}
    reply = node.get("REGISTER", **asked)
    assert reply.message == "Accepted REGISTER command for execution"
    id = reply.of("Status")["RequestId"]

    def done() -> bool:
        status = node.get("STATUS", request_id=id).of("Status")
        return status.get("CompletionPercent") == "100.00" and "CompletionTime" in status

    until(done)
    assert counts(node.get("STATUS", request_id=id)) == ("60", "60")
    assert node.get("RETRIEVE", file_id="59.bin").body == b"59"


@pytest.mark.parametrize(
    "inner", ["../../../..", "one/../../../node.xml", "one/.lagan", "one/absent", "one/none.bin"]
)
def test_what_is_on_no_volume_is_not_registered(node: Node, inner: str) -> None:
    reply = node.get("REGISTER", path=f"{node.root}/volumes/{inner}")
    assert reply.status == 400
    assert reply.message.startswith("NGAMS_ER_FILE_REG_FAILED:4055:ERROR:")


def test_a_link_is_not_registered(node: Node) -> None:
    outside = node.folder / "outside.bin"
    outside.write_bytes(b"secret")
    (volume(node) / "link.bin").symlink_to(outside)
    assert node.get("REGISTER", path=volume(node) / "link.bin").status == 400
    assert node.get("STATUS", file_id="link.bin").status == 400
    (volume(node) / "link.bin").unlink()


def disk_in(node: Node, slot: str) -> str:
    rows = json.loads(node.get("QUERY", query="disks_list", format="json").body)
    return next(str(each["disk_id"]) for each in rows if each["slot_id"] == slot)


def test_a_label_is_printed_by_the_plug_in(node: Node) -> None:
    disk = node.get("STATUS", disk_id=disk_in(node, "two")).of("DiskStatus")
    reply = node.get("LABEL", slot_id="two", host_id=node.host_id)
    assert reply.message == "Successfully handled command LABEL"
    assert (node.root / "printed").read_text() == f"TestArchive: {disk['LogicalName']}"
    assert node.get("LABEL", disk_id=disk["DiskId"]).status == 200
    assert node.get("LABEL", disk_id="nowhere").status == 400
    assert node.get("LABEL", slot_id="nowhere").status == 400
    assert node.get("LABEL").status == 400


def test_a_disk_gets_another_name(node: Node) -> None:
    disk = disk_in(node, "three")
    assert node.get("LABEL", relabel=disk, new_label="NAME-M-000077").status == 200
    assert node.get("STATUS", disk_id=disk).of("DiskStatus")["LogicalName"] == "NAME-M-000077"
    assert b"NAME-M-000077" in (volume(node, "three") / "NgasDiskInfo").read_bytes()
    for label in ("NAME-M-000077", "a b", "R-000001"):
        assert node.get("LABEL", relabel=disk_in(node, "two"), new_label=label).status == 400


def test_config_changes_the_log(node: Node) -> None:
    reply = node.get("CONFIG", log_local_log_level=5, log_verbose_level=2)
    assert (reply.status, reply.message) == (200, "Handled CONFIG command")
    assert node.get("CONFIG", log_local_log_level=9).status == 400
    assert node.get("CONFIG", log_local_log_file="../../etc/passwd").status == 400
    assert node.get("CONFIG", log_local_log_file="other.nglog").status == 200
    node.get("STATUS", file_id="shows-in-the-log")
    assert (node.root / "log" / "other.nglog").is_file()


def test_a_value_of_the_configuration_is_changed(node: Node) -> None:
    path = "NgamsCfg.ArchiveHandling[1].CRCVariant"
    reply = node.get("UPDATECONFIGPAR", config_param=path, config_value="crc32c")
    assert reply.status == 200, reply.body
    assert "to its new value 'crc32c'" in reply.message
    assert node.get("STATUS", configuration_file=-1).of("ArchiveHandling")["CRCVariant"] == "crc32c"
    told = node.qarchive("changed.bin", b"hello world\n").of("FileStatus")
    assert told["Checksum"] == "4043272850"
    assert node.get("UPDATECONFIGPAR", config_param=path, config_value="0").status == 200


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("NgamsCfg.ArchiveHandling[1].CRCVariant", "9", "no checksum variant"),
        ("NgamsCfg.Server[1].PortNo", "1", "takes effect only"),
        ("NgamsCfg.Permissions[1].AllowRemoveReq", "1", "only an authorised user"),
        ("NgamsCfg.Authorization[1].Enable", "0", "configuration file alone"),
        ("NgamsCfg.Lagan[1].Targets", "*", "configuration file alone"),
        ("NgamsCfg.Streams[1].Stream[1].PlugIn", "evil", "only an authorised user"),
        ("NgamsCfg.Nothing[1].Here", "1", "no element of"),
        ("NgamsCfg", "1", "is no path"),
        ("../x", "1", "is no path"),
    ],
)
def test_what_may_not_be_changed(node: Node, path: str, value: str, why: str) -> None:
    reply = node.get("UPDATECONFIGPAR", config_param=path, config_value=value)
    assert reply.status == 400
    assert why in reply.message
    assert node.get("UPDATECONFIGPAR", config_param=path).status == 400


def test_an_authorised_user_may_change_more(node: Node) -> None:
    path = {"config_param": "NgamsCfg.Permissions[1].AllowRemoveReq"}
    assert node.get("UPDATECONFIGPAR", ANNA, config_value="0", **path).status == 200
    for command in ("REMFILE", "REMDISK", "DISCARD", "PURGE", "RRI_PURGE", "CACHEDEL"):
        refused = node.get(command, execute=1, disk_id="x", file_id="x", path="/x")
        assert refused.status == 400
        assert refused.message.startswith("NGAMS_ER_ILL_REQ:4017:ERROR:")
    assert node.get("UPDATECONFIGPAR", ANNA, config_value="1", **path).status == 200


@pytest.mark.parametrize(
    ("command", "kind", "words"),
    [
        ("HELP", "text/plain; charset=utf-8", b"UPDATECONFIGPAR"),
        ("favicon.ico", "image/svg+xml", b"<svg"),
        ("robots.txt", "text/plain", b"Disallow: /"),
    ],
)
def test_what_browsers_ask_for(node: Node, command: str, kind: str, words: bytes) -> None:
    reply = node.get(command)
    assert (reply.status, reply.headers["content-type"]) == (200, kind)
    assert words in reply.body


def test_a_disk_leaves_when_all_its_files_are_elsewhere(node: Node) -> None:
    disk, path = disk_in(node, "four"), volume(node, "four")
    done = node.get("REGISTER", path=path)
    assert counts(done) == ("0", "0")
    source = disk_in(node, "one")
    lay(node, "leaving.bin")
    assert node.get("REGISTER", path=volume(node) / "leaving.bin").status == 200
    assert node.get("CLONE", file_id="leaving.bin", target_disk_id=disk).status == 200
    refused = node.get("REMDISK", disk_id=disk, execute=1)
    assert refused.status == 400
    assert refused.message.startswith("NGAMS_WA_FILE_COPIES:4046:WARNING:")
    for name in [each for each in held(node, disk) if each != "leaving.bin"]:
        node.get("DISCARD", disk_id=disk, file_id=name, file_version=1, execute=1)
    assert (
        node.get("CLONE", file_id="leaving.bin", target_disk_id=disk_in(node, "two")).status == 200
    )
    stray = path / "stray.bin"
    stray.write_bytes(b"stray")
    unknown = node.get("REMDISK", disk_id=disk, execute=1)
    assert unknown.status == 400
    assert unknown.message.startswith("NGAMS_WA_FILES_NOT_REG:4050:WARNING:")
    assert "stray.bin" in unknown.message
    stray.unlink()
    assert node.get("REMDISK", disk_id=disk).message.startswith(
        "NGAMS_INFO_DEL_DISK_SEL:4044:INFO:"
    )
    assert (path / ".ngas_volume_info").is_file()
    gone = node.get("REMDISK", disk_id=disk, execute=1)
    assert (gone.status, gone.message.split(" ")[0]) == (200, "NGAMS_INFO_DEL_DISK:4043:INFO:")
    assert node.get("STATUS", disk_id=disk).status == 400
    assert list(path.iterdir()) == []
    assert node.get("RETRIEVE", file_id="leaving.bin", disk_id=source).body == b"lies there"
    assert node.get("REMDISK", disk_id=disk, execute=1).status == 400
    assert node.get("REMDISK").status == 400


def held(node: Node, disk: str) -> list[str]:
    rows = json.loads(node.get("QUERY", query="files_list", format="json").body)
    return [each["file_id"] for each in rows if each["disk_id"] == disk]


def test_a_whole_disk_is_cloned_and_told_of_honestly(node: Node) -> None:
    disk = disk_in(node, "one")
    expected = str(len(held(node, disk)))
    asked: dict[str, Any] = {"disk_id": disk, "async": 1}
    reply = node.get("CLONE", **asked)
    assert reply.message == "Accepted CLONE command for execution"
    assert reply.of("Status")["ExpectedCount"] == expected
    id = reply.of("Status")["RequestId"]
    until(lambda: "CompletionTime" in node.get("STATUS", request_id=id).of("Status"), 60)
    told = node.get("STATUS", request_id=id)
    assert counts(told) == (expected, expected), told.message

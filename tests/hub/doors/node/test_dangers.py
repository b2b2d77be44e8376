"""What a plain address could do to the archive server is refused here, or harmless.

Each line is a danger of reference/ngas-http.md section 17.5.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.hub.doors.node.conftest import MakeNode
from tests.services.node import Node

HELLO = b"hello world\n"
OUT, VOLUME, ROOT = "{outside}", "{volume}", "{root}"

DELETIONS = [
    ("PURGE", {}),
    ("PURGE", {"execute": "1"}),
    ("RRI_PURGE", {"execute": "1"}),
    ("REMDISK", {"disk_id": "{disk}", "execute": "1"}),
    ("REMFILE", {"disk_id": "{disk}", "file_id": "keep.txt", "execute": "1"}),
    (
        "DISCARD",
        {"disk_id": "{disk}", "file_id": "keep.txt", "file_version": "1", "execute": "1"},
    ),
    ("DISCARD", {"path": f"{OUT}/secret", "execute": "1"}),
    ("DISCARD", {"path": f"{VOLUME}/keep.txt", "execute": "1"}),
    ("CACHEDEL", {"disk_id": "{disk}", "file_id": "keep.txt", "file_version": "1"}),
]
"""Refused where the configuration does not allow removal."""

ANYWHERE = [
    *(("DISCARD", {"path": path, "execute": "1"}) for path in (
        f"{OUT}/secret", f"{VOLUME}/../../../outside/secret", f"{VOLUME}/link/secret",
        f"{ROOT}/ngas.sqlite", f"{VOLUME}/.ngas_volume_info", f"{VOLUME}/NgasDiskInfo",
        f"{VOLUME}/.lagan/volume.json", "/etc/hostname", VOLUME)),
    ("REMDISK", {"disk_id": "../..", "execute": "1"}),
    *(("LARCHIVE", {"fileUri": path, "mime_type": "text/plain"}) for path in (
        f"{OUT}/secret", f"{VOLUME}/link/secret", "/etc/hostname", "file:///etc/hostname",
        f"{ROOT}/../../outside/secret", f"{VOLUME}/.ngas_volume_info")),
    *((command, {"filename": path, "mime_type": "text/plain"})
      for command in ("ARCHIVE", "QARCHIVE")
      for path in (f"{OUT}/secret", f"file://{OUT}/secret", "file:///etc/passwd", "/dev/zero",
                   f"{VOLUME}/link/secret", f"{ROOT}/ngas.lagan.sqlite", "/proc/self/environ")),
    ("BBCPARC", {"filename": f"ssh://localhost{OUT}/secret", "mime_type": "text/plain"}),
    *(("REGISTER", {"path": path, "mime_type": "text/plain"})
      for path in (OUT, f"{VOLUME}/link", "/etc", f"{VOLUME}/../../../outside")),
    *((name, {}) for name in ("os", "subprocess", "lagan.cli", "ngamsCmd_x", "../x", "this")),
    *(("SUBSCRIBE", {"url": "http://127.0.0.1:1/QARCHIVE", "subscr_id": name,
                     "filter_plug_in": name}) for name in ("os.system", "../mine")),
    ("RETRIEVE", {"file_id": "keep.txt", "processing": "os.system", "processingPars": "id"}),
    *(("RETRIEVE", {"internal": name}) for name in ("../../secret", "cfg", "/etc/passwd")),
    ("STATUS", {"dump_object_info": f"{OUT}/dumped"}),
    ("STATUS", {"file_list": "1", "file_list_id": "../../outside/secret"}),
    ("FILEONHOST", {"file_path": f"{OUT}/secret"}),
    ("CONFIG", {"log_local_log_file": f"{OUT}/log"}),
    ("UPDATECONFIGPAR", {"config_param": "NgamsCfg.Server[1].PluginsPath", "config_value": OUT}),
    ("RUNTASK", {"task": "id"}),
]  # fmt: skip
"""Nothing outside the volumes is read, written or deleted and nobody's code is run, whatever is
allowed."""


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is none of the node's business."""
    made = tmp_path_factory.mktemp("nobodys") / "outside"
    made.mkdir()
    (made / "secret").write_bytes(b"the secret of this test")
    return made


def prepared(node: Node, outside: Path) -> Node:
    assert node.qarchive("keep.txt", HELLO, mime_type="text/plain").status == 200
    assert node.qarchive("keep.txt", HELLO, mime_type="text/plain").status == 200
    for each in node.volumes:
        (node.root / "volumes" / each / "link").symlink_to(outside)
    return node


@pytest.fixture(scope="module")
def node(make_node: MakeNode, outside: Path) -> Node:
    """Everything is allowed."""
    return prepared(make_node(), outside)


@pytest.fixture(scope="module")
def careful(make_node: MakeNode, outside: Path) -> Node:
    """Removal is not allowed."""
    permissions = (
        '<Permissions AllowArchiveReq="1" AllowProcessingReq="1" AllowRemoveReq="0"'
        ' AllowRetrieveReq="1"/>'
    )
    return prepared(make_node(elements={"Permissions": permissions}), outside)


def state(node: Node, outside: Path) -> dict[str, bytes | None]:
    """Everything outside, and every archived file."""
    volumes = node.root / "volumes"
    kept = [*outside.rglob("*"), *(each for each in volumes.rglob("*") if each.is_file())]
    own = {".lagan", "NgasDiskInfo"}
    return {
        str(each): each.read_bytes() if each.is_file() else None
        for each in kept
        if not own.intersection(each.parts)
    }


def ask(node: Node, outside: Path, command: str, pars: dict[str, str]) -> bytes:
    file = node.get("STATUS", file_id="keep.txt")
    where = {
        "outside": outside,
        "volume": file.of("DiskStatus")["MountPoint"],
        "root": node.root,
        "disk": file.of("DiskStatus")["DiskId"],
    }
    filled = {name: value.format(**where) for name, value in pars.items()}
    reply = node.ask("GET", command, None, None, **filled)
    assert reply.status < 500
    return reply.body


@pytest.mark.parametrize(("command", "pars"), DELETIONS)
def test_nothing_is_deleted_where_removal_is_not_allowed(
    careful: Node, outside: Path, command: str, pars: dict[str, str]
) -> None:
    before = state(careful, outside)
    said = ask(careful, outside, command, pars)
    assert b'Status="FAILURE"' in said, said
    assert state(careful, outside) == before


@pytest.mark.parametrize(("command", "pars"), ANYWHERE)
def test_nothing_outside_is_reached(
    node: Node, outside: Path, command: str, pars: dict[str, str]
) -> None:
    before = state(node, outside)
    said = ask(node, outside, command, pars)
    assert b"the secret of this test" not in said
    assert b"root:x:0" not in said
    assert state(node, outside) == before


@pytest.mark.parametrize("program", ["touch", "/usr/bin/touch", "sh -c id", "python3"])
def test_no_request_names_a_program(node: Node, outside: Path, program: str) -> None:
    before = set(outside.iterdir())
    pars = {"compression": f"{program} {outside}/ran", "compression_ext": "txt"}
    reply = node.qarchive("packed.txt", HELLO, mime_type="text/plain", **pars)
    assert (reply.status, reply.of("Status")["Status"]) == (400, "FAILURE")
    assert set(outside.iterdir()) == before
    assert node.get("STATUS", file_id="packed.txt").status == 400


def test_a_query_is_a_name_and_its_values_are_values(node: Node) -> None:
    union = "x' UNION SELECT 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17 --"
    assert node.get("QUERY", query="SELECT 1", format="json").status == 400
    reply = node.get("QUERY", query="files_like", like=union, format="json")
    assert (reply.status, json.loads(reply.body)) == (200, [])

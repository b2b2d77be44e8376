"""Containers on the wire: made, listed, filled, emptied, closed, dissolved."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.services.node import Node, Reply

pytestmark = pytest.mark.database


def create(node: Node, name: str, **headers: str) -> str:
    """The id of a new container."""
    return node.get("CCREATE", headers, container_name=name).of("Container")["id"]


def archive(node: Node, *names: str, content: bytes = b"0123456789") -> list[str]:
    for each in names:
        assert node.qarchive(each, content).status == 200
    return list(names)


def listed(node: Node, id: str) -> ElementTree.Element:
    document = node.get("CLIST", container_id=id).document
    assert document is not None
    found = document.find("Container")
    assert found is not None
    return found


def files(container: ElementTree.Element) -> list[str]:
    return [each.attrib["FileId"] for each in container.findall("FileStatus")]


def size(node: Node, id: str) -> int:
    return int(listed(node, id).attrib["size"])


def body(*ids: str) -> bytes:
    listed = "".join(f'<File FileId="{each}"/>' for each in ids)
    return f"<FileList>{listed}</FileList>".encode()


def refused(reply: Reply, words: str) -> None:
    assert (reply.status, reply.of("Status")["Status"]) == (400, "FAILURE")
    assert words in reply.message


def test_a_container_is_made_by_its_name(node: Node) -> None:
    reply = node.get("CCREATE", container_name="first <&> größe")
    assert reply.status == 200
    assert reply.message == "Successfully created container(s)"
    made = reply.of("Container")
    assert made["name"] == "first <&> größe"
    assert made["size"] == "0"
    assert len(made["id"]) == 36


def test_the_answer_is_one_line_without_a_document_type(node: Node) -> None:
    reply = node.get("CCREATE", container_name="one line")
    assert reply.body.startswith(b'<?xml version="1.0" encoding="utf8"?><NgamsStatus><Status Date=')
    assert b"\n" not in reply.body
    assert b"DOCTYPE" not in reply.body
    assert reply.headers["content-type"] == "text/xml"


def test_a_tree_is_made_from_xml(node: Node) -> None:
    sent = b'<Container name="t"><Container name="u"><Container name="v"/></Container></Container>'
    made = node.post("CCREATE", sent).document
    assert made is not None
    containers = list(made.iter("Container"))
    assert [each.attrib["name"] for each in containers] == ["t", "u", "v"]
    assert {each.attrib["size"] for each in containers} == {"-1"}
    tree = listed(node, containers[0].attrib["id"])
    assert [each.attrib["name"] for each in tree.iter("Container")] == ["t", "u", "v"]
    assert {each.attrib["size"] for each in tree.iter("Container")} == {"0"}


def test_a_parent_is_named_by_a_header_a_parameter_or_an_attribute(node: Node) -> None:
    top = create(node, "parent")
    create(node, "by header", parent_container_id=top)
    node.get("CCREATE", container_name="by parameter", parent_container_id=top)
    node.post("CCREATE", f'<Container name="by xml" parentContainerId="{top}"/>'.encode())
    inner = [each.attrib["name"] for each in listed(node, top).findall("Container")]
    assert inner == ["by header", "by parameter", "by xml"]


def test_names_at_one_place_differ_but_roots_may_share_one(node: Node) -> None:
    top = create(node, "shared")
    create(node, "in", parent_container_id=top)
    refused(node.get("CCREATE", {"parent_container_id": top}, container_name="in"), "already exist")
    twice = b'<Container name="x"><Container name="a"/><Container name="a"/></Container>'
    refused(node.post("CCREATE", twice), "already exists as subcontainer of 'x'")
    assert create(node, "shared") != top
    refused(node.get("CLIST", container_name="shared"), "More than one container with name")
    assert node.get("CLIST", container_id=top, container_name="shared").status == 200


@pytest.mark.parametrize(
    ("pars", "words"),
    [
        ({}, "Invalid parameter: container_id or container_name needed"),
        ({"container_id": "", "container_name": ""}, "container_id or container_name needed"),
        ({"container_id": "nothing"}, "Invalid parameter: No container with id 'nothing'"),
        ({"container_name": "nothing"}, "No container with name 'nothing'"),
    ],
)
@pytest.mark.parametrize("command", ["CLIST", "CAPPEND", "CREMOVE", "CDESTROY"])
def test_which_container_is_asked_for(
    node: Node, command: str, pars: dict[str, str], words: str
) -> None:
    refused(node.ask("GET", command, None, None, **pars), words)


def test_what_makes_no_container(node: Node) -> None:
    refused(node.get("CCREATE"), "No container_name parameter given")
    refused(node.get("CCREATE", container_name="a\x01b"), "no name of a container")
    refused(node.get("CCREATE", container_name="x", parent_container_id="no"), "No container with")
    refused(node.post("CCREATE", b"<Container"), "Line 1")
    refused(node.post("CCREATE", b""), "no element found")


def test_files_go_in_and_out(node: Node) -> None:
    box = create(node, "in and out")
    archive(node, "io1", "io2", "io3")
    reply = node.get("CAPPEND", container_id=box, file_id="io1")
    assert (reply.status, reply.message) == (200, "Successfully handled request")
    assert node.post("CAPPEND", body("io2", "io3", "io2"), container_id=box).status == 200
    tree = listed(node, box)
    assert files(tree) == ["io1", "io2", "io3"]
    assert tree.attrib["size"] == "30"
    assert tree.find("FileStatus").attrib["ContainerId"] == box  # type: ignore[union-attr]
    assert node.get("CREMOVE", container_name="in and out", file_id="io1").status == 200
    assert node.post("CREMOVE", body("io2", "never"), container_id=box).status == 200
    assert (files(listed(node, box)), size(node, box)) == (["io3"], 10)


def test_all_or_nothing(node: Node) -> None:
    box = create(node, "all or nothing")
    archive(node, "aon")
    refused(node.post("CAPPEND", body("aon", "never"), container_id=box), "No file with fileId")
    assert (files(listed(node, box)), size(node, box)) == ([], 0)
    refused(node.get("CAPPEND", container_id=box), "No file_id given in GET request")


def test_a_file_is_in_one_container_unless_it_is_taken(node: Node) -> None:
    one, two = create(node, "one"), create(node, "two")
    archive(node, "mine")
    node.get("CAPPEND", container_id=one, file_id="mine")
    assert node.get("CAPPEND", container_id=one, file_id="mine").status == 200
    refused(node.get("CAPPEND", container_id=two, file_id="mine"), "already in another container")
    assert (size(node, one), size(node, two)) == (10, 0)
    assert node.get("CAPPEND", container_id=two, file_id="mine", force=1).status == 200
    assert (files(listed(node, one)), files(listed(node, two))) == ([], ["mine"])
    assert (size(node, one), size(node, two)) == (0, 10)


def test_versions_belong_together(node: Node) -> None:
    box = create(node, "versions")
    archive(node, "twice")
    archive(node, "twice", content=b"longer than before")
    node.get("CAPPEND", container_id=box, file_id="twice")
    file = listed(node, box).findall("FileStatus")
    assert [(each.attrib["FileVersion"], each.attrib["FileSize"]) for each in file] == [("2", "18")]
    assert size(node, box) == 18


def test_a_container_is_closed(node: Node) -> None:
    box = create(node, "to close")
    archive(node, "last one")
    assert "ingestionDate" not in listed(node, box).attrib
    node.get("CAPPEND", container_id=box, file_id="last one", close_container=1)
    assert "ingestionDate" in listed(node, box).attrib


def test_a_container_goes_and_its_files_stay(node: Node) -> None:
    top = create(node, "to dissolve")
    inner = create(node, "inner", parent_container_id=top)
    archive(node, "survivor")
    node.get("CAPPEND", container_id=inner, file_id="survivor")
    refused(node.get("CDESTROY", container_id=top), "has sub-containers, use the recursive option")
    reply = node.get("CDESTROY", container_id=top, recursive=1)
    assert (reply.status, reply.message) == (200, "Successfully handled request")
    for each in (top, inner):
        refused(node.get("CLIST", container_id=each), "No container with id")
    assert node.get("STATUS", file_id="survivor").of("FileStatus")["ContainerId"] == "None"
    assert node.get("RETRIEVE", file_id="survivor").body == b"0123456789"


def test_containers_need_no_disks(node: Node) -> None:
    box = create(node, "offline too")
    assert node.get("OFFLINE").status == 200
    try:
        assert listed(node, box).attrib["name"] == "offline too"
    finally:
        assert node.get("ONLINE").status == 200

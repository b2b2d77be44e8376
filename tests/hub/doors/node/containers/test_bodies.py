"""XML about containers is read safely."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.doors.node.containers.bodies import file_ids, tree
from lagan.kit.errors import BadInput

BOMB = b"""<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">]>
<FileList><File FileId="&y;"/></FileList>"""
THIEF = b"""<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<FileList><File FileId="&x;"/></FileList>"""


def test_files_in_their_order() -> None:
    body = '<?xml version="1.0"?><FileList><File FileId="a b"/><File FileId="Größe"/></FileList>'
    assert file_ids([body.encode()]) == ["a b", "Größe"]
    assert file_ids(bytes([each]) for each in body.encode()) == ["a b", "Größe"]


def test_a_tree_with_its_parent() -> None:
    wanted, parent = tree(
        [b'<Container name="top" parentContainerId="p"><Container name="in"/></Container>']
    )
    assert (wanted.name, [each.name for each in wanted.inner], parent) == ("top", ["in"], "p")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (BOMB, "defines the entity"),
        (THIEF, "defines the entity"),
        (b"", "no element found"),
        (b"<FileList/>", "names no File"),
        (b'<FileList><File/><File FileId="a"/></FileList>', "Line 1: a File has no FileId"),
        (b"<FileList>", "no element found"),
        (b"hello", "syntax error"),
        (b"<a>" * 40, "levels deep"),
        (b"<F>" + b'<File FileId="a"/>' * 100_001 + b"</F>", "At most 100000"),
    ],
)
def test_what_is_no_list_of_files(body: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        file_ids([body])


@pytest.mark.parametrize(
    "body",
    [
        b'<Container name=""/>',
        b"<Container/>",
        b'<Box name="a"/>',
        b'<Container name="a"><File FileId="x"/></Container>',
        b'<Container name="a"/><Container name="b"/>',
        b'<Container name="a">' * 33 + b"</Container>" * 33,
    ],
)
def test_what_is_no_tree(body: bytes) -> None:
    with pytest.raises(BadInput):
        tree([body])


@given(st.binary(max_size=300))
def test_noise_is_refused(noise: bytes) -> None:
    for read in (file_ids, tree):
        with pytest.raises(BadInput):
            read([noise])

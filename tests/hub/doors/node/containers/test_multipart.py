"""Containers are read as they are written, whatever the pieces in which they come."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.doors.node.containers.multipart import (
    DEEPEST,
    BadContainer,
    Closed,
    FileBegins,
    FileEnds,
    Opened,
    parse,
)
from lagan.hub.doors.node.wire.body import Cut
from lagan.kit.errors import BadInput
from tests.hub.doors.node.containers.messages import END, Tree, message, part

PIECES = [1, 2, 3, 7, 50, 1 << 20]


def read(body: bytes, size: int = 1 << 20, **told: str) -> dict[str, Any]:
    """The tree that a body says, when it comes in pieces of `size` bytes."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    top: dict[str, Any] = {}
    inside = [top]
    for event in parse(iter(pieces), **told):
        match event:
            case Opened(name):
                inside[-1][name] = {}
                inside.append(inside[-1][name])
            case Closed():
                inside.pop()
            case FileBegins(name, _):
                at = name
                inside[-1][at] = b""
            case bytes():
                inside[-1][at] += event
            case FileEnds():
                pass
    assert len(inside) == 1
    return top


TREE: Tree = {
    "a.txt": b"hello\r\n",
    "empty": b"",
    "sub": {"b.bin": bytes(range(256)) * 3, "deeper": {"c": b"\r\n--b0+/=\r\n\r\n--b"}, "none": {}},
    "d": b"\r\n",
}


@pytest.mark.parametrize("size", PIECES)
@pytest.mark.parametrize("blank", [b"", END, END + END])
def test_a_tree_comes_whole(size: int, blank: bytes) -> None:
    assert read(message("N", TREE, blank=blank), size) == {"N": TREE}


contents = st.binary(max_size=60) | st.lists(
    st.sampled_from([b"\r", b"\n", b"-", b"--", b"b0", b"\r\n--b0+/=", b"x"]), max_size=8
).map(b"".join)
names = st.text("abcdefg .", min_size=1, max_size=8).filter(lambda name: name.strip() == name)
trees = st.recursive(
    st.dictionaries(names, contents, max_size=3),
    lambda inner: st.dictionaries(names, contents | inner, max_size=3),
    max_leaves=12,
)


@given(tree=trees, size=st.sampled_from(PIECES))
def test_any_tree_comes_whole(tree: Tree, size: int) -> None:
    assert read(message("N", tree), size) == {"N": tree}


@pytest.mark.parametrize("size", PIECES)
def test_line_ends_of_other_systems(size: int) -> None:
    body = message("N", {"a": b"one", "b": b"two"}).replace(END, b"\n")
    assert read(body, size) == {"N": {"a": b"one", "b": b"two"}}


def test_what_stands_around_the_parts_does_not_count() -> None:
    body = message("N", {"a": b"one"}).replace(b"\r\n\r\n\r\n--", b"\r\n\r\nhello there\r\n--", 1)
    assert read(body + b"\r\nand good bye") == {"N": {"a": b"one"}}


def test_the_head_may_be_the_requests_own() -> None:
    head, _, rest = message("N", {"a": b"one"}).partition(b"\r\n\r\n")
    top = head.decode().partition("Content-Type: ")[2]
    assert read(rest, top=top) == {"N": {"a": b"one"}}
    nameless = top.replace('container_name="N"; ', "")
    assert read(rest, top=nameless, name="told") == {"told": {"a": b"one"}}


def test_names_of_any_script() -> None:
    assert read(message("Größe", {"naïve \u6587.txt": b"x"})) == {
        "Größe": {"naïve \u6587.txt": b"x"}
    }


def test_types_are_told() -> None:
    begun = [each for each in parse([message("N", {"a": b""})]) if isinstance(each, FileBegins)]
    assert begun == [FileBegins("a", "text/plain")]
    untold = message("N", {"a": b""}).replace(b"Content-Type: text/plain\r\n", b"")
    assert FileBegins("a", "") in list(parse([untold]))


@given(st.data())
def test_what_is_cut_says_so(data: st.DataObject) -> None:
    whole = message("N", TREE)
    length = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(Cut):
        read(whole[:length], data.draw(st.sampled_from(PIECES)))


@given(st.binary(max_size=200))
def test_anything_else_is_refused(noise: bytes) -> None:
    with pytest.raises((BadInput, Cut)):
        read(noise)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"Content-Type: text/plain\r\n\r\nx", "no boundary"),
        (b'Content-Type: multipart/mixed; boundary="B"\r\n\r\n', "no container_name"),
        (b'Content-Type: multipart/mixed; container_name="N"\r\n\r\n', "no boundary"),
        (message("a\tb", {}), "no name of a container"),
        (message("x" * 256, {}), "no name of a container"),
        (message("N", {}).replace(b"b0", b"b" * 300), "no boundary"),
        (message("N", {"": b"x"}), "no filename"),
        (message("N", {"s": {}}).replace(b"b1", b"b0"), "boundary of one that it is in"),
        (b"A: " + b"x" * 3_000_000, "headers have at most"),
        (message("N", {"a": b""}, blank=b"x" * 70_000), "does not begin"),
    ],
)
def test_refusals(body: bytes, words: str) -> None:
    with pytest.raises(BadContainer, match=words):
        read(body)


def test_the_deepest_there_is() -> None:
    tree: Tree = {"leaf": b"x"}
    for level in range(DEEPEST - 1):
        tree = {f"s{level}": tree}
    assert read(message("N", tree)) == {"N": tree}
    with pytest.raises(BadContainer, match="levels deep"):
        read(message("N", {"one more": tree}))


def test_memory_is_flat() -> None:
    """Of a large file never more than two pieces are held."""
    head, _, tail = message("N", {"a": b"*"}).partition(b"*")
    piece = b"\n--b0+" * 20_000

    def pieces() -> Any:
        yield head
        for _ in range(50):
            yield piece
        yield tail

    largest = max(len(each) for each in parse(pieces()) if isinstance(each, bytes))
    assert largest <= 2 * len(piece)


def test_a_part_of_the_helpers_own() -> None:
    assert part("a", b"x", "b/c").endswith(b'filename="a"\r\n\r\nx')

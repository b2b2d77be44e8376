"""What goes out is what other programs unpack."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.doors.node.containers.groups import Group
from lagan.hub.doors.node.containers.outgoing import (
    Content,
    as_multipart,
    as_tar,
    distinct,
    length,
)
from lagan.hub.doors.node.models import Container, StoredFile
from tests.hub.doors.node.containers.messages import Tree, message
from tests.hub.doors.node.containers.test_multipart import read


def group(name: str, tree: Tree) -> Group:
    made = Group(Container(container_id=name, container_name=name))
    for each, content in tree.items():
        if isinstance(content, bytes):
            made.files.append([stored(each, content)])
        else:
            made.groups.append(group(each, content))
    return made


def stored(name: str, content: bytes) -> StoredFile:
    return StoredFile(
        file_id=content.decode(),
        file_name=f"saf/2026-11-22/1/{name}",
        file_size=len(content),
        format="text/plain",
    )


def filled(layout: Iterable[bytes | Content]) -> bytes:
    return b"".join(
        each if isinstance(each, bytes) else each.copies[0].file_id.encode() for each in layout
    )


TREE: Tree = {"sub": {"deeper": {"c": b"three"}, "b": b"two"}, "a.txt": b"one", "e": b""}


def test_the_message_is_the_one_that_clients_know() -> None:
    levels = count()
    laid = list(as_multipart(group("N", TREE), lambda: f"b{next(levels)}+/=="))
    assert filled(laid) == message("N", TREE)
    assert length(laid) == len(message("N", TREE))


def test_what_goes_out_comes_in_again() -> None:
    assert read(filled(as_multipart(group('quo"ted\\', TREE)))) == {'quo"ted_': TREE}


def test_a_tar_that_others_read() -> None:
    laid = list(as_tar(group("N", TREE)))
    whole = filled(laid)
    assert len(whole) == length(laid)
    assert whole[257:263] == b"ustar\0"
    with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        members = archive.getmembers()
        contents = {
            each.name: archive.extractfile(each).read()  # type: ignore[union-attr]
            for each in members
            if each.isfile()
        }
    assert contents == {
        "N/a.txt": b"one",
        "N/e": b"",
        "N/sub/b": b"two",
        "N/sub/deeper/c": b"three",
    }
    assert [each.name for each in members if each.isdir()] == ["N", "N/sub", "N/sub/deeper"]
    assert {(each.isdir(), each.mode, each.mtime) for each in members} == {
        (True, 0o755, 0),
        (False, 0o644, 0),
    }


def test_nothing_leaves_the_folder_that_it_is_unpacked_in() -> None:
    strange = group("../../up", {"..": {"a": b"x"}, "/etc": {}, "x" * 300: b"y", "naïve": b"z"})
    with tarfile.open(fileobj=io.BytesIO(filled(as_tar(strange)))) as archive:
        names = archive.getnames()
    assert names[0] == ".._.._up"
    assert all(".." not in each.split("/") and each[0] != "/" for each in names)
    assert f"{names[0]}/{'x' * 300}" in names
    assert f"{names[0]}/naïve" in names


def test_equal_names_get_numbers() -> None:
    given = ["a.txt", "a.txt", "a~2.txt", "a.txt", ".x", ".x", "b", "b"]
    assert list(distinct(given)) == [
        *("a.txt", "a~2.txt", "a~2~2.txt", "a~3.txt", ".x", ".x~2", "b", "b~2"),
    ]


@given(st.lists(st.text("a.~2", max_size=4)))
def test_names_always_differ(names: list[str]) -> None:
    found = list(distinct(names))
    assert len(set(found)) == len(found) == len(names)

"""What was stored can be read from the journal alone; damage is reported with its place."""

from __future__ import annotations

import math
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.kit.digests import Digests
from lagan.kit.errors import BadInput
from lagan.store import Damage, FileLine, Journal, Line, NoteLine, VoidLine, Volume, journal
from lagan.store.journal import encode
from lagan.store.memory import MemoryVolume
from tests.store.conftest import get, line_for

text = st.text(max_size=20)
times = st.floats(0, 1e11)
ids = st.uuids()
json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
crcs = st.integers(0, 2**32 - 1)
hexes = st.none() | st.binary(min_size=32, max_size=32).map(bytes.hex)
sizes = st.integers(0, 2**60)
digests = st.builds(Digests, sizes, crcs, crcs, hexes, hexes)
objects = st.dictionaries(text, json, max_size=4)
file_lines = st.builds(
    FileLine, ids, text, sizes, text, text, sizes, sizes, digests, times, objects
)
lines = file_lines | st.builds(VoidLine, ids, times) | st.builds(NoteLine, text, objects, times)


@given(st.lists(lines, max_size=5))
def test_every_line_is_read_as_it_was_written(written: list[Line]) -> None:
    book = Journal(MemoryVolume("journal"))
    book.append(written)
    assert list(book.entries()) == written


@given(file_lines, st.data())
def test_any_changed_byte_is_found(line: FileLine, data: st.DataObject) -> None:
    good = bytearray(encode([line]))
    at = data.draw(st.integers(0, len(good) - 2))
    change = data.draw(st.integers(1, 255).filter(lambda bits: good[at] ^ bits != ord("\n")))
    good[at] ^= change
    volume = MemoryVolume("journal")
    volume.append(".lagan/journal/000001.jsonl", bytes(good))
    (found,) = Journal(volume).entries()
    assert isinstance(found, Damage)
    assert (found.place, found.line) == (".lagan/journal/000001.jsonl", 1)


def test_lines_are_found_in_every_kind_of_volume(each: Volume) -> None:
    written = [line_for(f"o{number}", b"x", dataset=number) for number in range(5)]
    for line in written:
        Journal(each).append([line])
    assert list(Journal(each).entries()) == written


@pytest.mark.parametrize("cut", [1, 9, 40, -1])
def test_a_torn_last_line_is_passed_over(volume: Volume, folder: Path, cut: int) -> None:
    first, second, third = (line_for(name, b"x") for name in "abc")
    Journal(volume).append([first])
    with (folder / ".lagan/journal/000001.jsonl").open("ab") as file:
        file.write(encode([second])[:cut])
    assert list(Journal(volume).entries()) == [first]
    Journal(volume).append([third])
    assert list(Journal(volume).entries()) == [first, third]


def test_damage_hides_nothing_else(volume: Volume, folder: Path) -> None:
    written = [line_for(name, b"x") for name in "abc"]
    Journal(volume).append(written)
    path = folder / ".lagan/journal/000001.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"object":"b"', b'"object":"q"'))
    first, damage, last = Journal(volume).entries()
    assert (first, last) == (written[0], written[2])
    assert damage == Damage(".lagan/journal/000001.jsonl", 2, "the checksum does not agree")


@pytest.mark.parametrize(
    "body",
    [b"{}", b"[]", b"null", b'{"kind":"file"}', b'{"kind":"other"}', b"{", b"\xff", b'{"kind":[]}'],
)
def test_lines_of_another_form_are_damage(volume: Volume, body: bytes) -> None:
    from crc32c import crc32c

    volume.append(".lagan/journal/000001.jsonl", b"%08x %b\n" % (crc32c(body), body))
    (found,) = Journal(volume).entries()
    assert isinstance(found, Damage)
    assert found.reason.startswith("not an entry")


def test_a_full_file_is_followed_by_the_next(
    volume: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "ROTATE", 1000)
    written = [line_for(f"o{number}", b"x") for number in range(12)]
    book = Journal(volume)
    for line in written:
        book.append([line])
    assert sum(1 for _ in volume.list(".lagan/journal/")) > 3
    assert list(Journal(volume).entries()) == written
    Journal(volume).append([written[0]])
    assert list(Journal(volume).entries()) == [*written, written[0]]


@pytest.mark.parametrize("value", [math.nan, b"bytes", object()])
def test_what_is_no_json_is_refused_and_leaves_nothing(volume: Volume, value: object) -> None:
    with pytest.raises(BadInput):
        Journal(volume).append([line_for("a", b"x"), line_for("b", b"x", odd=value)])
    assert list(Journal(volume).entries()) == []


def test_a_person_can_read_it(volume: Volume) -> None:
    Journal(volume).append([VoidLine(UUID(int=7), 1.5), line_for("a/b", b"hello", owner="Åse")])
    shown = get(volume, ".lagan/journal/000001.jsonl").decode()
    assert '{"at":1.5,"id":"00000000-0000-0000-0000-000000000007","kind":"void"}\n' in shown
    assert '"belongs":{"owner":"Åse"}' in shown
    assert '"sha256":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"' in shown


def test_two_journals_of_one_volume_lose_nothing(volume: Volume) -> None:
    one, other = Journal(volume), Journal(volume)
    written = [VoidLine(uuid4(), float(number)) for number in range(20)]
    for number, line in enumerate(written):
        (one, other)[number % 2].append([line])
    assert list(one.entries()) == written

"""Tar headers and records made by hand are what other programs make and read."""

from __future__ import annotations

import contextlib
import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.kit import tar

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(
    st.integers(0, tar.LARGEST), st.integers(0, tar.LARGEST), st.binary(min_size=1, max_size=100)
)
def test_a_header_says_what_it_was_given(size, mtime, name):
    block = tar.header(name, size, mtime, b"0")
    assert len(block) == tar.BLOCK
    tar.check(block)
    assert tar.number(block[124:136]) == size
    assert tar.number(block[136:148]) == mtime


def test_tarfile_reads_a_header():
    archive = io.BytesIO(tar.header(b"name", 3, 5, b"0") + b"abc" + tar.padding(3) + tar.END)
    with tarfile.open(fileobj=archive) as found:
        (member,) = found.getmembers()
        assert (member.name, member.size, member.mtime) == ("name", 3, 5)
        content = found.extractfile(member)
        assert content is not None
        assert content.read() == b"abc"


@given(st.dictionaries(st.from_regex(r"[A-Za-z.]{1,30}", fullmatch=True), text, max_size=6))
def test_records_come_back(pairs):
    body = b"".join(tar.record(key, value) for key, value in pairs.items())
    assert {key.decode(): value.decode() for key, value in tar.records(body)} == pairs


def test_a_record_counts_its_own_digits():
    for length in range(1, 1100):
        made = tar.record("k", "v" * length)
        assert int(made.split(b" ")[0]) == len(made)


@given(st.binary(max_size=300))
def test_noise_is_refused_or_read(noise):
    with contextlib.suppress(tar.NotTar):
        list(tar.records(noise))
    with contextlib.suppress(tar.NotTar):
        assert tar.number(noise or b"0") >= 0


@given(st.integers(0, 511), st.integers(1, 255))
def test_any_changed_byte_of_a_header_is_noticed(place, change):
    block = bytearray(tar.header(b"name", 1000, 1000, b"0"))
    block[place] ^= change
    with pytest.raises(tar.NotTar):
        tar.check(bytes(block))

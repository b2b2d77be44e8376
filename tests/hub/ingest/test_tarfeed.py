"""A tar stream is understood however it is cut into pieces, and nothing else is taken for one."""

from __future__ import annotations

import contextlib
import io
import tarfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.ingest.errors import BadArchive
from lagan.hub.ingest.tarfeed import Header, TarFeed

SMALL = 1000

names = st.lists(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=60
    ),
    min_size=1,
    max_size=4,
).map("/".join)
members = st.lists(st.tuples(names, st.binary(max_size=3000), st.integers(0, 2**33)), max_size=8)


def tar_of(files, format=tarfile.PAX_FORMAT):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format) as tar:
        for name, data, mtime in files:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), mtime
            tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def read(stream, cut):
    feed = TarFeed(SMALL)
    found: list[list[Any]] = []
    for start in range(0, len(stream), cut):
        for event in feed.feed([stream[start : start + cut]]):
            if isinstance(event, Header):
                found.append([event.name, b"", event.mtime_ns, 0])
            elif event is not None:
                found[-1][1] += event
                found[-1][3] += 1
    feed.end()
    return found


@given(members, st.integers(1, 5000), st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]))
def test_every_member_comes_out_whole_whatever_the_cut(files, cut, format):
    found = read(tar_of(files, format), cut)
    assert [(name, data, mtime // 10**9) for name, data, mtime, _ in found] == [
        (name.rstrip("/"), data, mtime) for name, data, mtime in files
    ]


@given(members, st.integers(1, 5000))
def test_a_small_member_comes_as_one_piece(files, cut):
    for _, data, _, pieces in read(tar_of(files), cut):
        if len(data) < SMALL:
            assert pieces <= 1


def test_pax_times_keep_their_nanoseconds():
    info = tarfile.TarInfo("1/a")
    info.pax_headers = {"mtime": "1700000000.123456789", "LAGAN.sha256": "ab"}
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(info)
    (header,) = [
        each for each in TarFeed(SMALL).feed([stream.getvalue()]) if isinstance(each, Header)
    ]
    assert header.mtime_ns == 1700000000123456789
    assert header.pax["LAGAN.sha256"] == "ab"


@given(members.filter(lambda files: any(data for _, data, _ in files)), st.data())
def test_a_stream_cut_inside_a_member_is_refused(files, data):
    stream = tar_of(files)
    with tarfile.open(fileobj=io.BytesIO(stream)) as tar:
        member = data.draw(st.sampled_from([each for each in tar.getmembers() if each.size]))
    end = data.draw(st.integers(member.offset_data, member.offset_data + member.size - 1))
    with pytest.raises(BadArchive):
        read(stream[:end], 512)


@given(st.binary(min_size=512, max_size=4096))
def test_noise_is_refused_or_read_but_never_a_crash(noise):
    with contextlib.suppress(BadArchive):
        read(noise, 512)


def test_a_huge_extended_header_is_refused_before_it_is_gathered():
    block = bytearray(tarfile.TarInfo("x").tobuf(tarfile.USTAR_FORMAT)[:512])
    block[156:157] = b"x"
    block[124:136] = b"77777777777\0"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    with pytest.raises(BadArchive, match="too large"):
        list(TarFeed(SMALL).feed([bytes(block)]))

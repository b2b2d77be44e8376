"""Batch headers are what other tar programs read, byte for byte."""

from __future__ import annotations

import io
import tarfile

from hypothesis import given
from hypothesis import strategies as st

from lagan.client import tar

PARTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=90
)
NAMES = st.lists(PARTS, min_size=1, max_size=4).map("/".join)


@given(NAMES, st.binary(max_size=2000), st.integers(-(10**18), 2**62))
def test_pythons_tarfile_reads_it(name: str, content: bytes, mtime_ns: int) -> None:
    sha256 = "ab" * 32
    parts = [tar.header(name, len(content), mtime_ns, sha256), content, tar.padding(len(content))]
    with tarfile.open(fileobj=io.BytesIO(b"".join([*parts, tar.END]))) as stream:
        (member,) = stream.getmembers()
        held = stream.extractfile(member)
        assert held is not None
        assert held.read() == content
    assert member.name == name.rstrip("/")
    assert member.pax_headers["LAGAN.sha256"] == sha256
    stamp = member.pax_headers["mtime"]
    sign = -1 if stamp.startswith("-") else 1
    seconds, _, nanos = stamp.lstrip("-").partition(".")
    assert sign * (int(seconds) * 10**9 + int(nanos)) == mtime_ns


def test_a_very_large_member_has_its_size() -> None:
    made = tar.header("x", 8**11 + 5, 0, "ab" * 32)
    member = tarfile.TarFile.open(fileobj=io.BytesIO(made)).next()
    assert member is not None
    assert member.size == 8**11 + 5

"""The zip that is laid out beforehand is the zip that a reader finds, byte for byte."""

from __future__ import annotations

import io
import zipfile
import zlib

from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.access import zips
from lagan.hub.access.zips import Part

names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60
)
files = st.dictionaries(names, st.binary(max_size=200), max_size=8)


def laid_out(contents, mtime_ns=1_700_000_000 * 10**9):
    parts = [Part(name, len(data), zlib.crc32(data), mtime_ns) for name, data in contents.items()]
    body, central, at = b"", b"", 0
    for part, data in zip(parts, contents.values(), strict=True):
        central += zips.central_header(part, at)
        body += zips.local_header(part) + data
        at += zips.length(part)
    assert at == len(body)
    return body + central + zips.end(count=len(parts), start=at, size=len(central))


@given(files)
def test_python_reads_back_what_was_laid_out(contents):
    with zipfile.ZipFile(io.BytesIO(laid_out(contents))) as archive:
        assert archive.testzip() is None
        assert [each.file_size for each in archive.infolist()] == [
            len(each) for each in contents.values()
        ]
        raw = [each.orig_filename for each in archive.infolist()]
    assert raw == list(contents)


def test_times_outside_of_what_zip_can_say_are_brought_to_its_ends():
    for mtime_ns in (-(10**18), 0, 2**63 - 1):
        with zipfile.ZipFile(io.BytesIO(laid_out({"a": b""}, mtime_ns))) as archive:
            assert 1980 <= archive.infolist()[0].date_time[0] <= 2107


def test_a_file_of_five_gigabytes_has_zip64_fields_that_readers_understand():
    part = Part("large", 5 << 30, 1, 0)
    after = Part("after", 3, zlib.crc32(b"abc"), 0)
    assert zips.length(part) - len(zips.local_header(part)) == part.size
    place = zips.length(part)
    central = zips.central_header(part, 0) + zips.central_header(after, place)
    start = place + zips.length(after)

    class Sparse(io.RawIOBase):
        """The zip without the five gigabytes."""

        def __init__(self):
            self.at = 0
            tail = (
                zips.local_header(after)
                + b"abc"
                + central
                + zips.end(count=2, start=start, size=len(central))
            )
            self.parts = {0: zips.local_header(part), place: tail}
            self.size = place + len(tail)

        def seekable(self):
            return True

        def tell(self):
            return self.at

        def seek(self, offset, whence=0):
            self.at = offset + (0, self.at, self.size)[whence]
            return self.at

        def read(self, count=-1):
            count = self.size - self.at if count < 0 else count
            for begin, data in self.parts.items():
                if begin <= self.at < begin + len(data):
                    found = data[self.at - begin : self.at - begin + count]
                    self.at += len(found)
                    return found
            return b""

    with zipfile.ZipFile(Sparse()) as archive:
        assert [each.file_size for each in archive.infolist()] == [5 << 30, 3]
        assert archive.read("after") == b"abc"

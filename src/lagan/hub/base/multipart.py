"""multipart/form-data (RFC 7578) read as it arrives: fields are kept, a file goes on piece by
piece."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from django.utils.http import parse_header_parameters

from lagan.kit.errors import BadInput, TooLarge

Sink = Callable[[bytes], object]
"""Takes the next bytes of a part."""
LONGEST_HEAD = 16 << 10
"""Bytes of a part's headers."""


class _At(Enum):
    BOUNDARY = auto()
    HEAD = auto()
    BODY = auto()
    END = auto()


class PartReader:
    """Feed it the body; it asks `begin(name, file name or None)` where each part goes to."""

    def __init__(self, boundary: str, begin: Callable[[str, str | None], Sink]) -> None:
        self._mark = b"\r\n--" + boundary.encode("latin-1", "replace")
        self._begin = begin
        self._rest = b"\r\n"  # the first boundary is like all others
        self._at = _At.BODY
        self._sink: Sink = _nowhere

    @property
    def ended(self) -> bool:
        """Whether the last boundary was read."""
        return self._at is _At.END

    def feed(self, data: bytes) -> None:
        """The next bytes of the body. BadInput when they are no parts."""
        self._rest += data
        steps = {_At.BODY: self._body, _At.BOUNDARY: self._boundary, _At.HEAD: self._head}
        while self._at is not _At.END and steps[self._at]():
            pass
        if self.ended:
            self._rest = b""  # an epilogue says nothing

    def _body(self) -> bool:
        place = self._rest.find(self._mark)
        if place >= 0:
            self._give(place)
            self._rest = self._rest[len(self._mark) :]
            self._at = _At.BOUNDARY
            return True
        # What may be the beginning of a boundary waits for the rest of it.
        self._give(max(0, len(self._rest) - len(self._mark) + 1))
        return False

    def _give(self, count: int) -> None:
        if count:
            self._sink(self._rest[:count])
            self._rest = self._rest[count:]

    def _boundary(self) -> bool:
        self._sink = _nowhere
        line, end, rest = self._rest.partition(b"\n")
        if self._rest.startswith(b"--"):
            self._at = _At.END
        elif end:
            if line.strip():
                raise BadInput("A boundary of the form stands in the middle of a line.")
            # The line end stays: a part without headers begins with an empty line.
            self._rest, self._at = b"\r\n" + rest, _At.HEAD
            return True
        elif len(line) > LONGEST_HEAD:
            raise BadInput("A boundary of the form has no end.")
        return False

    def _head(self) -> bool:
        place = self._rest.find(b"\r\n\r\n")
        if place < 0:
            if len(self._rest) > LONGEST_HEAD:
                raise TooLarge(f"The headers of a part have more than {LONGEST_HEAD} bytes.")
            return False
        name, file_name = _disposition(self._rest[:place])
        self._rest, self._at = self._rest[place + 4 :], _At.BODY
        self._sink = self._begin(name, file_name)
        return True


def _disposition(head: bytes) -> tuple[str, str | None]:
    """The name of the field and of the file that the headers tell."""
    for line in head.split(b"\r\n"):
        label, _, value = line.partition(b":")
        if label.strip().lower() == b"content-disposition":
            text = value.strip().decode("utf-8", "replace")
            _, told = parse_header_parameters(text)
            name = told.get("name", "")
            file_name = told.get("filename")
            return name, None if file_name is None else file_name.replace("%22", '"')
    raise BadInput("A part of the form has no Content-Disposition.")


def _nowhere(data: bytes) -> None:
    """What stands before the first part says nothing."""

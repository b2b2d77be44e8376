"""A container on its way in: nested MIME multipart, read as a stream with flat memory.

Source: reference/ngas-http.md section 4.6; RFC 2046. Deployed clients write one blank line before
the first boundary or two, and end a nested multipart without a line end: both are taken, and no
part is lost. What is no such message is refused; one that ends too early is `Cut` as everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.message import Message
from email.parser import HeaderParser
from email.policy import compat32
from email.utils import collapse_rfc2231_value

from lagan.hub.doors.node.wire.body import PIECE, Cut
from lagan.kit.digests import Buffer
from lagan.kit.errors import BadInput

DEEPEST = 32
"""Containers within containers."""
LONGEST_HEADERS = 65_536
"""Bytes of the headers of one part, or of what stands before the first boundary."""
LONGEST_BOUNDARY = 200
LONGEST_NAME = 255
"""Characters of a container's name: its column's."""


class BadContainer(BadInput):
    """The body is no container."""

    code = "bad-container"


@dataclass(frozen=True, slots=True)
class Opened:
    """A container begins."""

    name: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The container that was opened last ends."""


@dataclass(frozen=True, slots=True)
class FileBegins:
    """A file begins; `type` as its part says, empty when it does not."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class FileEnds:
    """The file ends."""


Event = Opened | Closed | FileBegins | FileEnds | bytes
"""Bytes are the next ones of the file that began last."""


def parse(pieces: Iterable[Buffer], top: str = "", name: str = "") -> Iterator[Event]:
    """The events of a body, in order. `top` is the Content-Type of the whole when the HTTP header
    has it, `name` the root's name if that does not; else the body begins with it. BadContainer,
    Cut."""
    source = _Source(pieces)
    headers = _message(f"Content-Type: {top}".encode()) if _is_multipart(top) else source.headers()
    yield from _container(source, headers, [], name)


def _is_multipart(type_: str) -> bool:
    return type_.strip().lower().startswith("multipart/") and "boundary" in type_.lower()


def _container(
    source: _Source, headers: Message, outer: list[bytes], name: str = ""
) -> Iterator[Event]:
    boundary = _boundary(headers, outer)
    yield Opened(_container_name(headers, name))
    last = source.skip_to(boundary)
    while not last:
        part = source.headers()
        if part.get_content_maintype() == "multipart":
            yield from _container(source, part, [*outer, boundary])
            last = source.skip_to(boundary)
        else:
            yield FileBegins(_file_name(part), _type(part))
            yield from source.data(boundary)
            last = source.last
            yield FileEnds()
    yield Closed()


def _boundary(headers: Message, outer: list[bytes]) -> bytes:
    given = headers.get_param("boundary")
    text = given.strip() if isinstance(given, str) else ""
    if not text or len(text) > LONGEST_BOUNDARY or not text.isascii():
        raise BadContainer("A container has no boundary in its Content-Type header.")
    if len(outer) >= DEEPEST:
        raise BadContainer(f"Containers are at most {DEEPEST} levels deep.")
    if text.encode() in outer:
        raise BadContainer("A container has the boundary of one that it is in.")
    return text.encode()


def _container_name(headers: Message, otherwise: str) -> str:
    given = headers.get_param("container_name")
    return checked_name(collapse_rfc2231_value(given) if given is not None else otherwise)


def checked_name(name: str) -> str:
    """A container's name without blanks around it, if it is one. BadContainer."""
    bare = name.strip()
    if not bare:
        raise BadContainer("A container has no container_name.")
    if len(bare) > LONGEST_NAME or not bare.isprintable():
        raise BadContainer(f"This is no name of a container: {bare[:100]!r}.")
    return bare


def _file_name(headers: Message) -> str:
    try:
        name = headers.get_filename() or ""
    except (ValueError, LookupError, TypeError) as error:
        raise BadContainer(f"A part's filename cannot be read: {error}.") from None
    if not name.strip():
        raise BadContainer("A part has no filename in its Content-Disposition header.")
    return name


def _type(headers: Message) -> str:
    return headers.get_content_type() if "content-type" in headers else ""


def _message(text: bytes) -> Message:
    try:
        said = text.decode("utf-8", "replace")
        return HeaderParser(policy=compat32).parsestr(said, headersonly=True)
    except (MessageError, ValueError, IndexError) as error:
        raise BadContainer(f"The headers of a part cannot be read: {error}.") from None


class _Source:
    """Bytes that are looked ahead at: never more than a piece and what a line needs."""

    def __init__(self, pieces: Iterable[Buffer]) -> None:
        self._pieces = iter(pieces)
        # A boundary stands at the beginning of a line; the body's first byte begins one.
        self._held = LINE_END
        self.last = False
        """Whether the boundary that was met last was a final one."""

    def headers(self) -> Message:
        """The headers up to a blank line; blank lines before them do not count."""
        while True:
            begin = len(self._held) - len(self._held.lstrip(LINE_END))
            found = _BLANK_LINE.search(self._held, begin)
            if found is not None and begin < len(self._held):
                text = self._held[begin : found.start()]
                # The last line end stays: the next boundary may need it.
                self._held = LINE_END + self._held[found.end() :]
                return _message(text)
            if len(self._held) > LONGEST_HEADERS + PIECE:
                raise BadContainer(f"A part's headers have at most {LONGEST_HEADERS} bytes.")
            self._more()

    def skip_to(self, boundary: bytes) -> bool:
        """Pass over what stands before a boundary; whether it was a final one."""
        count = 0
        for piece in self._until(boundary):
            count += len(piece)
            if count > LONGEST_HEADERS:
                raise BadContainer("A container does not begin with its boundary.")
        return self.last

    def data(self, boundary: bytes) -> Iterator[bytes]:
        """The bytes of a part."""
        # Of the line end that `headers` left, the part has nothing.
        first = len(LINE_END)
        for piece in self._until(boundary):
            rest = piece[first:]
            first -= min(first, len(piece))
            if rest:
                yield rest

    def _until(self, boundary: bytes) -> Iterator[bytes]:
        """What stands before the boundary; the boundary itself is eaten."""
        mark = b"\n--" + boundary
        begin = 0
        while True:
            at = self._held.find(mark, begin)
            if at < 0:
                # A boundary that the end of a piece cuts is seen whole with the next one.
                cut = max(len(self._held) - len(mark) - 1, 0)
                before, self._held, begin = self._held[:cut], self._held[cut:], 0
                if before:
                    yield before
                self._more()
                continue
            after = self._held[at + len(mark) : at + len(mark) + LONGEST_PADDING]
            if len(after) < LONGEST_PADDING and _UNDECIDED.fullmatch(after):
                self._more()
                continue
            ends = _END_OF_MARK.match(after)
            if ends is None:
                begin = at + 1
                continue
            yield self._eat(at, at + len(mark) + ends.end(), last=ends[1] is not None)
            return

    def _eat(self, at: int, end: int, *, last: bool) -> bytes:
        """What stood before the line of a boundary, which goes from `at` to `end`."""
        before = self._held[:at].removesuffix(b"\r")
        # Its line end may be that of the next boundary too.
        self._held = self._held[end:] if last else LINE_END + self._held[end:]
        self.last = last
        return before

    def _more(self) -> None:
        piece = next(self._pieces, None)
        if piece is None:
            raise Cut("The container ends before its last boundary.")
        self._held += piece


LINE_END = b"\r\n"
LONGEST_PADDING = 64
"""Bytes from a boundary to the end of its line."""
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_END_OF_MARK = re.compile(rb"(--)|[ \t]*\r?\n")
_UNDECIDED = re.compile(rb"-?|[ \t]*\r?")

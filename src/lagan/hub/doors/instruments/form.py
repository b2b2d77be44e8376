"""A file with what is said of it, as one multipart body: its bytes go to a volume as they come,
whichever part comes first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils.http import parse_header_parameters

from lagan.hub.base.multipart import PartReader, Sink
from lagan.hub.base.raw import Exchange
from lagan.hub.doors.instruments.asking import LARGEST
from lagan.hub.instruments.services import Sent
from lagan.kit.errors import BadInput, TooLarge

SAID, CONTENT = "json_data", "attached_file"


class Form:
    """The two parts. All calls block; one thread at a time."""

    def __init__(self, exchange: Exchange, check: Callable[[bytes], None]) -> None:
        """`check` is given what is said of the file, before its first byte is taken if that comes
        first."""
        kind, told = parse_header_parameters(exchange.header("content-type") or "")
        if kind != "multipart/form-data" or not told.get("boundary"):
            raise BadInput("A file is sent as multipart/form-data, or announced as JSON.")
        self.sent: Sent | None = None
        self.checked = False
        self._check, self._said = check, bytearray()
        length = exchange.header("content-length") or ""
        self._size = int(length) if length.isdecimal() and len(length) < 19 else 0
        self._parts = PartReader(told["boundary"], self._begin)

    @property
    def said(self) -> bytes:
        """What the first part holds."""
        return bytes(self._said)

    def feed(self, pieces: Sequence[bytes]) -> None:
        """The next bytes of the body; blocks while they are written."""
        self._parts.feed(b"".join(pieces))

    def end(self) -> Sent:
        """All of the body came. BadInput when it was cut, or a part is missing."""
        if not self._parts.ended:
            raise BadInput("The form ends before its last boundary.")
        if not self._said:
            raise BadInput(f"The form has no {SAID}.", field=SAID)
        if self.sent is None:
            raise BadInput(f"The form has no {CONTENT}.", field=CONTENT)
        return self.sent

    def discard(self) -> None:
        """Leave nothing of the file behind."""
        if self.sent is not None:
            self.sent.discard()
            self.sent = None

    def _begin(self, name: str, file_name: str | None) -> Sink:
        if name == CONTENT:
            if self.sent is not None:
                raise BadInput("One file is sent at once.", field=CONTENT)
            if self._said:
                self._check(self.said)
                self.checked = True
            self.sent = sent = Sent(size=self._size)
            return lambda data: sent.write([data])
        if name == SAID:
            self._said.clear()
            self.checked = False  # what was checked is not what is said now
            return self._keep
        return lambda data: None

    def _keep(self, data: bytes) -> None:
        self._said += data
        if len(self._said) > LARGEST:
            raise TooLarge(f"{SAID} has at most {LARGEST >> 20} MiB.")

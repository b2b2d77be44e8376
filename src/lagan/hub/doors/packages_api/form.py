"""What a request of this door carries: fields from its body or its address, and at most one zip,
which is stored while it arrives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl

from django.utils.http import parse_header_parameters

from lagan.hub.base.multipart import PartReader, Sink
from lagan.hub.base.raw import Exchange, in_thread
from lagan.hub.ingest.handlers import pump
from lagan.hub.packages.services import Zip
from lagan.kit.errors import BadInput, TooLarge

CONTENT = "content"
"""The field with the zip."""
LARGEST = 1 << 20
"""Bytes of all fields together."""
Check = Callable[["Form"], None]


class Form:
    """The fields so far, and the zip."""

    def __init__(self, exchange: Exchange, check: Check | None = None) -> None:
        """`check` is asked before the first byte of a zip is taken; without it, none is taken."""
        self.fields: dict[str, str] = {}
        self.zip: Zip | None = None
        self.file_name = ""
        self._exchange, self._check = exchange, check
        self._raw: dict[str, bytearray] = {}
        self._size, self._came = 0, False
        kind, told = parse_header_parameters(exchange.header("content-type") or "")
        self._parts = (
            PartReader(told.get("boundary", ""), self._begin)
            if kind == "multipart/form-data"
            else None
        )
        self._plain = kind == "application/x-www-form-urlencoded"
        if self._parts is not None and not told.get("boundary"):
            raise BadInput("The form does not say its boundary.")

    def feed(self, pieces: Sequence[bytes]) -> None:
        """The next bytes of the body; blocks while they are written."""
        data = b"".join(pieces)
        self._came = True
        if self._parts is not None:
            self._parts.feed(data)
        elif self._plain:
            self._keep("", data)

    def end(self) -> None:
        """All of the body came. BadInput when it was cut."""
        if self._came and self._parts is not None and not self._parts.ended:
            raise BadInput("The form ends before its last boundary.")
        for name, value in self._raw.items():
            text = bytes(value).decode("utf-8", "replace")
            if self._plain:
                self.fields.update(_pairs(text))
            else:
                self.fields[name] = text

    def get(self, name: str) -> str | None:
        """A field of the body, else a parameter of the address; None without either."""
        if name in self.fields:
            return self.fields[name]
        if name in self._raw and not self._plain:
            return bytes(self._raw[name]).decode("utf-8", "replace")
        return self._exchange.query(name)

    def discard(self) -> None:
        """Leave nothing of the zip behind."""
        if self.zip is not None:
            self.zip.discard()
            self.zip = None

    def _begin(self, name: str, file_name: str | None) -> Sink:
        if name == CONTENT and file_name is not None:
            return self._open(file_name)
        if len(self._raw) >= 100:
            raise TooLarge("A form has at most 100 fields.")
        self._raw[name] = bytearray()
        return lambda data: self._keep(name, data)

    def _open(self, file_name: str) -> Sink:
        if self._check is None or self.zip is not None:
            raise BadInput("One file is sent, and only to deposit it.", field=CONTENT)
        self._check(self)
        told = self._exchange.header("content-length") or ""
        size = int(told) if told.isdecimal() and len(told) < 19 else 0
        self.zip, self.file_name = Zip(size=size), file_name
        zipped = self.zip
        return lambda data: zipped.write([data])

    def _keep(self, name: str, data: bytes) -> None:
        self._size += len(data)
        if self._size > LARGEST:
            raise TooLarge(f"The fields of a form have at most {LARGEST >> 20} MiB together.")
        self._raw.setdefault(name, bytearray()).extend(data)


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise TooLarge("A form has at most 100 fields.") from None


async def read_form(exchange: Exchange, check: Check | None = None) -> Form:
    """The whole body. When it is refused, nothing of it stays."""
    form = Form(exchange, check)
    try:
        await pump(exchange, form.feed)
        form.end()
    except BaseException:
        await in_thread(form.discard)
        raise
    return form

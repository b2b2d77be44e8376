"""The list of files that another server gives, read as it comes: however long it is, memory stays
flat.

Source: reference/ngas-http.md section 4.4, `STATUS?file_list=1`.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING
from xml.parsers import expat

from lagan.hub.doors.node.cluster import peers
from lagan.kit.errors import Unavailable

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

PORTION = 20_000
"""Files that are asked for at once."""
TIMEOUT = 600.0
"""Seconds that a server may take to begin with its list."""
PIECE = 1 << 16
GZIP = 31
"""What zlib calls a gzip stream."""

Attributes = Mapping[str, str]


def listed(node: ArchiveNode, server: str, since: str) -> Iterator[Attributes]:
    """The attributes of every file on a server, of those that came since a time of its own.
    Unavailable when it does not give the list to its end."""
    asked: dict[str, object] = {"file_list": 1, "unique": 1, "max_elements": PORTION}
    if since:
        asked["from_ingestion_date"] = since
    while True:
        with peers.fetch(node, server, "STATUS", asked, timeout=TIMEOUT, internal=False) as answer:
            if answer.status != 200:
                raise Unavailable(f"{server} gives no list: {answer.status} {answer.message}")
            reader = Reader(server)
            yield from reader.read(answer.pieces())
        if not reader.remaining:
            return
        asked = {"file_list_id": reader.id, "max_elements": PORTION, "file_list": 1}


class Reader:
    """Reads one portion; afterwards it knows the list's id and how many files remain."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._found: list[Attributes] = []
        self.id, self.remaining = "", 0
        self._parser = expat.ParserCreate()
        self._parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self._parser.StartElementHandler = self._element
        self._parser.EntityDeclHandler = self._entity

    def read(self, pieces: Iterable[bytes]) -> Iterator[Attributes]:
        """The attributes of every FileStatus, from XML that may be packed by gzip. Unavailable when
        it is cut or none."""
        try:
            for piece in _unpacked(pieces):
                self._parser.Parse(piece, False)
                yield from self._taken()
            self._parser.Parse(b"", True)
        except (expat.ExpatError, zlib.error, ValueError) as error:
            raise Unavailable(f"The list of {self._server} cannot be read: {error}.") from None
        yield from self._taken()

    def _taken(self) -> list[Attributes]:
        taken, self._found = self._found, []
        return taken

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        if name == "FileStatus":
            self._found.append(attributes)
        elif name == "FileList":
            self.id = attributes.get("Id", "")
            found = re.search(r"REMAINING_DATA_OBJECTS: *(\d{1,12})", attributes.get("Status", ""))
            self.remaining = int(found[1]) if found else 0

    def _entity(self, *_: object) -> None:
        raise ValueError("it defines an entity")


def _unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes of a gzip stream, or of what is none, in pieces."""
    unpack: zlib._Decompress | None = None
    plain: bool | None = None
    for piece in pieces:
        if plain is None:
            plain = not piece.startswith(b"\x1f")
            unpack = None if plain else zlib.decompressobj(GZIP)
        if unpack is None:
            yield piece
            continue
        left = piece
        while left:
            yield unpack.decompress(left, PIECE)
            left = unpack.unconsumed_tail
    if unpack is not None and not unpack.eof:
        raise ValueError("it ends too early")

"""The process that draws one preview and ends: `python -m lagan.hub.access.previews.child`, spoken
to on its standard input, which is a socket."""

from __future__ import annotations

import importlib
import json
import socket
import warnings
from collections.abc import Callable

from lagan.hub.access.previews import naming, wire
from lagan.hub.access.previews.blocks import Drawn, NotDrawn
from lagan.hub.access.previews.confined import confine
from lagan.hub.access.previews.request import Asked
from lagan.hub.access.previews.source import Source

_KINDS = {
    naming.IMAGE: "images",
    naming.TEXT: "text",
    naming.TABLE: "tables",
    naming.JSON: "structured",
    naming.PDF: "pdf",
    naming.HDF5: "hdf5",
    naming.FITS: "fits",
    naming.DICOM: "dicom",
    naming.NIFTI: "nifti",
    naming.ZIP: "archives",
    naming.TAR: "archives",
    naming.OTHER: "first_bytes",
}


def main() -> None:
    """Take one request, answer it."""
    confine()
    warnings.simplefilter("ignore")  # advice to the author of the file
    with socket.socket(fileno=0) as line:
        asked = Asked.decode(wire.receive(line, wire.ANSWER.unpack(_header(line))[1]))
        try:
            drawn = draw(asked, Source(asked.size, lambda *span: _range(line, *span)))
        except NotDrawn as decided:
            _fail(line, decided.code, **decided.facts)
        except MemoryError:
            _fail(line, "too-large")
        except ConnectionError:
            return
        except Exception as error:
            # Whatever a parser of a damaged or hostile file says, it is the file's fault.
            _fail(line, "unreadable", reason=type(error).__name__)
        else:
            _answer(line, drawn)


def draw(asked: Asked, source: Source) -> Drawn:
    """The preview. NotDrawn, or whatever the parser raises."""
    if asked.size == 0:
        raise NotDrawn("empty")
    head = source.read(min(naming.HEAD, asked.size))
    source.seek(0)
    kind = naming.by_content(asked.name, head)
    module = importlib.import_module(f"lagan.hub.access.previews.kinds.{_KINDS[kind]}")
    act: Callable[[Asked, Source, Drawn], None] = module.draw
    drawn = Drawn(kind=kind, page=asked.page)
    act(asked, source, drawn)
    return drawn


def _header(line: socket.socket) -> bytes:
    return wire.receive(line, wire.ANSWER.size)


def _range(line: socket.socket, start: int, length: int) -> bytes:
    line.sendall(wire.HEADER.pack(wire.WANT, start, length))
    there, given = wire.ANSWER.unpack(_header(line))
    if not there or given != length:
        raise NotDrawn("out-of-reach")
    return wire.receive(line, given)


def _answer(line: socket.socket, drawn: Drawn) -> None:
    for picture in drawn.pictures:
        wire.send(line, wire.PICTURE, picture)
    facts = {
        "kind": drawn.kind,
        "blocks": drawn.blocks,
        "page": drawn.page,
        "pages": drawn.pages,
        "more": drawn.more,
        "pages_are": drawn.pages_are,
    }
    wire.send(line, wire.DONE, json.dumps(facts, default=str).encode())


def _fail(line: socket.socket, code: str, **facts: object) -> None:
    wire.send(line, wire.FAILED, json.dumps({"code": code, "facts": facts}, default=str).encode())


if __name__ == "__main__":
    main()

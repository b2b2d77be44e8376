"""The headers of a FITS file, byte for byte as they lie in it.

Source: the FITS standard, version 4.0, sections 3 and 4. A compressed file is read through its
compression. What the built-in processing plug-in gives is documented at `extract`.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from lagan.hub.doors.node.config.kinds import pairs
from lagan.hub.doors.node.files.layout import type_of
from lagan.hub.doors.node.files.results import Result
from lagan.kit.errors import BadInput

if TYPE_CHECKING:
    from lagan.hub.doors.node.plugins.facade import PlugInRequest, PlugInServer

BLOCK = 2880
CARD = 80
MOST_BLOCKS = 2000
"""Of one header: 72,000 cards."""
ALL = 99
"""`header=99` asks for all headers."""


class NotFits(BadInput):
    """The file does not begin, or go on, as the standard says."""

    code = "not-fits"


def extract(server: PlugInServer, request: PlugInRequest, filename: str) -> Result:
    """The processing plug-in `ngamsExtractFitsHdrDppi`: the primary header, or with
    `processing_pars=header=N` the Nth (1 is the primary), 99 for all. A number that the file does
    not have gives the primary. Each header ends with a line feed."""
    path = Path(filename)
    wanted = _wanted(pairs(request.get("processing_pars") or request.get("processingPars")))
    with _opened(path) as source:
        found = _chosen(headers(source), wanted)
    name = path.name.partition(".fits")[0] + ".hdr"
    extensions = {each.extension: each.mime_type for each in server.config.mime_types.items}
    content = b"".join(each + b"\n" for each in found)
    return Result(type_of(name, extensions) or "text/ascii", name, data=content)


def headers(source: IO[bytes]) -> Iterator[bytes]:
    """Header after header; the data between them are passed over. NotFits."""
    first = True
    while True:
        header = _header(source, first=first)
        if not header:
            return
        yield header
        _pass_over(source, data_size(header))
        first = False


def data_size(header: bytes) -> int:
    """Bytes of data that follow a header, with their padding."""
    cards = _cards(header)
    axes = [cards.get(f"NAXIS{n}", 0) for n in range(1, cards.get("NAXIS", 0) + 1)]
    if not axes:
        return 0
    if axes[0] == 0 and len(axes) > 1:  # random groups: the first axis is a sign
        axes = axes[1:]
    elements = 1
    for each in axes:
        elements *= each
    size = abs(cards.get("BITPIX", 8)) // 8
    size *= cards.get("GCOUNT", 1) * (cards.get("PCOUNT", 0) + elements)
    return -(-max(size, 0) // BLOCK) * BLOCK


def _wanted(parameters: Mapping[str, str]) -> int:
    asked = parameters.get("header", "1").strip("'\" ")
    if not asked.isascii() or not asked.isdecimal():
        raise BadInput(f"header is the number of a header, or 99 for all: {asked[:40]!r}.")
    return int(asked) if 1 <= int(asked) <= ALL else 1


def _chosen(found: Iterator[bytes], wanted: int) -> list[bytes]:
    primary: list[bytes] = []
    kept: list[bytes] = []
    for number, header in enumerate(found, 1):
        primary = primary or [header]
        if wanted == ALL:
            kept.append(header)
        elif number == wanted:
            return [header]
    return kept or primary


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as probe:
        zipped = probe.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path, "rb")) if zipped else path.open("rb")


def _header(source: IO[bytes], *, first: bool) -> bytes:
    """The next header; nothing at the end of the file, or where what follows is no extension."""
    found = b""
    for _ in range(MOST_BLOCKS):
        block = _read(source)
        start = b"SIMPLE  =" if first else b"XTENSION="
        if not found and not block.startswith(start):
            if first:
                raise NotFits("The file does not begin as a FITS file.")
            return b""
        if len(block) < BLOCK:
            raise NotFits("The file ends within a header.")
        found += block
        if any(block[at : at + 8] == b"END     " for at in range(0, BLOCK, CARD)):
            return found
    raise NotFits(f"A header has more than {MOST_BLOCKS} blocks.")


def _read(source: IO[bytes]) -> bytes:
    try:
        return source.read(BLOCK)
    except (OSError, EOFError) as error:
        raise NotFits(f"The file cannot be read: {error}.") from None


def _pass_over(source: IO[bytes], size: int) -> None:
    try:
        source.seek(size, 1)
    except (OSError, EOFError, OverflowError) as error:
        raise NotFits(f"The file ends within its data: {error}.") from None


def _cards(header: bytes) -> dict[str, int]:
    """The keywords with whole numbers."""
    found: dict[str, int] = {}
    for at in range(0, len(header), CARD):
        card = header[at : at + CARD].decode("ascii", "replace")
        matched = re.match(r"([A-Z0-9_-]{1,8}) *= *([+-]?\d{1,18})\s*(?:/|$)", card, re.ASCII)
        if matched is not None:
            found.setdefault(matched[1], int(matched[2]))
    return found

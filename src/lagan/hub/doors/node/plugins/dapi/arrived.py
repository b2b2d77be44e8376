"""What an archiving plug-in is given, and what it decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Arrived:
    """Bytes that lie staged, and what the request and the configuration say of them.

    `name` is the base name of the file URI, `size` in bytes; `parameters` are the request's,
    `configured` those of PlugInPars, `extensions` MIME types by extension.
    """

    path: Path
    name: str
    file_id: str
    mime_type: str
    size: int
    parameters: Mapping[str, str] = field(default_factory=dict)
    configured: Mapping[str, str] = field(default_factory=dict)
    extensions: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """A parameter of the request, else of PlugInPars; empty without one."""
        return self.parameters.get(name) or self.configured.get(name, "")

    def pieces(self) -> Iterator[bytes]:
        """The bytes."""
        with self.path.open("rb") as source:
            while piece := source.read(PIECE):
                yield piece


@dataclass(frozen=True, slots=True)
class Filed:
    """Under which id, name, day and type a file is kept. `uncompressed_size` in bytes, None for
    that of what is kept. `content` gives the bytes that are kept instead of those that arrived;
    `path` the whole place on the volume where a plug-in insists on one."""

    file_id: str
    name: str
    format: str
    day: date | None = None
    compression: str = "NONE"
    uncompressed_size: int | None = None
    content: Callable[[], Iterator[bytes]] | None = None
    path: str | None = None

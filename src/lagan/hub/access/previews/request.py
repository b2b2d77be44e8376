"""What a drawing process is asked for."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

WHOLE, THUMB = "whole", "thumb"
"""Everything that a page shows, or a small picture alone."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A file's name, its size in bytes, which page (from 0) and which view of it."""

    name: str
    size: int
    page: int = 0
    view: str = WHOLE

    @property
    def pixels(self) -> int:
        """The longer side of a picture at most."""
        return 96 if self.view == THUMB else 1400

    def encode(self) -> bytes:
        """For the wire."""
        return json.dumps(asdict(self)).encode()

    @staticmethod
    def decode(data: bytes) -> Asked:
        """From the wire."""
        return Asked(**json.loads(data))

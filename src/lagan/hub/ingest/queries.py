"""What other rooms may ask of ingest: nothing yet but the uploads under way."""

from __future__ import annotations

from lagan.hub.ingest.uploads import keys_in_use

__all__ = ["keys_in_use"]

"""RETRIEVE?internal=: the document types, with the host that serves them filled in.

Source: reference/ngas-http.md section 3. Of what is inside the node nothing else is given.
"""

from __future__ import annotations

import re
from pathlib import Path

from lagan.hub.doors.node.wire.reply import Failed
from lagan.hub.doors.node.wire.server import Answer

STATUS, INTERNAL, STANDARD = "ngamsStatus.dtd", "ngamsInternal.dtd", "XmlStd.dtd"
NAMES = (STATUS, INTERNAL, STANDARD)
_PLACEHOLDER = "@HOST@"


def serve(name: str, host: str) -> Answer:
    """The document type of this name, for clients who reach the node at `host`. Failed for any
    other name."""
    if name not in NAMES:
        raise Failed(f"There is no internal document {name[:100]}: {', '.join(NAMES)} are.")
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    # Always that name: clients that save by it look for it.
    headers = [
        ("Content-Type", "text/xml"),
        ("Content-Disposition", f'attachment; filename="{STATUS}"'),
    ]
    return Answer(200, headers, text.replace(_PLACEHOLDER, _safe(host)).encode())


def _safe(host: str) -> str:
    """A Host header is what a client says; in a document it is a host or it is nothing."""
    return host if re.fullmatch(r"[\w.:\[\]-]{1,255}", host, re.ASCII) else "localhost"

"""A certificate judged anywhere: no Django, no database, only the certificate and a public key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lagan.hub.evidence.jws import Jwk, check
from lagan.kit.errors import BadInput


@dataclass(frozen=True, slots=True)
class Judged:
    """A certificate whose signature fits, and the thumbprint of the key that made it."""

    certificate: Mapping[str, Any]
    key: str


def verify_certificate(data: bytes, trusted: Mapping[str, Jwk] | None = None) -> Judged:
    """Read a certificate as JSON, or as the PDF that has it attached. BadSignature when anything in
    it was changed or another key than `trusted` signed; BadInput when it is no certificate."""
    if data.startswith(b"%PDF-"):
        data = attached(data)
    try:
        given = json.loads(data)
        value, signature = given["certificate"], str(given["jws"])
        kind, format = value["lagan"], value["format"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadInput("This is no certificate.") from None
    if (kind, format) != ("fixity certificate", 1):
        raise BadInput(f"This is {str(kind)[:60]!a} in format {str(format)[:20]}; not known here.")
    return Judged(value, check(signature, value, trusted))


def attached(pdf: bytes) -> bytes:
    """The JSON that is attached to a certificate's PDF. BadInput when there is none."""
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        document = PdfDocument(pdf)
    except PdfiumError:
        raise BadInput("This PDF cannot be read.") from None
    try:
        for number in range(document.count_attachments()):
            found = document.get_attachment(number)
            if found.get_name() == "certificate.json":
                return bytes(found.get_data())
    finally:
        document.close()
    raise BadInput("No certificate is attached to this PDF.")

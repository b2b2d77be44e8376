"""A certificate as a page for people: PDF with the signed JSON attached, which alone counts."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from lagan.kit.sizes import show_size

if TYPE_CHECKING:
    from fpdf import FPDF

ATTACHED = "certificate.json"
SHOWN = 1000
"""Files that the pages list; all of them are in what is attached."""
# It tells every letter of a font at the level of what people want to know.
logging.getLogger("fontTools").setLevel(logging.WARNING)
_FONT, _MARGIN = "roboto", 16  # millimetres
_HOW = (
    "This certificate is attached to this file as certificate.json, signed with Ed25519; the pages"
    " only show it. To verify it anywhere: lagan audit certificate verify FILE --key KEYS, with the"
    " hub's public keys (GET /api/audit/keys/ of the hub, or kept since). Without Lagan: the"
    ' signature is a detached JWS (RFC 7515) over the value of "certificate" as JSON with sorted'
    " keys, without spaces, in ASCII. Then compare the SHA-256 of a file with the one given here."
)


def as_pdf(signed: Mapping[str, Any], data: bytes, key: str) -> bytes:
    """The PDF of what `make_certificate` made, with `data` (the same as text) attached; `key` is
    the thumbprint of the key that signed."""
    from fpdf import FPDF

    value = signed["certificate"]
    pdf = FPDF(format="A4")
    pdf.set_margin(_MARGIN)
    for style, name in (("", "Regular"), ("B", "Bold")):
        font = files("font_roboto") / "files" / f"Roboto-{name}.ttf"
        pdf.add_font(_FONT, style, str(font))
    pdf.set_title(f"Fixity certificate: {value['about'].get('name', value['about']['id'])}")
    pdf.set_creation_date(datetime.fromisoformat(value["made"]))
    pdf.add_page()
    _head(pdf, value, key)
    _files(pdf, value)
    pdf.embed_file(
        bytes=data, basename=ATTACHED, mime_type="application/json", compress=True,
        desc="The signed certificate",
    )  # fmt: skip
    return bytes(pdf.output())


def _head(pdf: FPDF, value: Mapping[str, Any], key: str) -> None:
    about, hub, totals = value["about"], value["hub"], value["totals"]
    _write(pdf, "Fixity certificate", size=20, bold=True)
    _write(pdf, hub["institution"] or hub["address"] or f"Hub {hub['id']}", size=11)
    pdf.ln(4)
    rows = [
        (about["kind"].capitalize(), f"{about.get('name', '')} (id {about['id']})"),
        *((name.capitalize(), about[name]) for name in ("group", "owner", "depositor", "state")
          if about.get(name)),
        *_bagged(about),
        ("Folder", value["folder"] or "all of it"),
        ("Files", f"{totals['files']:,} with {show_size(totals['bytes'])}"),
        ("Copies", f"{totals['good_copies']:,} of {totals['copies']:,} were last seen good"),
        ("Made", f"{value['made']} for {value['asked_by']}"),
        ("Checked by", f"Lagan {hub['lagan']}, hub {hub['id']} {hub['address']}"),
        ("Record", f"event {value['record']['sequence']}, {value['record']['hash']}"),
        ("Key", key),
    ]  # fmt: skip
    for name, text in rows:
        _row(pdf, name, text)
    pdf.ln(3)
    _write(pdf, _HOW, size=8)
    pdf.ln(3)


def _bagged(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a package says besides: its outer checksum, the verdict, its versions."""
    if "checksum" not in about:
        return []
    told, bag = about["checksum"], about["bag"]
    seen = f"last compared {about['compared']}" if about["compared"] else "not compared yet"
    verdict = "not judged yet"
    if bag is not None:
        content = f"{bag.get('files', 0):,} files with {bag.get('bytes', 0):,} bytes"
        valid = f"valid, BagIt {bag.get('version', '')}, {content}"
        verdict = valid if bag["valid"] else f"not valid, {len(bag.get('errors', ()))} errors"
    numbers = [f"{each['version']} (id {each['id']})" for each in about["versions"]]
    return [
        ("Zip", f"SHA-256 {told['received']}, {seen}"),
        ("Bag", verdict),
        ("Version", f"{about['version']} of {', '.join(numbers)}"),
    ]


def _files(pdf: FPDF, value: Mapping[str, Any]) -> None:
    told = value["files"]
    for each in told[:SHOWN]:
        _write(pdf, each["path"], size=8, bold=True)
        digest = "SHA-256 " + each["sha256"] if "sha256" in each else "CRC-32C " + each["crc32c"]
        _write(pdf, f"version {each['version']}, {each['size']:,} bytes, {digest}", size=7)
        for copy in each["copies"]:
            seen = f"{copy['seen'][:19]}Z {copy['how']}" if copy["seen"] else "never"
            _write(pdf, f"{copy['volume']}: {copy['state']}, last seen {seen}", size=7)
        pdf.ln(1)
    if len(told) > SHOWN:
        _write(pdf, f"{len(told) - SHOWN:,} more files are in {ATTACHED}.", size=9)


def _row(pdf: FPDF, name: str, text: str) -> None:
    from fpdf.enums import WrapMode

    top = pdf.get_y()
    pdf.set_font(_FONT, "B", 9)
    pdf.cell(28, 5, name)
    pdf.set_xy(_MARGIN + 28, top)
    pdf.set_font(_FONT, "", 9)
    pdf.multi_cell(0, 5, _shown(pdf, text), new_x="LMARGIN", new_y="NEXT", wrapmode=WrapMode.CHAR)


def _write(pdf: FPDF, text: str, *, size: float, bold: bool = False) -> None:
    from fpdf.enums import WrapMode

    pdf.set_font(_FONT, "B" if bold else "", size)
    mode = WrapMode.WORD if " " in text else WrapMode.CHAR
    pdf.multi_cell(0, size * 0.5, _shown(pdf, text), new_x="LMARGIN", new_y="NEXT", wrapmode=mode)


def _shown(pdf: FPDF, text: str) -> str:
    """The text with an escape for whatever the font has no letter for, or paper cannot show."""
    known = pdf.current_font.cmap  # type: ignore[union-attr]
    composed = unicodedata.normalize("NFC", text)
    return "".join(
        letter if letter.isprintable() and ord(letter) in known else ascii(letter)[1:-1]
        for letter in composed
    )

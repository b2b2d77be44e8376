"""Catalogues of translations, `.po` for people, made into the `.mo` that gettext reads, without
any other program.

`python -m lagan.hub.web.translations` writes every `.mo` beside its `.po`; both are kept in the
repository, so that
a clone speaks all languages at once. Formats: GNU gettext manual, "The Format of PO Files" and
"... MO Files".
"""

from __future__ import annotations

import ast
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"


@dataclass(slots=True)
class _Entry:
    """One message being read: its parts by keyword (`msgid`, `msgid_plural`, `msgctxt`,
    `msgstr[1]`, ...)."""

    parts: dict[str, str] = field(default_factory=dict)
    fuzzy: bool = False

    @property
    def original(self) -> str:
        """What gettext looks up: context and plural joined by the control characters that it
        expects."""
        context = f"{self.parts['msgctxt']}\x04" if "msgctxt" in self.parts else ""
        plural = f"\0{self.parts['msgid_plural']}" if "msgid_plural" in self.parts else ""
        return f"{context}{self.parts.get('msgid', '')}{plural}"

    @property
    def translated(self) -> str:
        """All its forms; empty when one of them is missing."""
        forms = [text for keyword, text in self.parts.items() if keyword.startswith("msgstr")]
        return "\0".join(forms) if forms and all(forms) else ""


def compiled(po: str) -> bytes:
    """The `.mo` of a `.po`. Messages that are fuzzy or lack a form are left out, so that English
    is shown."""
    entries = [each for each in _entries(po) if each.translated and not each.fuzzy]
    pairs = sorted((each.original.encode(), each.translated.encode()) for each in entries)
    count = len(pairs)
    start = 28 + 16 * count
    originals: list[int] = []
    translations: list[int] = []
    texts = bytearray()
    for table, place in ((originals, 0), (translations, 1)):
        for pair in pairs:
            table += [len(pair[place]), start + len(texts)]
            texts += pair[place] + b"\0"
    head = (0x950412DE, 0, count, 28, 28 + 8 * count, 0, start)
    return struct.pack(f"<7I{4 * count}I", *head, *originals, *translations) + bytes(texts)


def _entries(po: str) -> Iterator[_Entry]:
    entry, keyword = _Entry(), ""
    for line in [*po.splitlines(), ""]:
        if not line.strip():
            if entry.parts:
                yield entry
            entry, keyword = _Entry(), ""
        elif line.startswith("#"):
            entry.fuzzy |= line.startswith("#,") and "fuzzy" in line
        elif line.startswith('"'):
            entry.parts[keyword] += ast.literal_eval(line)
        else:
            keyword, _, text = line.partition(" ")
            entry.parts[keyword] = ast.literal_eval(text)


def main() -> None:
    """Compile every catalogue of the pages."""
    for po in sorted(LOCALE.glob("*/LC_MESSAGES/*.po")):
        po.with_suffix(".mo").write_bytes(compiled(po.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()

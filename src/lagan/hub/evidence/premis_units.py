"""The semantic units of PREMIS as pieces of XML, whatever people wrote into them."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

ENTITY, FILE, HUB = "Lagan entity", "Lagan file", "UUID"
"""Types of identifiers."""
# What XML 1.0 has no word for.
_UNTOLD = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def object(kind: str, *parts: str, **texts: str) -> str:
    """An object of a kind with these parts, and after them units of text."""
    inner = "".join([*parts, *(text(name, told) for name, told in texts.items())])
    return f'<object xsi:type="{kind}">{inner}</object>\n'


def identified(of: str, kind: str, value: str, *more: str) -> str:
    """The identifier of something: its type and value, and what comes after them."""
    name = f"{of}Identifier"
    return unit(name, text(f"{name}Type", kind), text(f"{name}Value", value), *more)


def text(name: str, told: str, **attributes: str) -> str:
    """A unit of text; what XML has no word for is replaced."""
    return unit(name, escape(_UNTOLD.sub("\ufffd", told)), **attributes)


def unit(name: str, *inner: str, **attributes: str) -> str:
    """A unit of other units."""
    told = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    end = "\n" if name in ("event", "agent", "rights") else ""
    return f"<{name}{told}>{''.join(inner)}</{name}>{end}"

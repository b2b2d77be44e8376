"""The colours: both ways into the dark are alike, only the tokens name colours, and text is
legible on its ground."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lagan.hub.web

STATIC = Path(lagan.hub.web.__file__).parent / "static" / "web"
TOKENS = (STATIC / "tokens.css").read_text()
COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(", re.IGNORECASE)
TONES = ("good", "suspect", "bad", "moving", "quiet")
PAIRS = [
    *(
        (text, ground)
        for text in ("text", "text-soft", "accent")
        for ground in ("ground", "surface")
    ),
    *((text, "hover") for text in ("text", "text-soft")),
    *((tone, f"{tone}-soft") for tone in TONES),
    *((tone, "surface") for tone in TONES),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("accent", "accent-soft"),
    ("text-soft", "quiet-soft"),
    ("bad", "bad-soft"),
]
BORDERS = [("line-strong", "surface"), ("focus", "surface"), ("focus", "ground")]


def _values(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z0-9-]+):\s*([^;]+);", block))


def _block(selector: str) -> dict[str, str]:
    start = TOKENS.index(selector + " {")
    return _values(TOKENS[start : TOKENS.index("}", start)])


LIGHT = _block(":root")
DARK = {**LIGHT, **_block(':root[data-theme="dark"]')}


def test_the_switch_and_the_system_lead_to_the_same_dark() -> None:
    assert _block(':root:not([data-theme="light"])') == _block(':root[data-theme="dark"]')


def test_no_other_style_sheet_names_a_colour() -> None:
    found = [
        (sheet.name, match.group())
        for sheet in STATIC.glob("*.css")
        if sheet.name != "tokens.css"
        for match in COLOUR.finditer(sheet.read_text())
    ]
    assert found == []


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_has_the_contrast_of_wcag_aa(theme: dict[str, str]) -> None:
    poor = [pair for pair in PAIRS if _contrast(theme[pair[0]], theme[pair[1]]) < 4.5]
    assert poor == []


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_edges_of_fields_and_the_focus_can_be_seen(theme: dict[str, str]) -> None:
    poor = [pair for pair in BORDERS if _contrast(theme[pair[0]], theme[pair[1]]) < 3]
    assert poor == []


def _contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

"""250 names that a Linux filesystem holds: each may be archived exactly, or refused by name."""

from __future__ import annotations

import random

_PLAIN = [
    " ", "  lead", "trail ", "tab\there", "new\nline", "cr\rline", "-rf", "--help", "~", "~root", "$HOME", "`id`",
    "$(id)", "a;b", "a&b", "a|b", "a>b", "a<b", "a*b", "a?b", "[a]", "{a,b}", "!x", "#x", "%", "%%", "%41", "%2F",
    "%00", "%2e%2e", "a'b", 'a"b', "a\\b", "\\", "C:", "C:\\x", "con", "nul.txt", "aux", "a:b", "a::$DATA", "a.",
    "...", "....", ". .", ".hidden", "@eaDir", "Thumbs.db", "=x", "+x", "a+b", "a=b", "a,b", "(x)", "^x", "a~1",
    "\x01", "\x07bell", "\x1b[31mred", "\x7f", "\x80", "\x85", "\xa0", "\u00ad", "\u200b", "\u200e", "\u202e.fdp",
    "\u2028", "\u2029", "\ufeff", "\ufffe", "\uffff", "\ufffd", "e\u0301", "\u00e9", "A\u030a", "\u00c5", "\u212b",
    "ß", "ẞ", "İ", "ı", "ſ", "ﬁ", "Ω", "Ω", "日本語", "한국어", "한", "العربية", "עברית", "ไทย", "हिन्दी", "🎉",
    "👩‍👩‍👧", "🏳️‍🌈", "\U0001f9ec", "\U000e0041", "\U0010ffff", "x" * 255, "é" * 127, "日" * 85, "x" * 100,
    "x" * 101, "x" * 99 + "é", "a.tar.gz", "../x".replace("/", "\u2215"), "a\u2044b", "PaxHeader", "././@LongLink",
    "0", "00", "-0", "1e5", "null", "None", "true", "NaN", "[]", "{}", "<script>", "'; DROP TABLE x;--", "a\x00b",
]  # fmt: skip


def names() -> list[str]:
    """At least 250 different ones, none with a slash or NUL, none over 255 bytes."""
    rng = random.Random(5)
    made = {each for each in _PLAIN if "\0" not in each and "/" not in each}
    ranges = [
        (1, 0x2F - 1),
        (0x3A, 0x7F),
        (0x80, 0x2FF),
        (0x300, 0x36F),
        (0x600, 0x6FF),
        (0x1F300, 0x1F5FF),
    ]
    while len(made) < 260:
        low, high = rng.choice(ranges)
        made.add("".join(chr(rng.randint(low, high)) for _ in range(rng.randint(1, 12))))
    return sorted(each for each in made if len(each.encode()) <= 255 and each not in (".", ".."))

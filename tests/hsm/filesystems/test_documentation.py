"""The guarantees that the documentation numbers are shown by tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "internals" / "hsm.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_every_test_that_is_named_is_there() -> None:
    named = NAMED.findall(PAGE.read_text())
    assert len(named) > 20
    for file, test in named:
        assert f"def {test}(" in (ROOT / file).read_text() or not test, f"{file}::{test}"


def test_guarantees_are_numbered_and_each_is_shown() -> None:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| G")]
    assert [line.split(" ")[1] for line in lines] == [f"G{n}" for n in range(1, len(lines) + 1)]
    assert all(NAMED.search(line.split("|")[3]) for line in lines)

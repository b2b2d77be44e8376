"""The example configuration in deploy/ is one that a node takes, whole."""

from __future__ import annotations

from pathlib import Path

from lagan.hub.doors.node.config import load
from lagan.hub.doors.node.config.loading import unknown

EXAMPLE = Path(__file__).parents[4] / "deploy" / "node.xml.example"


def test_the_example_is_accepted_and_nothing_in_it_is_passed_over() -> None:
    config = load(EXAMPLE)
    assert config.archiving is not None
    assert config.archiving.checksum == "crc32c"
    assert unknown(EXAMPLE.read_bytes()) == []

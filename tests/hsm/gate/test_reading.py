"""Who opens a file that is away gets its content."""

from __future__ import annotations

import subprocess

import pytest

from tests.hsm.gate.conftest import Site


def test_cat_of_a_migrated_file_shows_its_content(site: Site) -> None:
    path, content = site.start().migrated()
    assert path.stat().st_blocks <= 8
    shown = subprocess.run(["cat", str(path)], capture_output=True, check=True, timeout=30)
    assert shown.stdout == content
    assert site.state(path) == "premigrated"

"""Drawn previews are kept, found again, and bounded."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

import pytest

from lagan.hub.access.previews import keeping
from lagan.hub.access.previews.blocks import Drawn
from lagan.hub.access.previews.keeping import Kept, key_of
from lagan.hub.access.previews.request import Asked


def a_preview() -> Drawn:
    made = Drawn(kind="image", page=2, pages=5)
    made.picture(b"webp", 40, 30, "axial")
    made.note("stretched")
    return made


def test_what_is_put_away_comes_back_as_it_was(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    assert kept.get("ab12") is None
    kept.put("ab12", a_preview())
    assert kept.get("ab12") == a_preview()


def test_what_was_cut_short_counts_for_nothing(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.put("ab12", a_preview())
    place = tmp_path / "ab" / "ab12"
    data = place.read_bytes()
    for length in (0, 3, len(data) - 1):
        place.write_bytes(data[:length])
        assert kept.get("ab12") is None


def test_those_not_looked_at_for_longest_go_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_LOOK", 0.0)  # no trimming by chance
    kept = Kept(tmp_path, most=1000)
    for n in range(20):
        kept.put(f"{n:02}", a_preview())
        os.utime(tmp_path / f"{n:02}" / f"{n:02}", (n, n))
    assert kept.get("00") is not None  # looked at now: it stays
    kept.trim()
    left = [n for n in range(20) if kept.get(f"{n:02}")]
    assert 0 in left
    assert left[1:] == list(range(20 - len(left) + 1, 20))
    assert sum(each.stat().st_size for each in tmp_path.glob("*/*")) <= 900


def test_a_key_changes_with_all_that_changes_the_preview() -> None:
    stored, asked = uuid4(), Asked("a.png", 10)
    keys = {
        key_of(asked, sha256="1" * 64, stored=stored),
        key_of(asked, sha256="2" * 64, stored=stored),
        key_of(asked, sha256=None, stored=stored),
        key_of(Asked("a.txt", 10), sha256="1" * 64, stored=stored),
        key_of(Asked("a.png", 10, page=1), sha256="1" * 64, stored=stored),
        key_of(Asked("a.png", 10, view="thumb"), sha256="1" * 64, stored=stored),
    }
    assert len(keys) == 6
    same = key_of(Asked("b.png", 10), sha256="1" * 64, stored=uuid4())
    assert same in keys

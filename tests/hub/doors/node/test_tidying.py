"""Leftovers go when nobody did anything with them for long; nothing else does."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

from lagan.hub.doors.node.background.tidying import tidy

HOUR = timedelta(hours=1)


def test_what_was_left_alone_goes(tmp_path: Path) -> None:
    folder = tmp_path / "tmp"
    (folder / "result" / "inner").mkdir(parents=True)
    (folder / "result" / "inner" / "file").write_text("x")
    (folder / "list.db").write_text("x")
    assert tidy(folder, HOUR, time.time()) == 0
    assert tidy(folder, HOUR, time.time() + 3700) == 2
    assert list(folder.iterdir()) == []


def test_what_somebody_works_in_stays(tmp_path: Path) -> None:
    (tmp_path / "result").mkdir()
    inner = tmp_path / "result" / "file"
    inner.write_text("x")
    later = time.time() + 3000
    os.utime(inner, (later, later))
    assert tidy(tmp_path, HOUR, time.time() + 3700) == 0
    assert inner.exists()


def test_a_link_goes_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    kept, folder = tmp_path / "kept", tmp_path / "tmp"
    kept.mkdir()
    (kept / "file").write_text("x")
    folder.mkdir()
    (folder / "link").symlink_to(kept)
    assert tidy(folder, HOUR, time.time() + 3700) == 1
    assert (kept / "file").exists()
    (tmp_path / "tmp2").symlink_to(kept)
    assert tidy(tmp_path / "tmp2", HOUR, time.time() + 3700) == 0


def test_a_folder_that_is_not_there_is_tidy(tmp_path: Path) -> None:
    assert tidy(tmp_path / "no", HOUR, time.time()) == 0

"""Percent are those of `df`, and freeing what is said brings them down to the mark."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from lagan.hsm.policy.fullness import Fullness, fullness


def test_freeing_what_is_above_a_mark_brings_it_there() -> None:
    found = Fullness(used=855, free=145)
    over = found.above(70)
    assert over == 155
    assert Fullness(855 - over, 145 + over).percent <= 70
    assert found.above(90) == 0
    assert Fullness(0, 0).percent == 0.0


def test_it_says_what_df_says(tmp_path: Path) -> None:
    command = ["df", "--output=pcent,avail", "-B1", str(tmp_path)]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()[-2:]
    found = fullness(os.statvfs(tmp_path))
    assert abs(found.percent - float(said[0].rstrip("%"))) <= 1.0
    assert abs(found.free - int(said[1])) < found.size / 100

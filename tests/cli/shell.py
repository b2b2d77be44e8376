"""The command `lagan` with one person's client key, in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from lagan.cli import main


class Shell:
    """`shell("dataset", "list")` must succeed, or end with `code`."""

    def __init__(self, url: str, key: str) -> None:
        self.given = {"LAGAN_URL": url, "LAGAN_API_KEY": key}

    def __call__(self, *words: str | int | Path, code: int = 0) -> Result:
        done = CliRunner(env=self.given).invoke(main, [str(each) for each in words])
        assert done.exit_code == code, done.output
        return done

    def rows(self, *words: str | int | Path) -> list[dict[str, Any]]:
        """What it prints for programs."""
        return [json.loads(line) for line in self(*words, "--json").output.splitlines()]

    def refused(self, *words: str | int | Path) -> str:
        """What it says when it does not succeed."""
        done = CliRunner(env=self.given).invoke(main, [str(each) for each in words])
        assert done.exit_code not in (0, 1), done.output
        return done.output

"""An instrument's computer in a folder: data, settings, state, and a hub on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lagan.agent.progress import Quiet
from lagan.agent.report import Report
from lagan.agent.settings import Settings, parse
from lagan.agent.sync import sync
from tests.agent.hub import KEY, TestHub


class Bench:
    """The folder, the settings in it, and ways to run the agent with them."""

    def __init__(self, folder: Path, hub: TestHub) -> None:
        self.folder, self.hub = folder, hub
        self.data = folder / "data"
        self.data.mkdir()
        self.config = folder / "agent.ini"
        self.given: dict[str, Any] = {
            "instrument_name": "Microscope", "facility_name": "Imaging", "contact_name": "Kim",
            "contact_email": "kim@example.org", "data_directory": self.data, "hub_url": hub.url,
            "username": "facility", "api_key": KEY, "state_directory": folder / "state",
            "connection_timeout": 60,
        }  # fmt: skip

    def file(self, path: str, content: bytes = b"x", age: float = 3600) -> Path:
        """A file of so many seconds of age."""
        made = self.data / path
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_bytes(content)
        os.utime(made, (time.time() - age,) * 2)
        return made

    def text(self, **changes: Any) -> str:
        rows = {**self.given, **changes}
        lines = [
            f"{key} = {str(value).replace('%', '%%')}"
            for key, value in rows.items()
            if value is not None
        ]
        return "\n".join(["[agent]", *lines, ""])

    def settings(self, **changes: Any) -> Settings:
        return parse(self.text(**changes))

    def sync(
        self, stop: threading.Event | None = None, fresh: bool = False, **changes: Any
    ) -> Report:
        return sync(self.settings(**changes), Quiet(), stop or threading.Event(), fresh)

    def start(self, *arguments: str, **changes: Any) -> subprocess.Popen[str]:
        """A real `lagan agent ...` process."""
        self.config.write_text(self.text(**changes))
        command = [sys.executable, "-c", "from lagan.cli import main; main()", "agent", *arguments]
        return subprocess.Popen(
            [*command, "--config", str(self.config)],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, **changes: Any) -> tuple[int, str, str]:
        with self.start(*arguments, **changes) as process:
            out, err = process.communicate(timeout=150)
            return process.returncode, out, err

    def local(self) -> dict[str, bytes]:
        """All files of the data folder by their path in it."""
        return {
            each.relative_to(self.data).as_posix(): each.read_bytes()
            for each in self.data.rglob("*")
            if each.is_file()
        }

    def uploads_kept(self) -> int:
        import sqlite3

        base = sqlite3.connect(self.folder / "state" / "state.sqlite3")
        try:
            return int(base.execute("SELECT count(*) FROM uploads").fetchone()[0])
        finally:
            base.close()

    def last(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "state" / "report.json").read_text()))


@pytest.fixture
def hub() -> Iterator[TestHub]:
    with TestHub() as running:
        yield running


@pytest.fixture
def bench(tmp_path: Path, hub: TestHub) -> Bench:
    return Bench(tmp_path, hub)

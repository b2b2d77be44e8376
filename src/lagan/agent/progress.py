"""How a run is going, shown where somebody looks: a bar on a terminal, JSON lines for a program,
or nothing."""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any, Protocol


class Progress(Protocol):
    """Told from several threads what happens."""

    def say(self, phase: str, **facts: Any) -> None:
        """A phase ended with these figures."""

    def begin(self, files: int, size: int) -> None:
        """Sending begins: so many files, so many bytes."""

    def advance(self, files: int = 0, size: int = 0) -> None:
        """So many files more have their outcome, so many bytes more are sent."""

    def end(self) -> None:
        """Nothing more comes."""


class Quiet:
    """Shows nothing."""

    def say(self, phase: str, **facts: Any) -> None:
        """Nothing."""

    def begin(self, files: int, size: int) -> None:
        """Nothing."""

    def advance(self, files: int = 0, size: int = 0) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""


class Lines:
    """JSON lines on standard output, at most one every `interval` seconds while sending."""

    def __init__(self, interval: float = 1.0) -> None:
        self._interval, self._last = interval, 0.0
        self._lock = threading.Lock()
        self._done = {"files": 0, "bytes": 0, "of_files": 0, "of_bytes": 0}

    def say(self, phase: str, **facts: Any) -> None:
        """One line with the phase's name."""
        with self._lock:
            self._print({"event": phase, **facts})

    def begin(self, files: int, size: int) -> None:
        """Sending begins."""
        self._done.update(of_files=files, of_bytes=size)

    def advance(self, files: int = 0, size: int = 0) -> None:
        """So much more was acknowledged (files) or sent (bytes)."""
        with self._lock:
            self._done["files"] += files
            self._done["bytes"] += size
            if time.monotonic() - self._last >= self._interval:
                self._last = time.monotonic()
                self._print({"event": "progress", **self._done})

    def end(self) -> None:
        """The last line of progress."""
        with self._lock:
            self._print({"event": "progress", **self._done})

    @staticmethod
    def _print(line: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()


class Bar:
    """A bar with rate and remaining time on the terminal (standard error)."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.fields[files]}/{task.fields[of]} files"), BarColumn(),
            DownloadColumn(True),
            TransferSpeedColumn(), TimeRemainingColumn(), console=self._console, transient=True,
        )  # fmt: skip
        self._lock = threading.Lock()
        self._files = 0
        self._task: Any = None

    def say(self, phase: str, **facts: Any) -> None:
        """A dim line."""
        told = ", ".join(f"{key} {value}" for key, value in facts.items())
        self._console.print(
            f"{phase.replace('_', ' ')}{': ' if told else ''}{told}", style="dim", markup=False
        )

    def begin(self, files: int, size: int) -> None:
        """Show the bar."""
        if files:
            self._task = self._bar.add_task("send", total=size, files=0, of=files)
            self._bar.start()

    def advance(self, files: int = 0, size: int = 0) -> None:
        """Move it."""
        with self._lock:
            self._files += files
            if self._task is not None:
                self._bar.update(self._task, advance=size, files=self._files)

    def end(self) -> None:
        """Take it away."""
        self._bar.stop()


def for_output(json_lines: bool, interval: float) -> Progress:
    """What suits where the output goes."""
    if json_lines:
        return Lines(interval)
    return Bar() if sys.stderr.isatty() else Quiet()

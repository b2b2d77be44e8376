"""The service's log: lines with times that support can read, in files that do not grow without end,
without anything secret."""

from __future__ import annotations

import logging
import logging.handlers
import re
from collections.abc import Iterable
from pathlib import Path

from lagan.agent.settings import Settings
from lagan.kit.errors import BadInput

LARGEST, KEPT = 2 << 20, 5
"""Bytes of one file of the log, and how many older ones stay."""
SHORTEST = 4
"""Characters of the shortest secret that is looked for: shorter ones would hide half the text."""
_CREDENTIAL = re.compile(r"(?i)\b(ApiKey|Api-Key|Bearer|Basic)\s+\S+")
_IN_ADDRESS = re.compile(r"(://[^/\s:@]+):[^/\s@]+@")

log = logging.getLogger("lagan.agent")


def begin(settings: Settings) -> Path:
    """Log to the file of the settings; where that is. BadInput when it cannot be written."""
    path = Path(settings.log_file) if settings.log_file else settings.state / "agent.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8", errors="backslashreplace"
        )
    except OSError as error:
        raise BadInput(f"Cannot write the log {path}: {error.strerror}.") from None
    handler.setFormatter(Plain([settings.api_key, settings.password]))
    for old in list(log.handlers):
        log.removeHandler(old)
        old.close()
    log.addHandler(handler)
    log.setLevel(settings.log_level)
    log.propagate = False
    return path


class Plain(logging.Formatter):
    """One line an event: time with its zone, level, words. Secrets become three stars."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%Y-%m-%dT%H:%M:%S%z")
        self._secrets = [each for each in secrets if len(each) >= SHORTEST]

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return cleaned(super().format(record), self._secrets).replace("\n", "\n    ")


def cleaned(text: str, secrets: Iterable[str]) -> str:
    """The text without these secrets, and without whatever looks like a credential."""
    for each in secrets:
        text = text.replace(each, "***")
    return _IN_ADDRESS.sub(r"\1:***@", _CREDENTIAL.sub(r"\1 ***", text))

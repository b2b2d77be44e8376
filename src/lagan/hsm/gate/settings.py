"""What recalld.conf says, read once and again when told to, and refused by name where it is odd."""

from __future__ import annotations

import configparser
import errno
import pwd
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from lagan.hsm.gate.rules import Rules
from lagan.kit.errors import BadInput
from lagan.kit.sizes import parse_size

WORKER = Path("/etc/lagan/worker.conf")
DOOR = Path("/run/lagan/recalld/door")
STATE = Path("/var/lib/lagan/recalld")
LONGEST = 24 * 3600.0
"""Seconds that somebody may be kept waiting at most."""
_SECTIONS = ("settings", "rules", "hub")
Number = TypeVar("Number", int, float)
_ERRORS = ("EAGAIN", "EBUSY", "EIO", "EPERM")


@dataclass(frozen=True, slots=True)
class HubSettings:
    """Which hub is told of recalls, and who we are there."""

    base_url: str
    client_key: str = field(repr=False)
    site: str


@dataclass(frozen=True, slots=True)
class GateSettings:
    """What the file says. Times in seconds, sizes in bytes; `timeout_error` is the errno of who
    waited too long."""

    worker: Path = WORKER
    door: Path = DOOR
    state: Path = STATE
    worker_user: int = 0
    timeout: float = 3600.0
    timeout_error: int = errno.EIO
    huge: int = 64 << 20
    """From this size on a file waits for the threads of huge ones."""
    small_threads: int = 4
    huge_threads: int = 2
    rules: Rules = field(default_factory=Rules)
    hub: HubSettings | None = None


def read_settings(path: Path) -> GateSettings:
    """The settings in a file. BadInput names what is wrong."""
    parser = _parsed(path)
    given = _Given(path, parser)
    default = GateSettings()
    settings = GateSettings(
        worker=given.path("settings", "worker", WORKER),
        door=given.path("settings", "door", DOOR),
        state=given.path("settings", "state", STATE),
        worker_user=given.user("settings", "worker_user"),
        timeout=given.seconds("settings", "timeout", default.timeout),
        timeout_error=given.error("settings", "timeout_error", "EIO"),
        huge=given.size("settings", "huge", default.huge),
        small_threads=given.whole("settings", "small_threads", default.small_threads, least=1),
        huge_threads=given.whole("settings", "huge_threads", default.huge_threads, least=1),
        rules=_rules(given),
        hub=_hub(given),
    )
    given.require_nothing_else()
    return settings


def _rules(given: _Given) -> Rules:
    return Rules(
        deny=frozenset(given.words("rules", "deny")),
        deny_users=frozenset(given.users("rules", "deny_users")),
        refusal=given.error("rules", "refusal", "EAGAIN"),
        at_once=given.whole("rules", "at_once", 0),
        user_at_once=given.whole("rules", "user_at_once", 0),
        per_hour=given.size("rules", "bytes_per_hour", 0),
        user_per_hour=given.size("rules", "user_bytes_per_hour", 0),
    )


def _hub(given: _Given) -> HubSettings | None:
    url, key, site = given.address(), given.key(), given.text("hub", "site")
    if url is None and key is None and site is None:
        return None
    for name, value in (("base_url", url), ("client_key", key), ("site", site)):
        if not value:
            raise given.odd("hub", name, "is needed where another setting of [hub] is given")
    return HubSettings(url or "", key or "", site or "")


class _Given:
    """The file's lines; what was asked for is known."""

    def __init__(self, path: Path, parser: configparser.ConfigParser) -> None:
        self._path = path
        self._lines = {name: dict(parser[name]) for name in parser.sections()}
        self._known: dict[str, set[str]] = {name: set() for name in _SECTIONS}

    def text(self, section: str, name: str) -> str | None:
        self._known[section].add(name)
        return self._lines.get(section, {}).get(name, "").strip() or None

    def path(self, section: str, name: str, default: Path) -> Path:
        text = self.text(section, name)
        if text is not None and not Path(text).is_absolute():
            raise self.odd(section, name, f"must be an absolute path, not {text!r}")
        return Path(text) if text else default

    def whole(self, section: str, name: str, default: int, least: int = 0) -> int:
        return self._parsed(section, name, default, int, least, 100_000, "a whole number")

    def seconds(self, section: str, name: str, default: float) -> float:
        return self._parsed(section, name, default, float, 0.1, LONGEST, "a number of seconds")

    def size(self, section: str, name: str, default: int) -> int:
        return self._parsed(section, name, default, parse_size, 0, 1 << 62, "a size like 10 GiB")

    def _parsed(
        self,
        section: str,
        name: str,
        default: Number,
        parse: Callable[[str], Number],
        least: float,
        most: float,
        kind: str,
    ) -> Number:
        text = self.text(section, name)
        if text is None:
            return default
        try:
            value = parse(text)
        except (ValueError, BadInput):
            raise self.odd(section, name, f"must be {kind}, not {text!r}") from None
        if not least <= value <= most:
            raise self.odd(section, name, f"must be from {least:g} to {most:g}, not {text!r}")
        return value

    def error(self, section: str, name: str, default: str) -> int:
        text = self.text(section, name) or default
        if text not in _ERRORS:
            raise self.odd(section, name, f"must be one of {', '.join(_ERRORS)}, not {text!r}")
        return int(getattr(errno, text))

    def words(self, section: str, name: str) -> list[str]:
        """One a line, or with commas between."""
        words = (self.text(section, name) or "").replace("\n", ",").split(",")
        return [word.strip() for word in words if word.strip()]

    def users(self, section: str, name: str) -> list[int]:
        return [self._user(section, name, word) for word in self.words(section, name)]

    def user(self, section: str, name: str) -> int:
        text = self.text(section, name)
        return self._user(section, name, text) if text else 0

    def _user(self, section: str, name: str, word: str) -> int:
        if word.isdecimal():
            return int(word)
        try:
            return pwd.getpwnam(word).pw_uid
        except KeyError:
            raise self.odd(section, name, f"names {word!r}, who is no user here") from None

    def address(self) -> str | None:
        text = self.text("hub", "base_url")
        parts = urlsplit(text or "")
        if text and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise self.odd("hub", "base_url", "must look like https://hub.example.org")
        return text

    def key(self) -> str | None:
        text, file = self.text("hub", "client_key"), self.text("hub", "client_key_file")
        if text and file:
            raise self.odd("hub", "client_key", "and client_key_file are both given")
        if file is None:
            return text
        try:
            return Path(file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            said = getattr(error, "strerror", None) or "it is no text"
            raise self.odd("hub", "client_key_file", f"names {file}: {said}") from None

    def require_nothing_else(self) -> None:
        for section, lines in self._lines.items():
            for name in lines:
                if name not in self._known[section]:
                    known = ", ".join(sorted(self._known[section]))
                    raise self.odd(section, name, f"is no setting; there are {known}")

    def odd(self, section: str, name: str, what: str) -> BadInput:
        return BadInput(f"{self._path}: [{section}] {name} {what}.", setting=name)


def _parsed(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        parser.read_string(path.read_text(), str(path))
    except OSError as error:
        raise BadInput(f"Cannot read {path}: {error.strerror}.") from None
    except (configparser.Error, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is no ini file: {' '.join(str(error).split())}") from None
    for name in parser.sections():
        if name not in _SECTIONS:
            known = ", ".join(f"[{each}]" for each in _SECTIONS)
            raise BadInput(f"{path}: there is no section [{name}]; there are {known}.")
    return parser

"""What a worker's ini file says, read once and refused by name where it is odd.

`threads`, `broker_url` and `result_backend` are those of seeds/workflow-hub.txt, "Worker
Configuration"; results are rows, so that the last is accepted and not needed. The others are ours.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from lagan.hsm.choosing import Rule
from lagan.kit.errors import BadInput
from lagan.kit.http import Tls
from lagan.worker import target_rules
from lagan.worker.archive_volume import TARGET as ARCHIVE
from lagan.worker.ledger import LEASE
from lagan.worker.place import Gate, Place
from lagan.worker.wire import SCHEME

THREADS = 10
"""Tasks at once unless told otherwise (seeds/workflow-hub.txt)."""
LONGEST_LEASE = 3600.0
"""Seconds."""
T = TypeVar("T")
_SECTION, _TARGET = "settings", "target "
_TARGET_SECTION = re.compile(r"target +[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What the file says. Without `hub_url` the worker uses the hub's own database."""

    threads: int = THREADS
    broker_url: str | None = None
    lease: float = LEASE
    """Seconds until a silent worker's tasks go to others."""
    hub_url: str | None = None
    site_key: str | None = field(default=None, repr=False)
    """One key or several, a word each."""
    sites: tuple[str, ...] = ()
    roots: tuple[Path, ...] = ()
    state: Path | None = None
    ca_file: str | None = None
    targets: Mapping[str, str] = field(default_factory=dict)
    """Name to location of a volume. Without any a worker that has a hub has its archive."""
    rules: Sequence[Rule] = ()
    """Which files go to which target, in the order of the file."""
    gate: Gate = field(default_factory=Gate)

    @property
    def tls(self) -> Tls:
        """How the hub proves itself."""
        return Tls(ca_file=self.ca_file)

    def place(self, hub_url: str | None = None) -> Place:
        """The site as this worker sees it; `hub_url` for a worker on the hub's own database."""
        address = self.hub_url or hub_url
        targets = self.targets or ({ARCHIVE: f"{ARCHIVE}:"} if address else {})
        place = Place(
            self.roots, self.state, targets, self.rules, address,
            tls=self.tls, credentials=self._credentials(), gate=self.gate,
        )  # fmt: skip
        return place.of(self.sites)

    def _credentials(self) -> Callable[[], str] | None:
        return (lambda: f"{SCHEME} {self.site_key}") if self.site_key else None


def read_settings(path: Path | None) -> WorkerSettings:
    """The settings in a file; the defaults without one. BadInput names what is wrong."""
    if path is None:
        return WorkerSettings()
    parser = _parsed(path)
    given = _Given(path, dict(parser[_SECTION]))
    settings = WorkerSettings(
        threads=int(given.number("threads", THREADS, 100_000, whole=True)),
        broker_url=given.text("broker_url"),
        lease=given.number("lease", LEASE, LONGEST_LEASE, whole=False),
        hub_url=given.address("hub_url"),
        site_key=given.secret("site_key"),
        sites=tuple(dict.fromkeys((given.text("sites") or "").replace(",", " ").split())),
        roots=given.roots("roots"),
        state=given.folder("state"),
        ca_file=given.file("ca_file"),
        targets=_targets(path, parser),
        rules=_rules(path, parser),
        gate=given.gate(),
    )
    given.text("result_backend")
    given.require_nothing_else()
    _require_whole(path, settings)
    return settings


def root(text: str) -> Path:
    """A folder of the site, given as its absolute path. BadInput when it is none."""
    path = Path(text)
    if not path.is_absolute() or "\0" in text:
        raise BadInput(f"A root is an absolute path, unlike {text!r}.", setting="roots")
    if not path.is_dir():
        raise BadInput(f"The root {text} is no folder of this machine.", setting="roots")
    return path


class _Given:
    """The lines of the file's own section; what was asked for is known."""

    def __init__(self, path: Path, lines: dict[str, str]) -> None:
        self._path, self._lines = path, lines
        self._known: set[str] = set()

    def text(self, name: str) -> str | None:
        self._known.add(name)
        return self._lines.get(name, "").strip() or None

    def number(self, name: str, default: float, most: float, *, whole: bool) -> float:
        text = self.text(name) or str(default)
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            value = -1
        if not 0 < value <= most:
            kind = "a whole number" if whole else "a number"
            raise self.odd(name, f"must be {kind} above 0, at most {most:g}, not {text!r}")
        return value

    def address(self, name: str) -> str | None:
        text = self.text(name)
        if text is None:
            return None
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise self.odd(name, "must look like https://hub.example.org")
        return text

    def secret(self, name: str) -> str | None:
        """The setting itself, or what the file holds that `<name>_file` names."""
        text, file = self.text(name), self.text(f"{name}_file")
        if text and file:
            raise self.odd(name, f"and {name}_file are both given; one is enough")
        if file is None:
            return text
        try:
            return Path(file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            raise self.odd(
                f"{name}_file", f"names {file}, which cannot be read: {reason}"
            ) from None

    def roots(self, name: str) -> tuple[Path, ...]:
        """One a line, or in one line with colons between."""
        text = self.text(name) or ""
        lines = [line.strip() for line in text.splitlines()]
        words = lines if len(lines) > 1 else text.split(":")
        return tuple(dict.fromkeys(root(word) for word in words if word))

    def folder(self, name: str) -> Path | None:
        text = self.text(name)
        if text is not None and not Path(text).is_absolute():
            raise self.odd(name, f"must be an absolute path, not {text!r}")
        return Path(text) if text else None

    def gate(self) -> Gate:
        need = self.text("recall_gate") or "optional"
        if need not in ("required", "optional"):
            raise self.odd("recall_gate", f"must be required or optional, not {need!r}")
        door = self.folder("recall_door")
        return Gate(door or Gate().door, need == "required")

    def file(self, name: str) -> str | None:
        text = self.text(name)
        if text is not None and not Path(text).is_file():
            raise self.odd(name, f"names {text}, which is no file")
        return text

    def require_nothing_else(self) -> None:
        for name in self._lines:
            if name not in self._known:
                known = ", ".join(sorted(self._known))
                raise self.odd(name, f"is no setting of a worker; there are {known}")

    def odd(self, name: str, what: str) -> BadInput:
        return BadInput(f"{self._path}: {name} {what}.", setting=name)


def _parsed(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        parser.read_string(path.read_text(), str(path))
    except OSError as error:
        raise BadInput(f"Cannot read {path}: {error.strerror}.") from None
    except (configparser.Error, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is no ini file: {' '.join(str(error).split())}") from None
    if _SECTION not in parser:
        raise BadInput(f"{path} has no section [{_SECTION}].")
    for name in parser.sections():
        if not _is_known(name):
            raise BadInput(
                f"{path}: there is no section [{name}]; there are [settings] and [target NAME].",
                setting=name,
            )
    return parser


def _is_known(section: str) -> bool:
    return section == _SECTION or bool(_TARGET_SECTION.fullmatch(section))


def _targets(path: Path, parser: configparser.ConfigParser) -> dict[str, str]:
    return {
        name: _told(path, name, lambda lines, _: target_rules.location(lines), parser)
        for name in _target_names(parser)
    }


def _rules(path: Path, parser: configparser.ConfigParser) -> tuple[Rule, ...]:
    """In the order of the file, which is the order in which they are asked; none when no target
    has conditions."""
    rules = tuple(
        _told(path, name, lambda lines, name: target_rules.rule(name, lines), parser)
        for name in _target_names(parser)
    )
    return rules if any(each != Rule(each.target) for each in rules) else ()


def _target_names(parser: configparser.ConfigParser) -> list[str]:
    sections = [each for each in parser.sections() if each.startswith(_TARGET)]
    return [each.removeprefix(_TARGET).strip() for each in sections]


def _told(
    path: Path,
    target: str,
    read: Callable[[Mapping[str, str], str], T],
    parser: configparser.ConfigParser,
) -> T:
    """What `read` makes of a target's section; its refusal names the section too."""
    section = next(
        each
        for each in parser.sections()
        if each.startswith(_TARGET) and each.removeprefix(_TARGET).strip() == target
    )
    try:
        return read(dict(parser[section]), target)
    except BadInput as error:
        raise BadInput(f"{path}: [{section}] {error.sentence}", **error.facts) from None


def _require_whole(path: Path, settings: WorkerSettings) -> None:
    """What only makes sense together is given together."""
    if settings.hub_url and not settings.site_key:
        raise BadInput(f"{path}: hub_url needs a site_key or site_key_file.", setting="site_key")
    if settings.site_key and not settings.hub_url:
        raise BadInput(f"{path}: site_key is for a hub_url, which is not given.", setting="hub_url")

"""Settings written back: whole or not at all, with everything else in the file left as it was.

Only the lines of keys that changed are touched, so that remarks, order and other sections of
whoever wrote the file stay. What is written was read again and judged before.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from lagan.agent.errors import BadSetting, NotAdministrator, SettingsLocked
from lagan.agent.keys import KEYS, OURS
from lagan.agent.settings import SECTIONS, Settings, parse, read
from lagan.kit.errors import BadInput
from lagan.kit.files import write_atomically

ADMINISTRATORS = ("sudo", "wheel", "admin")
"""Groups whose members may become root by the usual rules of Unix systems."""

_HEADER = re.compile(r"\s*\[([^\]]+)\]")
_OPTION = re.compile(r"([^\s#;\[=:][^=:]*?)\s*[=:]")
_OURS = frozenset(key.name for key in OURS)


def changed(settings: Settings, given: Mapping[str, Any]) -> Settings:
    """The settings with other values for some keys; BadSetting names the first wrong one."""
    for name in given:
        if name not in KEYS:
            raise BadSetting(f"{name} is not a setting of the agent.", setting=name)
    values = {**settings.values, **given}
    lines = [f"{name} = {_line(name, value)}" for name, value in values.items()]
    made = parse("\n".join(["[agent]", *lines, ""]))
    for name, value in given.items():
        if KEYS[name].kind in ("text", "secret") and not KEYS[name].choices:
            _require_same(name, made.values[name], value)
    return made


def save(settings: Settings, path: Path) -> None:
    """Write the settings to `path`. SettingsLocked when those that are there are locked, BadInput
    when they cannot be written."""
    if _is_locked(path):
        raise SettingsLocked(f"The settings in {path} are locked; an administrator unlocks them.")
    put(settings, path)


def put(settings: Settings, path: Path) -> None:
    """The same, locked or not: for what people set at the hub, whom the lock is not against."""
    _write(settings, path)


def lock(path: Path) -> None:
    """Keep everybody from changing the settings by mistake, until `unlock`."""
    _write(changed(read(path), {"locked": True}), path)


def unlock(path: Path, *, vouched: bool = False) -> None:
    """Let them be changed again. NotAdministrator for anybody who is none on this computer, unless
    `vouched`: the system has asked for an administrator just now, and one agreed.

    This keeps people from accidents, not attackers from the file (the uploader's documentation,
    Locking and Unlocking).
    """
    if not vouched and not is_administrator():
        raise NotAdministrator("Only an administrator of this computer unlocks the settings.")
    _write(changed(read(path), {"locked": False}), path)


def is_administrator() -> bool:
    """Whether whoever runs this program administers this computer."""
    if sys.platform == "win32":
        import ctypes

        return bool(ctypes.windll.shell32.IsUserAnAdmin())
    import grp

    names = set()
    for number in {os.getegid(), *os.getgroups()}:
        with suppress(KeyError):
            names.add(grp.getgrgid(number).gr_name)
    return os.geteuid() == 0 or bool(names & set(ADMINISTRATORS))


def merge(text: str, values: Mapping[str, Any]) -> str:
    """An ini file's text with these values; lines that say so already are not touched.

    A key goes where the file has it (the later section when in both), else to where its default
    stands in a remark, else to the end of our section.
    """
    lines = text.splitlines() or ["[agent]"]
    before = parse("\n".join([*lines, ""])).values
    for name, value in values.items():
        if value != before[name]:
            _put(lines, name, f"{name} = {_line(name, value)}".rstrip())
    return "\n".join(lines) + "\n"


def _write(settings: Settings, path: Path) -> None:
    try:
        text = path.read_text(encoding="utf-8-sig")
        mode = path.stat().st_mode & 0o777
    except FileNotFoundError:
        text, mode = "[agent]\n", 0o600
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise BadInput(f"Cannot change the configuration {path}: {reason}.") from None
    made = merge(text, settings.values)
    written = parse(made, str(path)).values
    if dict(written) != dict(settings.values):
        odd = next(name for name in KEYS if written[name] != settings.values[name])
        raise BadSetting(f"{odd} cannot be written into {path}.", setting=odd)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, made.encode(), mode=mode)
    except OSError as error:
        raise BadInput(f"Cannot write {path}: {error.strerror}.") from None


def _is_locked(path: Path) -> bool:
    try:
        return read(path).locked
    except BadInput:
        return False


def _line(name: str, value: Any) -> str:
    """A value as an ini file has it; further lines of it are indented."""
    parts = str(value).split("\n")
    if any(not part.isprintable() or part != part.strip() for part in parts):
        raise BadSetting(
            f"{name} must be text without space at its ends, not {value!r}.", setting=name
        )
    return "\n    ".join(parts).replace("%", "%%")


def _require_same(name: str, made: str, value: Any) -> None:
    if made != str(value):
        raise BadSetting(f"{name} cannot hold {value!r}.", setting=name)


def _put(lines: list[str], name: str, line: str) -> None:
    places = {(section, option): n for n, section, option in _options(lines)}
    for section in reversed(SECTIONS):
        if (start := places.get((section, name))) is not None:
            lines[start : _end(lines, start)] = line.split("\n")
            return
    section = _section_for(lines, name)
    for n in range(*_span(lines, section)):
        if re.fullmatch(rf"#\s*{name}\s*=.*", lines[n]):
            lines[n] = line
            return
    _, end = _span(lines, section)
    while end and not lines[end - 1].strip():
        end -= 1
    lines.insert(end, line)


def _options(lines: list[str]) -> list[tuple[int, str, str]]:
    """Where options begin: line, section, name."""
    found, section = [], ""
    for n, line in enumerate(lines):
        if header := _HEADER.match(line):
            section = header[1]
        elif option := _OPTION.match(line):
            found.append((n, section, option[1].rstrip().lower()))
    return found


def _end(lines: list[str], start: int) -> int:
    """The line after an option's value, which goes on as long as lines are indented."""
    end = start + 1
    while end < len(lines) and lines[end][:1] in (" ", "\t") and lines[end].strip():
        end += 1
    return end


def _section_for(lines: list[str], name: str) -> str:
    """Where a key that the file lacks belongs: ours to [agent], documented ones to [MyData] when
    the file is one of the uploader's."""
    there = [header[1] for line in lines if (header := _HEADER.match(line))]
    wanted = "agent" if "agent" in there or name in _OURS else "MyData"
    if wanted not in there:
        lines += ["", f"[{wanted}]"]
    return wanted


def _span(lines: list[str], section: str) -> tuple[int, int]:
    """The lines of a section, without its header."""
    headers = [(n, header[1]) for n, line in enumerate(lines) if (header := _HEADER.match(line))]
    at = next(k for k, (_, name) in enumerate(headers) if name == section)
    return headers[at][0] + 1, headers[at + 1][0] if at + 1 < len(headers) else len(lines)

"""The agent's configuration, read once: typed, every wrong value named with what was expected
instead."""

from __future__ import annotations

import configparser
import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lagan.agent.errors import BadSetting
from lagan.agent.keys import DAYS, KEYS, Key
from lagan.kit.errors import BadInput
from lagan.kit.http import Tls

SECTIONS = ("MyData", "agent")
"""Sections that are read; what the later one says wins."""
_FLAGS = configparser.ConfigParser.BOOLEAN_STATES


@dataclass(frozen=True, slots=True)
class Settings:
    """One instrument's settings; the attributes are the keys of `keys.py`."""

    instrument_name: str
    facility_name: str
    contact_name: str
    contact_email: str
    data_directory: str
    username: str
    api_key: str = field(repr=False)
    password: str = field(repr=False)
    url: str
    schedule_type: str
    weekdays: frozenset[int]
    scheduled_date: str
    scheduled_time: str
    timer_minutes: int
    timer_from_time: str
    timer_to_time: str
    user_filter: str
    dataset_filter: str
    experiment_filter: str
    includes_file: str
    use_includes_file: bool
    excludes_file: str
    use_excludes_file: bool
    ignore_old_datasets: bool
    ignore_interval_number: int
    ignore_interval_unit: str
    ignore_new_datasets: bool
    ignore_new_interval_number: int
    ignore_new_interval_unit: str
    ignore_new_files: bool
    ignore_new_files_minutes: int
    folder_structure: str
    group_prefix: str
    validate_folder_structure: bool
    max_upload_threads: int
    max_upload_retries: int
    upload_invalid_user_folders: bool
    progress_poll_interval: float
    cache_datafile_lookups: bool
    connection_timeout: float
    verify_certificate: bool
    ca_file: str
    client_certificate: str
    client_key: str
    batch_bytes: int
    batch_files: int
    small_file_limit: int
    state_directory: str
    max_verification_threads: int
    upload_method: str
    uuid: str
    locked: bool
    verification_delay: float
    cipher: str
    immutable_datasets: bool
    server_kind: str
    proxy: str
    bandwidth_limit: float
    clean_up_days: int
    central_settings: bool
    staging_host_key: str
    log_file: str
    log_level: str
    values: Mapping[str, Any] = field(repr=False, compare=False)
    """What was given for every key of `keys.KEYS`, or its default; secrets among them."""
    warnings: tuple[str, ...] = ()

    def changed(self, given: Mapping[str, Any]) -> Settings:
        """The same with other values for some keys of `keys.KEYS`. BadSetting names a wrong one."""
        from lagan.agent import saving

        return saving.changed(self, given)

    def save(self, path: Path) -> None:
        """Write them to `path`, whole or not at all; see `saving.save`."""
        from lagan.agent import saving

        saving.save(self, path)

    @property
    def tls(self) -> Tls:
        """How the hub's identity is checked."""
        return Tls(
            self.verify_certificate,
            self.ca_file or None,
            self.client_certificate or None,
            self.client_key or None,
        )

    @property
    def state(self) -> Path:
        """The folder of the agent's own files: as set, else one for each hub and data folder."""
        if self.state_directory:
            return Path(self.state_directory)
        name = hashlib.sha256(f"{self.url}\0{self.data_directory}".encode()).hexdigest()[:16]
        return _state_home() / "lagan" / "agent" / name


def read(path: Path) -> Settings:
    """The settings in the ini file `path`. Raises BadInput (file) or BadSetting (key)."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(f"Cannot read the configuration {path}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BadInput(f"The configuration {path} is not UTF-8 text.") from None
    return parse(text, str(path))


def parse(text: str, source: str = "the configuration") -> Settings:
    """The settings in an ini text; `source` names it in errors."""
    given, warnings = _given(text, source)
    unknown = sorted(set(given) - set(KEYS))
    warnings += [f"{name} is not a setting of the agent; it is not heeded." for name in unknown]
    values = {key.name: _value(key, given.get(key.name), warnings) for key in KEYS.values()}
    plain = MappingProxyType(dict(values))
    values["url"] = values["hub_url"] or values["mytardis_url"]
    values["weekdays"] = frozenset(n for n, day in enumerate(DAYS) if values[f"{day}_checked"])
    values["api_key"] = values["api_key"] or _from_file("api_key_file", values["api_key_file"])
    values["password"] = values["password"] or _from_file("password_file", values["password_file"])
    wanted = set(Settings.__dataclass_fields__) - {"warnings", "values"}
    typed = {name: values[name] for name in wanted}
    return Settings(**typed, values=plain, warnings=tuple(warnings))


def default_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the configuration is when nobody says: LAGAN_AGENT_CONFIG, else the user's folder of
    settings."""
    if given := environ.get("LAGAN_AGENT_CONFIG"):
        return Path(given)
    if sys.platform == "win32":
        return Path(environ.get("PROGRAMDATA", "C:/ProgramData")) / "Lagan" / "agent.ini"
    return Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "lagan" / "agent.ini"


def _given(text: str, source: str) -> tuple[dict[str, str], list[str]]:
    """The raw values of the sections that are ours, `%` interpolated, and remarks about the
    others."""
    parser = configparser.ConfigParser()
    try:
        parser.read_string(text, source)
    except configparser.Error as error:
        raise BadInput(f"{source} is not an ini file: {_one_line(error)}.") from None
    sections = [name for name in SECTIONS if parser.has_section(name)]
    if not sections:
        raise BadInput(f"{source} has neither a section [agent] nor [MyData].")
    given: dict[str, str] = {}
    for section in sections:
        for name in parser.options(section):
            given[name] = _interpolated(parser, section, name)
    others = [name for name in parser.sections() if name not in SECTIONS]
    return given, [f"Section [{name}] is not heeded." for name in others]


def _interpolated(parser: configparser.ConfigParser, section: str, name: str) -> str:
    try:
        return parser.get(section, name)
    except configparser.Error:
        raise BadSetting(
            f"{name} holds a % that refers to nothing; write %% for a plain one.", setting=name
        ) from None


def _value(key: Key, text: str | None, warnings: list[str]) -> Any:
    """One value, typed. A number that cannot be read is the default, with a warning, as
    documented."""
    if text is None or (text == "" and key.kind != "text"):
        return key.default
    if key.kind == "flag":
        return _flag(key, text)
    if key.kind == "whole":
        return _bounded(key, _whole(key, text))
    if key.kind == "number":
        try:
            return _bounded(key, float(text))
        except ValueError:
            warnings.append(f"{key.name} must be a number, not {text!r}; {key.default} is used.")
            return key.default
    if key.choices:
        return _choice(key, text)
    return str(Path(text).expanduser()) if key.kind == "path" else text


def _flag(key: Key, text: str) -> bool:
    if text.lower() not in _FLAGS:
        raise BadSetting(f"{key.name} must be True or False, not {text!r}.", setting=key.name)
    return _FLAGS[text.lower()]


def _whole(key: Key, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadSetting(
            f"{key.name} must be a whole number, not {text!r}.", setting=key.name
        ) from None


def _bounded(key: Key, value: Any) -> Any:
    low, high = key.least, key.most
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        span = (
            f"from {low:g}" + (f" to {high:g}" if high is not None else "")
            if low is not None
            else f"up to {high:g}"
        )
        raise BadSetting(f"{key.name} must be {span}, not {value}.", setting=key.name)
    return value


def _choice(key: Key, text: str) -> str:
    if not text:
        return str(key.default)
    found = [choice for choice in key.choices if choice.lower() == text.strip().lower()]
    if not found:
        raise BadSetting(
            f"{key.name} must be one of {', '.join(key.choices)}, not {text!r}.", setting=key.name
        )
    return found[0]


def _from_file(name: str, path: str) -> str:
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise BadSetting(
            f"{name} names {path}, which cannot be read: {reason}.", setting=name
        ) from None


def _state_home() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")

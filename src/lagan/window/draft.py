"""Settings while they are edited: text by key, as the settings file says them."""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path

from lagan.agent import saving
from lagan.agent.keys import KEYS
from lagan.agent.settings import SECTIONS, Settings, parse
from lagan.agent.settings import read as load
from lagan.kit.errors import BadInput

Values = dict[str, str]


def defaults() -> Values:
    """Every setting with its default."""
    return {key.name: str(key.default) for key in KEYS.values()}


def read(path: Path) -> Values:
    """Every setting, as in the file or else its default. BadInput when it is no settings file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(f"Cannot read {path}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not a text file.") from None
    return defaults() | _given(text, path)


def name_before(path: Path, values: Mapping[str, str]) -> str:
    """What the file calls the instrument that the values call otherwise: of the same facility at
    the same server; empty without one."""
    try:
        before = read(path) if path.exists() else {}
    except BadInput:
        return ""
    same = all(before.get(name, "") == values.get(name, "") for name in _PLACE)
    name = before.get("instrument_name", "")
    return name if same and values["instrument_name"].strip() not in ("", name) else ""


_PLACE = ("hub_url", "facility_name")


def settings_of(values: Mapping[str, str]) -> Settings:
    """What the agent makes of the values. BadSetting names the first that it cannot take."""
    return parse(written(values), "the dialogue")


def written(values: Mapping[str, str]) -> str:
    """The values as an ini text of section [agent]; the uploader's keys under their own names."""
    lines = [f"{name} = {_one_line(text)}" for name, text in values.items() if text]
    return "\n".join(["[agent]", *lines, ""])


def save(path: Path, values: Mapping[str, str]) -> None:
    """Write them where the agent reads them. A file there that is no settings file is put aside
    under another name. BadSetting, SettingsLocked, BadInput when it cannot be."""
    settings = settings_of(values)
    if path.exists():
        try:
            load(path)
        except BadInput:
            _put_aside(path)
    saving.save(settings, path)


def _put_aside(path: Path) -> None:
    try:
        path.replace(path.with_name(f"{path.name}.unreadable"))
    except OSError as error:
        raise BadInput(f"Cannot replace {path}: {error.strerror}.") from None


def _given(text: str, path: Path) -> Values:
    parser = configparser.ConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error:
        raise BadInput(f"{path} is not a settings file.") from None
    if not any(parser.has_section(name) for name in SECTIONS):
        raise BadInput(f"{path} is not a settings file: it has no section [agent] or [MyData].")
    found: Values = {}
    for section in SECTIONS:
        if parser.has_section(section):
            found |= {name: _plain(parser, section, name) for name in parser.options(section)}
    if not found.get("hub_url") and found.get("mytardis_url"):
        found["hub_url"] = found["mytardis_url"]
    return {name: text for name, text in found.items() if name in KEYS}


def _plain(parser: configparser.ConfigParser, section: str, name: str) -> str:
    try:
        return parser.get(section, name)
    except configparser.Error:
        # A % that refers to nothing: shown as it stands, to be mended.
        return parser.get(section, name, raw=True)


def _one_line(text: str) -> str:
    return " ".join(text.splitlines()).replace("%", "%%")

"""Which hub and who we are, for commands: flags, then the environment, then client.conf."""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lagan.client.hub import Hub
from lagan.kit.errors import BadInput

DEFAULT_URL = "http://localhost:8000"
"""Source: seeds/workflow-hub.txt, base_url of the client's configuration, without its /api."""

OLDER = Path(".config/ngenea/ngenea-client.conf")
"""Beneath HOME: where deployed clients of the workflow hub have theirs."""

_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a client's configuration says. `timeout` is in seconds, None for as long as it takes.

    Source: seeds/workflow-hub.txt, the client's configuration file.
    """

    base_url: str = DEFAULT_URL
    client_key: str | None = None
    site: str | None = None
    wait: bool = True
    timeout: float | None = None
    hydrate: bool = False


def default_path(environ: Mapping[str, str] = os.environ) -> Path:
    """`$HOME/.config/lagan/client.conf`, or the older client's when only that is there."""
    home = Path(environ.get("HOME") or Path.home())
    ours = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "lagan" / "client.conf"
    older = home / OLDER
    return older if not ours.exists() and older.exists() else ours


def open_hub(url: str | None = None, api_key: str | None = None, config: Path | None = None) -> Hub:
    """The hub that a command shall speak to.

    BadInput when `config` was named and cannot be read.
    """
    settings = read_settings(config)
    return Hub(address(url or settings.base_url), api_key=api_key or settings.client_key)


def address(base_url: str) -> str:
    """The hub's address from that of its API: people write either."""
    return base_url.rstrip("/").removesuffix("/api")


def read_settings(config: Path | None = None) -> Settings:
    """The settings of `config`, else of the default file if there is one. BadInput names what is
    odd."""
    path = config or default_path()
    given = read(path, must_be=config is not None)
    return Settings(
        base_url=given.get("base_url") or DEFAULT_URL,
        client_key=given.get("client_key") or None,
        site=given.get("site") or None,
        wait=_boolean(path, given, "wait", default=True),
        timeout=_seconds(path, given),
        hydrate=_boolean(path, given, "hydrate", default=False),
    )


def read(path: Path, must_be: bool) -> dict[str, str]:
    """The section `[settings]`; other sections and keys are left alone."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text(encoding="utf-8-sig"), str(path))
    except FileNotFoundError:
        if must_be:
            raise BadInput(f"There is no configuration {path}.") from None
    except OSError as error:
        raise BadInput(f"Cannot read {path}: {error.strerror}.") from None
    except (configparser.Error, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not an ini file: {' '.join(str(error).split())}") from None
    return dict(parser["settings"]) if parser.has_section("settings") else {}


def _boolean(path: Path, given: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = given.get(name, "").strip()
    if not text:
        return default
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise BadInput(
            f"{path}: {name} is true, false, yes or no, not {text!r}.", setting=name
        ) from None


def _seconds(path: Path, given: Mapping[str, str]) -> float | None:
    text = given.get("timeout", "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise BadInput(f"{path}: timeout is a number of seconds, not {text!r}.", setting="timeout")
    return value

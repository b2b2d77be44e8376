"""Which hub and who we are, for commands: flags, then the environment, then client.conf."""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from pathlib import Path

from lagan.client.hub import Hub
from lagan.kit.errors import BadInput

DEFAULT_URL = "http://127.0.0.1:8000"


def default_path(environ: Mapping[str, str] = os.environ) -> Path:
    """`$HOME/.config/lagan/client.conf`."""
    return Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "lagan" / "client.conf"


def open_hub(url: str | None = None, api_key: str | None = None, config: Path | None = None) -> Hub:
    """The hub that a command shall speak to.

    `client.conf` is an ini file with the section `[settings]` and the keys `base_url` (with or
    without `/api`) and `client_key`. BadInput when `config` was named and cannot be read.
    """
    given = read(config or default_path(), must_be=config is not None)
    address = url or given.get("base_url") or DEFAULT_URL
    return Hub(address.rstrip("/").removesuffix("/api"), api_key=api_key or given.get("client_key"))


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

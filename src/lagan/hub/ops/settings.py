"""Which settings a command uses: an env file or a data folder, put where `lagan.hub.settings`
looks."""

from __future__ import annotations

import os
from pathlib import Path

from lagan.hub.base.config import Config, load
from lagan.kit.errors import NotFound, Unavailable


def use_settings(config: str | Path | None = None, *, data: Path | None = None) -> Config:
    """Choose the env file and data folder of this process and of those it starts; read and check
    them.

    NotFound when the file does not exist; BadInput names a setting that is wrong.
    """
    if config is not None:
        if not Path(config).is_file():
            raise NotFound(
                f"There is no configuration {config}; `lagan hub createconfig` makes one."
            )
        os.environ["LAGAN_CONFIG"] = str(Path(config).absolute())
    if data is not None:
        os.environ["LAGAN_DATA"] = str(data.absolute())
    os.environ["DJANGO_SETTINGS_MODULE"] = "lagan.hub.settings"
    try:
        read = load()
        read.data.mkdir(parents=True, exist_ok=True, mode=0o750)
    except OSError as error:
        raise Unavailable(f"Cannot use {error.filename}: {error.strerror}.") from None
    return read


def set_up_django(config: str | Path | None = None, *, data: Path | None = None) -> Config:
    """`use_settings`, then Django itself."""
    read = use_settings(config, data=data)
    import django

    django.setup()
    return read

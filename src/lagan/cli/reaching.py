"""How the workflow commands are told of the hub: the options that all of them share, and what a
path looks like on a terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lagan.kit.errors import BadInput, NotSignedIn

if TYPE_CHECKING:
    from lagan.client import Hub
    from lagan.client.config import Settings

BASE_URL = click.option(
    "--base-url",
    envvar="LAGAN_URL",
    help="Address of the hub's API (or LAGAN_URL). Default: http://localhost:8000/api.",
)
CONFIG = click.option(
    "--config",
    "-c",
    type=click.Path(path_type=Path),
    help="Default: ~/.config/lagan/client.conf.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


@dataclass(frozen=True, slots=True)
class Reached:
    """The hub, and what the configuration says besides."""

    hub: Hub
    settings: Settings

    def site(self, given: str | None) -> str:
        """The site that was named, else the configuration's. BadInput when neither is."""
        if site := given or self.settings.site:
            return site
        raise BadInput("Which site? Give --site, or put site into the configuration.")


def connected(command: Callable[..., Any]) -> Callable[..., Any]:
    """--base-url, --client-key and --config of a command."""
    key = click.option(
        "--client-key",
        envvar="LAGAN_API_KEY",
        help="A client key; better in LAGAN_API_KEY or the configuration.",
    )
    return BASE_URL(key(CONFIG(command)))


def reach(base_url: str | None, client_key: str | None, config: Path | None) -> Reached:
    """The hub of a command, closed when the command ends. NotSignedIn when there is no client
    key."""
    from lagan.client import Hub
    from lagan.client.config import address, read_settings

    settings = read_settings(config)
    key = client_key or settings.client_key
    if not key:
        raise NotSignedIn(
            "There is no client key: give --client-key, or put client_key into the configuration; "
            "`lagan authenticate` makes one."
        )
    hub = Hub(address(base_url or settings.base_url), api_key=key)
    click.get_current_context().call_on_close(hub.close)
    return Reached(hub, settings)


def shown(text: str) -> str:
    """A path on one line of a terminal: what cannot be printed is escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)

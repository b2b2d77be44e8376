"""What a run asks of the server that it sends to, whatever that speaks."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

from lagan.agent.settings import Settings
from lagan.client import Acknowledgement, Member, Wanted
from lagan.client.described import Described, Found
from lagan.client.lookup import Known


class Server(Protocol):
    """A hub's client, or one of a server that speaks otherwise and is asked in the same words.
    The errors are those of `lagan.client.Hub`."""

    def me(self) -> dict[str, Any]:
        """Who we are to it: `username`, `name`, `email`."""

    def register_instrument(self, facility: str, name: str) -> str:
        """The instrument's id, made when it is missing."""

    def rename_instrument(self, facility: str, before: str, name: str) -> None:
        """Call an instrument otherwise; what it sent stays with it. Conflict when there is one of
        that name."""

    def ensure_datasets(self, instrument: str, datasets: Sequence[Described]) -> list[Found]:
        """Find or make datasets."""

    def look_up(self, wanted: Sequence[Wanted], verified: bool = False) -> list[Known]:
        """What it has of these files."""

    def send_batch(
        self, members: Iterable[Member], on_bytes: Callable[[int], None] = lambda n: None
    ) -> Iterator[Acknowledgement]:
        """Send small files."""

    def page(self, dataset: str) -> str:
        """The address of a dataset's page."""

    def close(self) -> None:
        """Close all connections."""


def proxy_for(settings: Settings, environment: dict[str, str] | None = None) -> str | None:
    """The proxy to the server: as set, else as this computer's environment says, None without one.

    `environment` (default: the process's variables, on Windows and macOS also the system's
    settings) names proxies by scheme, and hosts that need none as `no`.
    """
    if settings.proxy.strip().lower() == "direct":
        return None
    if settings.proxy:
        return settings.proxy.strip()
    parts = urlsplit(settings.url)
    found = urllib.request.getproxies() if environment is None else environment
    host = parts.netloc.rpartition("@")[2]
    if _is_here(parts.hostname or "") or _bypasses(host, found):
        return None
    return found.get(parts.scheme) or found.get("all")


def _bypasses(host: str, found: dict[str, str]) -> bool:
    if "no" in found:
        return bool(urllib.request.proxy_bypass_environment(host, found))  # type: ignore[attr-defined]
    return bool(urllib.request.proxy_bypass(host))


def _is_here(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")

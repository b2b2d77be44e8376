"""Folders become datasets at the hub: whose they are, what happens to those of people whom the hub
does not know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from lagan.agent.mytardis import MyTardis
from lagan.agent.names import shown
from lagan.agent.scan import Folder, Remark
from lagan.agent.server import Server, proxy_for
from lagan.agent.settings import Settings
from lagan.agent.state import State
from lagan.client import Hub
from lagan.client.described import Described, Found
from lagan.kit.errors import LaganError, NotFound, Unavailable
from lagan.kit.http import Http

AT_ONCE = 500
"""Datasets in one request."""
CLOSED = frozenset({"closed", "expired", "removed"})
"""States of a dataset that takes no files."""


@dataclass(slots=True)
class Target:
    """A folder and its dataset at the hub; `owner` is the full name of whose it is, where told."""

    folder: Folder
    dataset: str
    is_open: bool
    owner: str = ""


def connect(settings: Settings) -> Hub | MyTardis:
    """The server of the settings, signed in to. NotSignedIn, Unavailable, Untrusted.

    With `server_kind` auto a server is taken for a hub unless it has none of a hub's doors and has
    those of the other kind.
    """
    if settings.server_kind == "mytardis":
        return _mytardis(settings)
    hub = _hub(settings)
    if settings.server_kind == "auto" and not _is_hub(hub):
        other = _mytardis(settings)
        with suppress(LaganError):
            if other.client.is_there():
                hub.close()
                return other
        other.close()
    return hub


def _hub(settings: Settings) -> Hub:
    hub = Hub(
        settings.url, api_key=settings.api_key or None, timeout=settings.connection_timeout,
        tls=settings.tls, connections=settings.max_upload_threads + 2, proxy=proxy_for(settings),
    )  # fmt: skip
    if not settings.api_key and settings.password:
        hub.sign_in(settings.username, settings.password)
    return hub


def _mytardis(settings: Settings) -> MyTardis:
    http = Http(
        settings.url,
        authorization=lambda: f"ApiKey {settings.username}:{settings.api_key}",
        timeout=max(settings.connection_timeout, 10.0),
        tls=settings.tls,
        connections=settings.max_upload_threads + settings.max_verification_threads,
        proxy=proxy_for(settings),
    )
    return MyTardis(http, settings, settings.state)


def _is_hub(hub: Hub) -> bool:
    """Whether our own door is there: whoever refuses us has one."""
    try:
        hub.me()
    except NotFound:
        return False
    except LaganError as error:
        # A page instead of an answer: something else lives at that address.
        return not (isinstance(error, Unavailable) and "answered" not in error.facts)
    return True


def ensure(
    hub: Server, settings: Settings, me: dict[str, Any], folders: Sequence[Folder], state: State
) -> tuple[list[Target], list[Remark]]:
    """Find or make the dataset of each folder; what the hub refused comes back by name."""
    instrument = hub.register_instrument(settings.facility_name, settings.instrument_name)
    account = str(me["username"])
    found = _ask(hub, instrument, folders, [describe(each, account) for each in folders])
    if settings.upload_invalid_user_folders:
        unknown = [n for n, each in enumerate(found) if each.error and _is_unknown(each)]
        words = hub.stranger if isinstance(hub, MyTardis) else "USER NOT FOUND"
        instead = [adopt(folders[n], account, settings.instrument_name, words) for n in unknown]
        answers = _ask(hub, instrument, [folders[n] for n in unknown], instead)
        for n, answer in zip(unknown, answers, strict=True):
            # Whose it is now says nothing about whom the folder is named after.
            found[n] = replace(answer, owner="")
    return _sort(folders, found, state)


def describe(folder: Folder, account: str) -> Described:
    """The dataset of a folder as the hub shall have it; without an owner it is the agent's own
    `account`'s."""
    where = folder.place
    owner, kind = (where.owner, where.owner_kind) if where.owner else (account, "username")
    return Described(owner, where.experiment, folder.name, folder.created, kind)


def adopt(
    folder: Folder, account: str, instrument: str, words: str = "USER NOT FOUND"
) -> Described:
    """The dataset of somebody whom the hub does not know: the account's, in a group that says
    so."""
    owner = folder.place.owner or ""
    title = folder.place.experiment or f"{instrument} - {owner} ({words})"
    return Described(account, title, folder.name, folder.created, folder=owner)


def _ask(
    hub: Server, instrument: str, folders: Sequence[Folder], described: Sequence[Described]
) -> list[Found]:
    found: list[Found] = []
    for start in range(0, len(folders), AT_ONCE):
        found += hub.ensure_datasets(instrument, described[start : start + AT_ONCE])
    return found


def _is_unknown(found: Found) -> bool:
    """Whether it is the owner whom the hub does not know."""
    problem = str(found.error.facts.get("problem", "")) if found.error else ""
    return problem == "not-found" or problem.startswith("unknown-")


def _sort(
    folders: Sequence[Folder], found: Sequence[Found], state: State
) -> tuple[list[Target], list[Remark]]:
    targets, remarks = [], []
    for folder, each in zip(folders, found, strict=True):
        if each.id is None:
            reason = each.error.sentence if each.error else "the hub refused it"
            remarks.append(Remark(shown(folder.root), reason))
        else:
            is_open = str(each.state or "open").lower() not in CLOSED
            targets.append(Target(folder, each.id, is_open, each.owner))
    state.keep_datasets(_known(targets))
    return targets, remarks


def _known(targets: Sequence[Target]) -> Iterator[tuple[str, str, str]]:
    return ((each.folder.root, each.folder.name, each.dataset) for each in targets)

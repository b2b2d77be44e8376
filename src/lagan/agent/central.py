"""What the hub's people set for this instrument is taken over, and the hub is told how runs went.

Nothing here keeps a run from being made: a hub without such settings, or one that refuses to tell
them, is worked with as the file says.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from lagan.agent import saving
from lagan.agent.identity import about, own_id
from lagan.agent.keys import KEYS
from lagan.agent.report import Report
from lagan.agent.settings import Settings
from lagan.agent.targets import connect
from lagan.client import Hub
from lagan.kit.errors import LaganError

OWN = frozenset(
    {
        "hub_url", "mytardis_url", "username", "api_key", "api_key_file", "password",
        "password_file", "uuid", "server_kind", "verify_certificate", "ca_file",
        "client_certificate", "client_key", "proxy", "state_directory", "log_file",
        "central_settings", "locked", "staging_host_key", "includes_file", "excludes_file",
    }
)  # fmt: skip
"""Keys that are this computer's own: nobody at a hub sends an agent elsewhere, to another account
or other files."""
MOST, LONGEST = 1000, 4000
"""Problems that are told, and characters of each part of one."""
Say = Callable[[str], None]


def take_over(settings: Settings, path: Path, say: Say) -> Settings:
    """The settings with what was changed at the hub since the file was saved, kept in the file.

    What the file says is told to the hub when nothing was changed there since.
    """
    if not settings.central_settings:
        return settings
    try:
        hub = connect(settings)
        with closing(hub):
            return _exchange(hub, settings, path, say) if isinstance(hub, Hub) else settings
    except (LaganError, OSError) as error:
        say(f"The hub's settings for this instrument are not known: {_why(error)}")
        return settings


def tell(settings: Settings, report: Report, say: Say) -> None:
    """Let the hub know what a run found, sent and could not send."""
    try:
        hub = connect(settings)
        with closing(hub):
            if isinstance(hub, Hub):
                _report(hub, settings, report)
    except (LaganError, OSError) as error:
        say(f"The hub was not told about the run: {_why(error)}")


def _exchange(hub: Hub, settings: Settings, path: Path, say: Say) -> Settings:
    uploader = _announced(hub, settings)
    central = hub.instruments.settings(uploader)
    saved = datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else None
    if central.changed is None or (saved is not None and central.changed <= saved):
        texts = {key: str(settings.values[key]) for key in KEYS if _is_common(key)}
        if texts != {key: central.settings.get(key) for key in texts}:
            hub.instruments.save(uploader, texts)
        return settings
    wanted = {key: value for key, value in central.settings.items() if _is_common(key)}
    made = saving.changed(settings, wanted)
    differing = [key for key in wanted if made.values[key] != settings.values[key]]
    if differing:
        saving.put(made, path)
        say(f"Taken over from the hub: {', '.join(sorted(differing))}.")
    return made


def _announced(hub: Hub, settings: Settings) -> str:
    identity = own_id(settings)
    instrument = hub.register_instrument(settings.facility_name, settings.instrument_name)
    facts = about(settings, identity, instrument)
    mine = {"uuid", "name", "instruments"}
    kept = {key: value for key, value in facts.items() if key not in mine}
    return hub.instruments.announce(identity, settings.instrument_name, instrument, kept)


def _report(hub: Hub, settings: Settings, report: Report) -> None:
    problems = [
        (each.path[:LONGEST], each.reason[:LONGEST]) for each in (*report.refused, *report.failed)
    ]
    hub.instruments.report(
        _announced(hub, settings), report.found, report.sent, len(problems), problems[:MOST]
    )


def _why(error: LaganError | OSError) -> str:
    return error.sentence if isinstance(error, LaganError) else f"{error}."


def _is_common(key: str) -> bool:
    return key in KEYS and key not in OWN and KEYS[key].kind != "secret"

"""The settings judged in the documented order: the first error, with a suggestion where there is
one."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from lagan.agent import filters
from lagan.agent.errors import BadSetting
from lagan.agent.scan import Scan, scan
from lagan.agent.schedule import LATE, parse_date, parse_time, scheduled_time
from lagan.agent.server import Server
from lagan.agent.settings import Settings
from lagan.agent.structures import LEVELS, Level
from lagan.agent.targets import connect
from lagan.client import Hub
from lagan.kit.errors import BadInput, Forbidden, LaganError, NotFound, NotSignedIn, Unavailable
from lagan.kit.http import Untrusted

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_REQUIRED = (
    "instrument_name", "data_directory", "hub_url", "contact_name",
    "contact_email", "username", "api_key",
    "facility_name",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing said about the settings; `level` is ok, warning or error."""

    level: str
    text: str
    setting: str | None = None
    suggestion: str | None = None


def check(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Findings in the documented order, ending with the first error.

    Nothing at the hub changes but the instrument, which is made when it is missing.
    """
    return _told(chain(_here(settings, now), _at_hub(settings), _last(settings, now)))


def check_here(settings: Settings, now: datetime) -> Iterator[Finding]:
    """What can be found out without the hub, where nothing changes: how a test run begins."""
    return _told(_here(settings, now))


def _told(findings: Iterable[Finding]) -> Iterator[Finding]:
    try:
        yield from findings
    except LaganError as error:
        setting, suggestion = error.facts.get("setting"), error.facts.get("suggestion")
        yield Finding("error", error.sentence, setting, suggestion)


def _here(settings: Settings, now: datetime) -> Iterator[Finding]:
    yield from (Finding("warning", text) for text in settings.warnings)
    for name in _REQUIRED:
        _require(settings, name)
    if not Path(settings.data_directory).is_dir():
        raise BadSetting(f"{settings.data_directory} is not a folder.", setting="data_directory")
    yield from _filters(settings)
    rules = filters.from_settings(settings)
    if settings.validate_folder_structure:
        yield from _count(scan(settings, rules, now.timestamp()))


def _at_hub(settings: Settings) -> Iterator[Finding]:
    yield from _transport(settings)
    try:
        hub = connect(settings)
    except NotSignedIn as error:
        raise BadSetting(
            f"The hub refuses the credential: {error.sentence}", setting="username"
        ) from None
    except (Unavailable, Untrusted, BadInput) as error:
        setting = "proxy" if "proxy" in error.sentence else "hub_url"
        raise BadSetting(error.sentence, setting=setting) from None
    with closing(hub):
        try:
            me = hub.me()
        except NotSignedIn as error:
            raise BadSetting(
                f"The hub refuses the credential: {error.sentence}", setting="api_key"
            ) from None
        except (Unavailable, NotFound) as error:
            raise BadSetting(error.sentence, setting="hub_url") from None
        yield Finding("ok", f"Signed in as {me.get('username')}.")
        try:
            hub.register_instrument(settings.facility_name, settings.instrument_name)
        except (NotFound, Forbidden) as error:
            raise _another_facility(settings, hub, error) from None
        yield Finding(
            "ok", f"{settings.instrument_name} is an instrument of {settings.facility_name}."
        )


def _another_facility(settings: Settings, hub: Server, error: LaganError) -> BadSetting:
    """The only facility that we manage is suggested, several are listed."""
    choices = [str(each) for each in error.facts.get("facilities") or []]
    if not choices and isinstance(hub, Hub):
        with contextlib.suppress(LaganError):
            choices = hub.instruments.facilities()
    told = error.sentence
    if len(choices) > 1 and choices[0] not in told:
        told += f" {settings.username} manages {', '.join(choices)}."
    suggestion = choices[0] if len(choices) == 1 else None
    return BadSetting(told, setting="facility_name", suggestion=suggestion)


def _last(settings: Settings, now: datetime) -> Iterator[Finding]:
    if not _EMAIL.fullmatch(settings.contact_email):
        raise BadSetting(
            f"{settings.contact_email} is not an e-mail address.", setting="contact_email"
        )
    if LEVELS[settings.folder_structure][0] is Level.EMAIL:
        _emails(settings)
    check_schedule(settings, now)
    yield Finding("ok", f"Schedule: {settings.schedule_type}.")


def check_schedule(settings: Settings, now: datetime) -> None:
    """BadSetting when the schedule cannot be followed."""
    kind = settings.schedule_type
    if kind in ("Once", "Daily", "Weekly"):
        at = scheduled_time(settings)
        if (
            kind == "Once"
            and datetime.combine(parse_date(settings.scheduled_date), at) < now - LATE
        ):
            raise BadSetting("The scheduled time is in the past.", setting="scheduled_time")
        if kind == "Weekly" and not settings.weekdays:
            raise BadSetting(
                "Weekly needs at least one day, like monday_checked.", setting="monday_checked"
            )
    if kind == "Timer":
        parse_time("timer_from_time", settings.timer_from_time)
        parse_time("timer_to_time", settings.timer_to_time)


def _require(settings: Settings, name: str) -> None:
    value = {"hub_url": settings.url, "api_key": settings.api_key or settings.password}.get(name)
    if value is None:
        value = getattr(settings, name)
    if not value:
        what = " (or password)" if name == "api_key" else ""
        raise BadSetting(f"{name}{what} is missing.", setting=name)


def _filters(settings: Settings) -> Iterator[Finding]:
    for name in ("user_filter", "experiment_filter", "dataset_filter"):
        if text := getattr(settings, name):
            yield Finding("warning", f"Only folders whose name contains {text!r} are sent.", name)
    for name, what in (("ignore_old_datasets", "older"), ("ignore_new_datasets", "younger")):
        if getattr(settings, name):
            stem = name.removesuffix("_datasets").removesuffix("_old")
            number, unit = (
                getattr(settings, f"{stem}_interval_number"),
                getattr(settings, f"{stem}_interval_unit"),
            )
            yield Finding("warning", f"Datasets {what} than {number} {unit} are left out.", name)
    for name in ("use_includes_file", "use_excludes_file"):
        if getattr(settings, name):
            path = getattr(settings, name.removeprefix("use_"))
            yield Finding("warning", f"Files are chosen by the patterns in {path}.", name)
    if not settings.upload_invalid_user_folders:
        yield Finding(
            "warning", "Folders of unknown users are left out.", "upload_invalid_user_folders"
        )


def _count(seen: Scan) -> Iterator[Finding]:
    files = sum(len(folder.files) for folder in seen.folders)
    level = "ok" if seen.folders else "warning"
    yield Finding(level, f"{len(seen.folders)} datasets with {files} files.", "folder_structure")
    for remark in seen.remarks:
        yield Finding("warning", f"{remark.path}: {remark.reason}.")


def _transport(settings: Settings) -> Iterator[Finding]:
    parts = urlsplit(settings.url)
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        yield Finding(
            "warning", "Without https everybody on the way can read the credential.", "hub_url"
        )
    if not settings.verify_certificate:
        yield Finding("warning", "Nobody checks who answers as the hub.", "verify_certificate")


def _emails(settings: Settings) -> None:
    """Folders of the first level must be addresses; the first that is none is named."""
    with contextlib.suppress(OSError):
        for entry in sorted(Path(settings.data_directory).iterdir()):
            if (
                entry.is_dir()
                and not entry.name.startswith(".")
                and not _EMAIL.fullmatch(entry.name)
            ):
                raise BadSetting(
                    f"The folder {entry.name!r} is not an e-mail address.",
                    setting="folder_structure",
                )

"""Which setting is on which tab of the settings dialogue, under which words: data, no widgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lagan.agent.keys import DAYS, KEYS, Key
from lagan.agent.structures import LEVELS, Level


@dataclass(frozen=True, slots=True)
class Section:
    """A titled group of settings on a tab."""

    title: str
    names: tuple[str, ...]


DAY_NAMES = tuple(f"{day}_checked" for day in DAYS)

TABS: Mapping[str, tuple[Section, ...]] = {
    "General": (
        Section("Instrument", ("instrument_name", "facility_name", "data_directory")),
        Section("Contact", ("contact_name", "contact_email")),
        Section("Hub", ("hub_url", "username", "api_key", "password")),
    ),
    "Schedule": (
        Section("When to run", ("schedule_type",)),
        Section("Once, daily, weekly", ("scheduled_date", "scheduled_time", *DAY_NAMES)),
        Section("Timer", ("timer_minutes", "timer_from_time", "timer_to_time")),
    ),
    "Filters": (
        Section("Folders", ("user_filter", "experiment_filter", "dataset_filter")),
        Section(
            "Age of datasets",
            (
                "ignore_old_datasets", "ignore_interval_number", "ignore_interval_unit",
                "ignore_new_datasets", "ignore_new_interval_number", "ignore_new_interval_unit",
            ),
        ),
        Section(
            "Files",
            (
                "ignore_new_files", "ignore_new_files_minutes", "use_includes_file",
                "includes_file", "use_excludes_file", "excludes_file",
            ),
        ),
    ),
    "Advanced": (
        Section(
            "Folder structure",
            (
                "folder_structure", "validate_folder_structure", "dataset_grouping",
                "group_prefix", "upload_invalid_user_folders",
            ),
        ),
        Section(
            "This computer",
            (
                "start_automatically_on_login", "on_start_run", "clean_up_days",
                "state_directory", "log_file", "log_level",
            ),
        ),
    ),
    "Upload": (
        Section(
            "Sending",
            (
                "max_upload_threads", "max_upload_retries", "bandwidth_limit",
                "small_file_limit", "batch_bytes", "batch_files", "progress_poll_interval",
                "cache_datafile_lookups",
            ),
        ),
        Section(
            "When the server is a MyTardis",
            (
                "upload_method", "max_verification_threads", "verification_delay",
                "staging_host_key", "cipher", "immutable_datasets", "use_none_cipher",
                "fake_md5_sum",
            ),
        ),
    ),
    "Connection": (
        Section("Way", ("server_kind", "proxy", "connection_timeout", "central_settings")),
        Section(
            "Who answers",
            ("verify_certificate", "ca_file", "client_certificate", "client_key"),
        ),
        Section("Credentials in files", ("api_key_file", "password_file")),
    ),
}  # fmt: skip
"""Tabs from left to right. What no tab names is under FURTHER, so that no setting is hidden."""

FURTHER = ("Advanced", "Further settings")
HIDDEN = frozenset({"locked", "uuid", "mytardis_url"})
"""Not for people to fill in: a button sets the first, the agent the second, and the third is an
older name of hub_url."""

LABELS = {
    "instrument_name": "Instrument name", "facility_name": "Facility name",
    "data_directory": "Data directory", "contact_name": "Contact name",
    "contact_email": "Contact e-mail", "hub_url": "Hub's address", "username": "Username",
    "api_key": "Client key", "password": "Password, in place of a key",
    "schedule_type": "Schedule type", "scheduled_date": "Date", "scheduled_time": "Time",
    "timer_minutes": "Every (minutes)", "timer_from_time": "From", "timer_to_time": "To",
    "dataset_filter": "Dataset folder name contains",
    "experiment_filter": "Experiment folder name contains",
    "ignore_old_datasets": "Ignore datasets older than",
    "ignore_new_datasets": "Ignore datasets younger than",
    "ignore_new_files": "Ignore files changed within the last (minutes)",
    "use_includes_file": "Only files matching the patterns in",
    "use_excludes_file": "No files matching the patterns in",
    "validate_folder_structure": "Count the datasets when settings are checked",
    "dataset_grouping": "Experiment (dataset grouping)", "group_prefix": "User group prefix",
    "upload_invalid_user_folders": "Upload folders of users or groups whom the hub does not know",
    "start_automatically_on_login": "Start when somebody logs in", "on_start_run": "Start as",
    "max_upload_threads": "Uploads at the same time", "max_upload_retries": "Retries of an upload",
    "small_file_limit": "A small file is up to (bytes)", "batch_bytes": "Bytes in one batch",
    "batch_files": "Files in one batch",
    "cache_datafile_lookups": "Remember for a day which files were seen verified",
    "max_verification_threads": "Look-ups at the same time",
    "verification_delay": "Ask for verification after (seconds)",
    "progress_poll_interval": "Progress every (seconds)",
    "connection_timeout": "Time limit of an answer (seconds)",
    "verify_certificate": "Refuse a hub that cannot prove who it is",
    "ca_file": "Authority's certificate", "client_certificate": "Our certificate",
    "client_key": "Its key", "api_key_file": "File with the client key",
    "password_file": "File with the password", "state_directory": "Folder for the agent's memory",
    "immutable_datasets": "Datasets cannot be changed by others", "cipher": "SSH ciphers",
    "server_kind": "What answers there", "proxy": "Proxy",
    "bandwidth_limit": "At most (megabytes a second)", "staging_host_key": "Staging host key",
    "upload_method": "Upload method",
    "clean_up_days": "Remove verified files here after (days)", "log_file": "Log file",
    "log_level": "How much is logged",
    "central_settings": "Take over settings that the hub's people made for this instrument",
    "use_none_cipher": "Send without encryption (HPN-SSH)",
    "fake_md5_sum": "Send without MD5 sum",
}  # fmt: skip

BESIDE = {
    "ignore_old_datasets": ("ignore_interval_number", "ignore_interval_unit"),
    "ignore_new_datasets": ("ignore_new_interval_number", "ignore_new_interval_unit"),
    "ignore_new_files": ("ignore_new_files_minutes",),
    "use_includes_file": ("includes_file",),
    "use_excludes_file": ("excludes_file",),
}
"""A tick box and the fields that stand in its row and are usable when it is ticked."""


def label(name: str) -> str:
    """The words before the field."""
    if name in DAY_NAMES:
        return name.removesuffix("_checked").capitalize()
    return LABELS.get(name) or name.replace("_", " ").capitalize()


def tabs() -> dict[str, list[Section]]:
    """All settings on their tabs, with those that no tab names under FURTHER."""
    made = {tab: list(sections) for tab, sections in TABS.items()}
    named = {name for sections in TABS.values() for each in sections for name in each.names}
    rest = tuple(name for name in KEYS if name not in named and name not in HIDDEN)
    if rest:
        made[FURTHER[0]].append(Section(FURTHER[1], rest))
    known = {tab: [_known(each) for each in sections] for tab, sections in made.items()}
    return {tab: [each for each in sections if each.names] for tab, sections in known.items()}


def tab_of(name: str) -> str | None:
    """The tab that a setting is on."""
    for tab, sections in tabs().items():
        if any(name in each.names for each in sections):
            return tab
    return None


def owner_filter_label(structure: str) -> str:
    """What the first filter is called: it depends on what the first folders stand for."""
    words = {Level.EMAIL: "Email", Level.GROUP: "User group"}
    first = LEVELS[structure][0] if structure in LEVELS else Level.USER
    return f"{words.get(first, 'Username')} folder name contains"


def has_level(structure: str, *levels: Level) -> bool:
    """Whether folders of one of these levels occur in the structure."""
    return any(level in LEVELS.get(structure, ()) for level in levels)


def grouping(structure: str) -> str:
    """How datasets are grouped into experiments, in the documented words."""
    levels = LEVELS.get(structure, ())
    if Level.FULL_NAME in levels:
        return "Instrument Name - Full Name"
    if Level.EXPERIMENT in levels:
        return "User Group - Experiment" if Level.GROUP in levels else "Experiment"
    return "User Group" if Level.GROUP in levels else "Instrument Name - Dataset Owner's Full Name"


def usable(name: str, values: Mapping[str, str]) -> bool:
    """Whether a setting matters, the others being as they are in `values`."""
    kind = values.get("schedule_type", "")
    structure = values.get("folder_structure", "")
    rules = {
        "scheduled_date": kind == "Once",
        "scheduled_time": kind in ("Once", "Daily", "Weekly"),
        **dict.fromkeys(DAY_NAMES, kind == "Weekly"),
        **dict.fromkeys(("timer_minutes", "timer_from_time", "timer_to_time"), kind == "Timer"),
        "user_filter": has_level(structure, Level.USER, Level.EMAIL, Level.GROUP),
        "experiment_filter": has_level(structure, Level.EXPERIMENT),
        "group_prefix": has_level(structure, Level.GROUP),
        "dataset_grouping": False,
    }
    for box, fields in BESIDE.items():
        rules |= dict.fromkeys(fields, values.get(box) == "True")
    return rules.get(name, True)


def _known(section: Section) -> Section:
    return Section(section.title, tuple(name for name in section.names if name in KEYS))


def key(name: str) -> Key:
    """The setting's kind, bounds and note."""
    return KEYS[name]

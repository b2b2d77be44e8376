"""The settings of an uploading program that are kept at the hub: how they are asked for, what may
be answered, what each of them does; and the words for what a program says of its machine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

Words = str | Promise
TEXT, FLAG, WHOLE, NUMBER, CHOICE, DATE, TIME = (
    "text", "flag", "whole", "number", "choice", "date", "time",
)  # fmt: skip
_SHAPES = {
    FLAG: re.compile(r"True|False"),
    WHOLE: re.compile(r"\d{1,9}"),
    NUMBER: re.compile(r"\d{1,9}(\.\d{1,6})?"),
    DATE: re.compile(r"\d{4}-\d{2}-\d{2}"),
    TIME: re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?"),
}
_INPUTS = {WHOLE: "number", DATE: "date", TIME: "time"}
LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Field:
    """One setting: its key, its kind, what it is called and what it does."""

    key: str
    kind: str
    words: Words
    help: Words = ""
    choices: tuple[str, ...] = ()

    def fits(self, value: str) -> bool:
        """Whether a value has the shape of its kind."""
        shape = _SHAPES.get(self.kind)
        return shape is None or shape.fullmatch(value) is not None


STRUCTURES = (
    "Username / Dataset", "Email / Dataset", "Username / Experiment / Dataset",
    "Email / Experiment / Dataset", 'Username / "MyTardis" / Experiment / Dataset',
    "User Group / Instrument / Full Name / Dataset", "Experiment / Dataset", "Dataset",
    "User Group / Dataset", "User Group / Experiment / Dataset",
)  # fmt: skip
SCHEDULES = ("Manually", "On Startup", "On Settings Saved", "Once", "Daily", "Weekly", "Timer")
UNITS = ("day", "days", "week", "weeks", "month", "months", "year", "years")
_WEEK = {
    "monday": _("On Mondays"), "tuesday": _("On Tuesdays"), "wednesday": _("On Wednesdays"),
    "thursday": _("On Thursdays"), "friday": _("On Fridays"), "saturday": _("On Saturdays"),
    "sunday": _("On Sundays"),
}  # fmt: skip
GENERAL = (
    Field("instrument_name", TEXT, _("Instrument"), _("As people know it; made when missing.")),
    Field("facility_name", TEXT, _("Facility"), _("The group that the instrument belongs to.")),
    Field("contact_name", TEXT, _("Contact"), _("Who answers for the computer.")),
    Field("contact_email", TEXT, _("E-mail of the contact")),
    Field("data_directory", TEXT, _("Data folder"), _("On the instrument's computer.")),
    Field("mytardis_url", TEXT, _("Address of the hub"), _("Where the program sends to.")),
    Field("username", TEXT, _("Account"), _("The role account that it works as.")),
)
SCHEDULE = (
    Field("schedule_type", CHOICE, _("When it looks for data"), choices=SCHEDULES),
    *(Field(f"{day}_checked", FLAG, words, _("Weekly only.")) for day, words in _WEEK.items()),
    Field("scheduled_date", DATE, _("Date"), _("Once only.")),
    Field("scheduled_time", TIME, _("Time of day"), _("Once, Daily and Weekly.")),
    Field("timer_minutes", WHOLE, _("Minutes between two runs"), _("Timer only.")),
    Field("timer_from_time", TIME, _("Not before"), _("Timer only.")),
    Field("timer_to_time", TIME, _("Not after"), _("Timer only.")),
)
FILTERS = (
    Field("user_filter", TEXT, _("User or group folders"), _("Those whose name contains this.")),
    Field("dataset_filter", TEXT, _("Dataset folders"), _("Those whose name contains this.")),
    Field("experiment_filter", TEXT, _("Experiment folders"), _("Those whose name contains this.")),
    Field("ignore_old_datasets", FLAG, _("Leave out old datasets")),
    Field("ignore_interval_number", WHOLE, _("Older than"), _("A number; its unit is next.")),
    Field("ignore_interval_unit", CHOICE, _("Unit"), choices=UNITS),
    Field("ignore_new_datasets", FLAG, _("Leave out new datasets")),
    Field("ignore_new_interval_number", WHOLE, _("Younger than"), _("A number; its unit is next.")),
    Field("ignore_new_interval_unit", CHOICE, _("Unit"), choices=UNITS),
    Field("ignore_new_files", FLAG, _("Leave files that may still be written")),
    Field("ignore_new_files_minutes", WHOLE, _("Minutes since the last change")),
    Field("use_includes_file", FLAG, _("Send only what matches a list of patterns")),
    Field("includes_file", TEXT, _("List of what to send"), _("A file with one pattern a line.")),
    Field("use_excludes_file", FLAG, _("Leave out what matches a list of patterns")),
    Field(
        "excludes_file", TEXT, _("List of what to leave out"), _("A file with one pattern a line.")
    ),
)
ADVANCED = (
    Field("folder_structure", CHOICE, _("What the folders stand for"), choices=STRUCTURES),
    Field("dataset_grouping", TEXT, _("Grouping of datasets"), _("How experiments are named.")),
    Field("group_prefix", TEXT, _("Prefix of groups"), _("Put before a group folder's name.")),
    Field("validate_folder_structure", FLAG, _("Count datasets when settings are checked")),
    Field("upload_invalid_user_folders", FLAG, _("Send folders of unknown users"),
          _("They go to the role account.")),
    Field("immutable_datasets", FLAG, _("Make datasets that nobody changes")),
    Field("start_automatically_on_login", FLAG, _("Start when somebody logs in")),
    Field("on_start_run", TEXT, _("Window at start")),
    Field("locked", FLAG, _("Lock the settings at the instrument")),
)  # fmt: skip
UPLOAD = (
    Field("upload_method", TEXT, _("Way of sending")),
    Field("max_upload_threads", WHOLE, _("Files sent at the same time")),
    Field("max_upload_retries", WHOLE, _("Further tries of what failed")),
    Field("max_verification_threads", WHOLE, _("Look-ups at the same time")),
    Field("verification_delay", NUMBER, _("Seconds until a file is compared")),
    Field("progress_poll_interval", NUMBER, _("Seconds between two looks at progress")),
    Field("connection_timeout", NUMBER, _("Seconds until an answer is given up")),
    Field("cache_datafile_lookups", FLAG, _("Remember what is there already")),
    Field("fake_md5_sum", FLAG, _("Compute no checksum"), _("Then nothing is compared with it.")),
    Field("cipher", TEXT, _("Cipher"), _("Of SSH.")),
    Field("use_none_cipher", FLAG, _("Send without encryption"), _("With patched SSH only.")),
)
GROUPS: tuple[tuple[str, Words, tuple[Field, ...]], ...] = (
    ("general", _("General"), GENERAL),
    ("schedule", _("Schedule"), SCHEDULE),
    ("filters", _("Filters"), FILTERS),
    ("advanced", _("Advanced"), ADVANCED),
    ("upload", _("Upload"), UPLOAD),
)
FIELDS = {each.key: each for _key, _words, fields in GROUPS for each in fields}
OWN = frozenset({"uuid"})
"""What a program calls itself is never set from here."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A field on the form: what it holds, and why that cannot be."""

    field: Field
    value: str
    problem: str = ""

    @property
    def input(self) -> str:
        """The type of its HTML input: text for what another one would not show."""
        fits = not self.value or self.field.fits(self.value)
        return _INPUTS.get(self.field.kind, "text") if fits else "text"


def asked(
    kept: Mapping[str, str],
    given: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> Iterator[tuple[str, Words, list[Asked]]]:
    """The groups of the form, with what was typed in place of what is kept; what programs keep
    beside the documented settings comes last."""
    told, wrong = {**kept, **(given or {})}, problems or {}
    other = tuple(
        Field(key, TEXT, key) for key in sorted(kept) if key not in FIELDS | dict.fromkeys(OWN)
    )
    for key, words, fields in (*GROUPS, ("other", _("Others"), other)):
        if fields:
            rows = [Asked(each, told.get(each.key, ""), wrong.get(each.key, "")) for each in fields]
            yield key, words, rows


def changes(kept: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """What was typed that is not kept already. Only a text may be emptied; an empty field of
    another kind, or of a setting that is not kept, says nothing of it."""
    known = {*FIELDS, *kept} - OWN
    return {
        key: value
        for key, value in given.items()
        if key in known and value != kept.get(key, "") and (value or _is_text(key))
    }


def _is_text(key: str) -> bool:
    return key not in FIELDS or FIELDS[key].kind == TEXT


def problems(changed: Mapping[str, str]) -> dict[str, str]:
    """Why settings cannot be so, by key."""
    wrong = {key: _problem(FIELDS.get(key), value) for key, value in changed.items()}
    return {key: words for key, words in wrong.items() if words}


def _problem(field: Field | None, value: str) -> str:
    if len(value) > LONGEST or not value.isprintable():
        return gettext("One line of at most 2000 characters.")
    if field is None or not value:
        return ""
    if field.choices and value not in field.choices:
        return gettext("Choose one of the list.")
    return "" if field.fits(value) else _SAID[field.kind]()


_SAID = {
    FLAG: lambda: gettext("True or False."),
    WHOLE: lambda: gettext("A whole number."),
    NUMBER: lambda: gettext("A number."),
    DATE: lambda: gettext("A date, like 2026-11-30."),
    TIME: lambda: gettext("A time of day, like 22:30."),
}

FACTS: tuple[tuple[Words, tuple[tuple[str, Words], ...]], ...] = (
    (_("Contact"), (("contact_name", _("Name")), ("contact_email", _("E-mail")))),
    (
        _("Program"),
        (
            ("user_agent_name", _("Name")),
            ("user_agent_version", _("Version")),
            ("user_agent_install_location", _("Installed in")),
            ("data_path", _("Data folder")),
            ("default_user", _("Account")),
        ),
    ),
    (
        _("Computer"),
        (
            ("hostname", _("Host name")),
            ("os_platform", _("Platform")),
            ("os_system", _("Operating system")),
            ("os_release", _("Release")),
            ("os_version", _("Version")),
            ("os_username", _("Signed in as")),
            ("machine", _("Machine")),
            ("architecture", _("Architecture")),
            ("processor", _("Processor")),
            ("cpus", _("Processors")),
            ("memory", _("Memory")),
            ("disk_usage", _("Disks")),
        ),
    ),
    (
        _("Network"),
        (
            ("interface", _("Interface")),
            ("mac_address", _("MAC address")),
            ("ipv4_address", _("IPv4 address")),
            ("ipv6_address", _("IPv6 address")),
            ("subnet_mask", _("Subnet mask")),
        ),
    ),
)


def machine(facts: Mapping[str, object]) -> list[tuple[Words, list[tuple[Words, str]]]]:
    """What a program said of itself and its machine, in groups; only what it did say."""
    told = [
        (heading, [(words, str(facts[key])) for key, words in rows if facts.get(key)])
        for heading, rows in FACTS
    ]
    return [(heading, rows) for heading, rows in told if rows]

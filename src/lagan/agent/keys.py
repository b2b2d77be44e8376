"""Every key of the agent's configuration on one screen: its kind, its default, what it means.

Names and defaults of the first part are those of MyData's settings file, so that an existing one
can be used as it is; the second part is ours. A key whose note begins with "(kept)" is read,
checked and written back, but has no work to do here; one whose note begins with "(MyTardis)" has
work only when the server is one of that kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Key:
    """`kind` is one of text, flag, whole, number, path, secret; `choices` limit a text; bounds are
    inclusive."""

    name: str
    kind: str
    default: Any
    note: str
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None


STRUCTURES = (
    "Username / Dataset",
    "Email / Dataset",
    "Username / Experiment / Dataset",
    "Email / Experiment / Dataset",
    'Username / "MyTardis" / Experiment / Dataset',
    "User Group / Instrument / Full Name / Dataset",
    "Experiment / Dataset",
    "Dataset",
    "User Group / Dataset",
    "User Group / Experiment / Dataset",
)
SCHEDULES = ("Manually", "On Startup", "On Settings Saved", "Once", "Daily", "Weekly", "Timer")
UNITS = ("day", "days", "week", "weeks", "month", "months", "year", "years")
SERVERS = ("auto", "lagan", "mytardis")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

DOCUMENTED = (
    Key("instrument_name", "text", "", "the instrument's name, as people know it"),
    Key("facility_name", "text", "", "the facility that the instrument belongs to"),
    Key("contact_name", "text", "", "who answers for this computer"),
    Key("contact_email", "text", "", "and their address"),
    Key("data_directory", "path", "", "the folder that holds the data"),
    Key("mytardis_url", "text", "", "the hub's address, when hub_url is not set"),
    Key("username", "text", "", "the role account that the agent works as"),
    Key("api_key", "secret", "", "its client key, made on the hub's profile page"),
    Key("schedule_type", "text", "Manually", "when `lagan agent run` looks for data", SCHEDULES),
    *(Key(f"{day}_checked", "flag", False, f"Weekly: on {day.title()}") for day in DAYS),
    Key("scheduled_date", "text", "", "Once: YYYY-MM-DD"),
    Key("scheduled_time", "text", "", "Once, Daily, Weekly: HH:MM:SS"),
    Key("timer_minutes", "whole", 15, "Timer: every so many minutes", least=1, most=525_600),
    Key("timer_from_time", "text", "00:00:00", "Timer: not before this time of day"),
    Key("timer_to_time", "text", "23:59:00", "Timer: not after this time of day"),
    Key("user_filter", "text", "", "only user, e-mail or group folders whose name contains this"),
    Key("dataset_filter", "text", "", "only dataset folders whose name contains this"),
    Key("experiment_filter", "text", "", "only experiment folders whose name contains this"),
    Key("includes_file", "path", "", "a file with one pattern a line"),
    Key("use_includes_file", "flag", False, "send only files that match one of those"),
    Key("excludes_file", "path", "", "a file with one pattern a line"),
    Key("use_excludes_file", "flag", False, "leave out files that match one of those"),
    Key("ignore_old_datasets", "flag", False, "leave out dataset folders older than this"),
    Key("ignore_interval_number", "whole", 0, "", least=0, most=100_000),
    Key("ignore_interval_unit", "text", "months", "", UNITS),
    Key("ignore_new_datasets", "flag", False, "leave out dataset folders younger than this"),
    Key("ignore_new_interval_number", "whole", 0, "", least=0, most=100_000),
    Key("ignore_new_interval_unit", "text", "months", "", UNITS),
    Key("ignore_new_files", "flag", True, "leave files for the next run that may still be written"),
    Key(
        "ignore_new_files_minutes",
        "whole",
        1,
        "minutes since the last change",
        least=0,
        most=525_600,
    ),
    Key("folder_structure", "text", "Username / Dataset", "what the folders stand for", STRUCTURES),
    Key(
        "dataset_grouping",
        "text",
        "Instrument Name - Dataset Owner's Full Name",
        "(kept) follows from folder_structure",
    ),
    Key("group_prefix", "text", "", "put before a group folder's name to get the group's name"),
    Key("validate_folder_structure", "flag", True, "count the datasets when settings are checked"),
    Key("max_upload_threads", "whole", 5, "requests that send at the same time", least=1, most=64),
    Key(
        "max_upload_retries",
        "whole",
        1,
        "further tries of what failed for the moment",
        least=0,
        most=99,
    ),
    Key(
        "max_verification_threads",
        "whole",
        5,
        "(MyTardis) look-ups at the same time; a hub is asked for 10,000 files at once",
        least=1,
    ),
    Key(
        "upload_method",
        "text",
        "ParallelSSH",
        "(MyTardis) POST never waits for approval; Chunked and all others (SFTP) do",
    ),
    Key(
        "start_automatically_on_login",
        "flag",
        True,
        "(kept) the window's; the service needs no login",
    ),
    Key(
        "on_start_run",
        "text",
        "Normal window",
        "(kept) the window's: Normal window, Minimized, Maximized",
    ),
    Key(
        "upload_invalid_user_folders",
        "flag",
        True,
        "send folders of unknown users for the role account",
    ),
    Key("uuid", "text", "", "(MyTardis) this uploader's own id, made at the first run"),
    Key(
        "locked", "flag", False, "nobody changes the settings before an administrator unlocks them"
    ),
    Key(
        "verification_delay",
        "number",
        3.0,
        "(MyTardis) seconds after which the server is asked to verify what was staged",
        least=0,
        most=3600,
    ),
    Key("fake_md5_sum", "flag", False, "(kept) digests are always true: made-up ones never verify"),
    Key("cipher", "text", "aes128-ctr", "(MyTardis) ciphers for SFTP, the best first"),
    Key("use_none_cipher", "flag", False, "(kept) nothing is ever sent unencrypted by SFTP"),
    Key(
        "progress_poll_interval",
        "number",
        1.0,
        "seconds between lines of progress",
        least=0.1,
        most=3600,
    ),
    Key("immutable_datasets", "flag", False, "(MyTardis) make datasets read-only"),
    Key(
        "cache_datafile_lookups",
        "flag",
        True,
        "do not ask again for a day about files seen verified",
    ),
    Key("connection_timeout", "number", 10.0, "seconds", least=0.1, most=3600),
)

OURS = (
    Key("hub_url", "text", "", "the hub's address, like https://hub.example.org"),
    Key("api_key_file", "path", "", "a file that holds the key instead"),
    Key("password", "secret", "", "the role account's password, in place of a key"),
    Key("password_file", "path", "", "a file that holds the password instead"),
    Key("verify_certificate", "flag", True, "refuse a hub that cannot prove who it is"),
    Key("ca_file", "path", "", "PEM file of the authority that signed the hub's certificate"),
    Key(
        "client_certificate",
        "path",
        "",
        "PEM file of our own certificate, where the hub asks for one",
    ),
    Key("client_key", "path", "", "PEM file of its key"),
    Key("batch_bytes", "whole", 64 << 20, "bytes of small files in one request", least=1),
    Key("batch_files", "whole", 2000, "small files in one request", least=1, most=10_000),
    Key(
        "small_file_limit",
        "whole",
        1 << 20,
        "bytes up to which a file goes into a batch",
        least=0,
        most=64 << 20,
    ),
    Key("state_directory", "path", "", "where the agent remembers what it was doing"),
    Key("server_kind", "text", "auto", "what answers at the address", SERVERS),
    Key(
        "proxy",
        "text",
        "",
        "the proxy's address; empty: as the environment says; direct: none",
    ),
    Key(
        "bandwidth_limit",
        "number",
        0.0,
        "megabytes (10^6 bytes) a second for all uploads together; 0: no limit",
        least=0,
        most=1_000_000,
    ),
    Key(
        "clean_up_days",
        "whole",
        0,
        "days after their last change that files leave this disk once every replica is verified;"
        " 0: never by itself",
        least=0,
        most=36_500,
    ),
    Key(
        "central_settings", "flag", True, "take over what the hub's people set for this instrument"
    ),
    Key("staging_host_key", "text", "", "(MyTardis) the staging server's public host key"),
    Key("log_file", "path", "", "where the service writes its log; empty: agent.log in its state"),
    Key("log_level", "text", "INFO", "how much of it", LOG_LEVELS),
)

KEYS = {key.name: key for key in (*DOCUMENTED, *OURS)}

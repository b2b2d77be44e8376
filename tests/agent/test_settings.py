"""Settings: documented keys and defaults, odd values named, unknown ones said, any text
survived."""

from __future__ import annotations

import configparser
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.agent.errors import BadSetting
from lagan.agent.keys import DOCUMENTED, KEYS, OURS
from lagan.agent.settings import Settings, default_path, parse, read
from lagan.agent.template import render, table, write
from lagan.kit.errors import BadInput, Conflict


def test_documented_defaults() -> None:
    made = parse("[MyData]\n")
    assert made.folder_structure == "Username / Dataset"
    assert (made.schedule_type, made.timer_minutes) == ("Manually", 15)
    assert (made.timer_from_time, made.timer_to_time) == ("00:00:00", "23:59:00")
    assert (made.ignore_new_files, made.ignore_new_files_minutes) == (True, 1)
    assert (made.max_upload_threads, made.max_upload_retries) == (5, 1)
    assert (made.upload_invalid_user_folders, made.cache_datafile_lookups) == (True, True)
    assert (made.connection_timeout, made.small_file_limit) == (10.0, 1 << 20)
    assert made.warnings == ()


def test_an_existing_mydata_file_is_read_as_it_is() -> None:
    made = parse(
        "[MyData]\nMyTardis_URL = https://hub.example.org\nschedule_type = weekly\n"
        "monday_checked = True\nsunday_checked = yes\n"
        "folder_structure = username / experiment / dataset\n"
        "upload_method = SCP\nuuid = 1-2-3\ncontact_name = 100%% Kim\n"
    )
    assert made.url == "https://hub.example.org"
    assert (made.schedule_type, made.weekdays) == ("Weekly", frozenset({0, 6}))
    assert made.folder_structure == "Username / Experiment / Dataset"
    assert made.contact_name == "100% Kim"


def test_our_section_and_our_address_win() -> None:
    made = parse(
        "[MyData]\nmytardis_url = http://a\nusername = x\n"
        "[agent]\nhub_url = http://b\nusername = y\n"
    )
    assert (made.url, made.username) == ("http://b", "y")


@pytest.mark.parametrize(
    ("line", "setting", "expected"),
    [
        ("max_upload_threads = many", "max_upload_threads", "a whole number"),
        ("max_upload_threads = 0", "max_upload_threads", "from 1 to 64"),
        ("ignore_new_files = perhaps", "ignore_new_files", "True or False"),
        ("schedule_type = Sometimes", "schedule_type", "Manually, On Startup"),
        ("folder_structure = Moon / Dataset", "folder_structure", "Username / Dataset"),
        ("contact_name = 100% sure", "contact_name", "%%"),
        ("contact_name = %(nothing)s", "contact_name", "%%"),
        ("api_key_file = /nonexistent/key", "api_key_file", "cannot be read"),
        ("connection_timeout = 0", "connection_timeout", "from 0.1"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(
    line: str, setting: str, expected: str
) -> None:
    with pytest.raises(BadSetting, match=setting) as caught:
        parse(f"[agent]\n{line}\n")
    assert expected in caught.value.sentence
    assert caught.value.facts["setting"] == setting


def test_a_bad_number_with_a_point_falls_back_as_documented() -> None:
    made = parse("[agent]\nconnection_timeout = soon\n")
    assert made.connection_timeout == 10.0
    assert made.warnings == ("connection_timeout must be a number, not 'soon'; 10.0 is used.",)


def test_unknown_keys_and_sections_are_said() -> None:
    made = parse("[agent]\nuser_fliter = x\n[other]\na = b\n")
    assert [each.split()[0] for each in made.warnings] == ["Section", "user_fliter"]


@pytest.mark.parametrize("text", ["", "[other]\n", "hello", "[agent]\na\n", "[agent]\na=1\na=2\n"])
def test_what_is_no_configuration_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse(text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="none.ini"):
        read(tmp_path / "none.ini")
    (tmp_path / "odd.ini").write_bytes(b"[agent]\nusername = \xff\n")
    with pytest.raises(BadInput, match="UTF-8"):
        read(tmp_path / "odd.ini")


def test_secrets_come_from_files_and_are_not_shown(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret-key\n")
    (tmp_path / "word").write_text("s3cret-word")
    made = parse(f"[agent]\napi_key_file = {tmp_path}/key\npassword_file = {tmp_path}/word\n")
    assert (made.api_key, made.password) == ("s3cret-key", "s3cret-word")
    assert "s3cret" not in repr(made)


def test_the_state_folder_differs_by_hub_and_data() -> None:
    texts = ["hub_url = http://a", "hub_url = http://b", "hub_url = http://a\ndata_directory = /x"]
    assert len({parse(f"[agent]\n{each}\n").state for each in texts}) == 3
    assert parse("[agent]\nstate_directory = /s\n").state == Path("/s")


def test_the_default_place() -> None:
    assert default_path({"LAGAN_AGENT_CONFIG": "/x.ini"}) == Path("/x.ini")
    assert default_path({"XDG_CONFIG_HOME": "/c"}) == Path("/c/lagan/agent.ini")


def test_the_written_file_says_nothing_but_defaults(tmp_path: Path) -> None:
    target = tmp_path / "new" / "agent.ini"
    write(target)
    assert read(target) == parse("[agent]\n")
    assert target.stat().st_mode & 0o077 == 0
    everything = "\n".join(
        line.lstrip("#") if " = " in line else line for line in render().splitlines()
    )
    assert parse(everything) == parse("[agent]\n")
    with pytest.raises(Conflict, match="--force"):
        write(target)
    write(target, force=True)


def test_every_key_is_listed_once() -> None:
    assert len(KEYS) == len(DOCUMENTED) + len(OURS)
    ours = set(Settings.__dataclass_fields__) - {"url", "weekdays", "values", "warnings"}
    assert ours <= set(KEYS)


@given(st.text(max_size=300))
def test_any_text_is_settings_or_a_named_refusal(text: str) -> None:
    for source in (text, f"[agent]\n{text}"):
        refused = _refusal(source)
        assert refused is None or refused.sentence


@given(st.sampled_from(sorted(KEYS)), st.text(max_size=40))
def test_any_value_of_any_key_is_taken_or_named(name: str, value: str) -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser["agent"] = {name: value}
    written = io.StringIO()
    parser.write(written)
    refused = _refusal(written.getvalue())
    # Line ends within the value may make another file of it.
    if refused is not None and len(value.splitlines()) < 2:
        assert refused.facts["setting"] == name


def _refusal(text: str) -> BadInput | None:
    try:
        parse(text)
    except BadInput as error:
        return error
    return None


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30))
def test_a_doubled_percent_is_one(text: str) -> None:
    made = parse("[agent]\ncontact_name = " + text.replace("%", "%%") + "\n")
    assert made.contact_name == text.strip()


def test_the_documentation_lists_every_setting_as_it_is() -> None:
    page = (Path(__file__).parents[2] / "docs/guide/instruments.md").read_text()
    told = page.partition("template.table -->\n")[2].partition("\n<!-- end of settings -->")[0]
    assert told == table(), "put the output of lagan.agent.template.table() there"

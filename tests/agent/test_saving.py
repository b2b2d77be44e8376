"""Settings written back: what changed is there, everything else is as somebody left it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.agent import saving
from lagan.agent.errors import BadSetting, NotAdministrator, SettingsLocked
from lagan.agent.keys import KEYS
from lagan.agent.settings import parse, read
from lagan.agent.template import render

OLD = """; written by the facility
[MyData]
Instrument_Name = Old Name
# why: the detector writes temporary files
use_excludes_file = True
excludes_file: /etc/excludes
contact_name = Kim
    of the lab
uuid = 1-2-3
somebody_elses = kept

[window]
size = 3
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    made = tmp_path / "MyData.cfg"
    made.write_text(OLD)
    return made


def test_only_the_lines_of_what_changed_are_touched(config: Path) -> None:
    settings = read(config)
    settings.changed({"instrument_name": "100% new", "timer_minutes": 30}).save(config)
    assert config.read_text() == OLD.replace("Old Name", "100%% new").replace(
        "Instrument_Name", "instrument_name"
    ).replace("kept\n", "kept\ntimer_minutes = 30\n")
    assert read(config).instrument_name == "100% new"


def test_a_value_of_several_lines_is_replaced_whole(config: Path) -> None:
    read(config).changed({"contact_name": "Robin"}).save(config)
    assert "of the lab" not in config.read_text()
    assert read(config).contact_name == "Robin"


def test_our_own_keys_get_a_section_of_their_own(config: Path) -> None:
    read(config).changed({"bandwidth_limit": 2.5}).save(config)
    assert config.read_text().endswith("[agent]\nbandwidth_limit = 2.5\n")
    assert read(config).bandwidth_limit == 2.5


def test_the_section_that_wins_is_the_one_that_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "agent.ini"
    path.write_text("[agent]\nusername = ours\n[MyData]\nusername = theirs\n")
    read(path).changed({"username": "new"}).save(path)
    assert path.read_text() == "[agent]\nusername = new\n[MyData]\nusername = theirs\n"


def test_a_default_in_a_remark_becomes_the_line(tmp_path: Path) -> None:
    path = tmp_path / "agent.ini"
    path.write_text(render())
    before = len(render().splitlines())
    read(path).changed({"max_upload_threads": 9, "facility_name": "Imaging"}).save(path)
    assert len(path.read_text().splitlines()) == before
    assert (read(path).max_upload_threads, read(path).facility_name) == (9, "Imaging")


def test_a_file_that_is_not_there_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "agent.ini"
    parse("[agent]\nusername = x\n").save(path)
    assert read(path).username == "x"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_wrong_value_leaves_the_file_as_it_was(config: Path) -> None:
    with pytest.raises(BadSetting, match="max_upload_threads"):
        read(config).changed({"max_upload_threads": 0})
    for value in ("two\n\nlines\n[other]\n#no", " space before", "nul\0", "escape\x1b[0m"):
        with pytest.raises(BadSetting, match="contact_name"):
            read(config).changed({"contact_name": value})
    with pytest.raises(BadSetting, match="nonsense"):
        read(config).changed({"nonsense": 1})
    assert config.read_text() == OLD


def test_locked_settings_are_changed_by_nobody_until_unlocked(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saving.lock(config)
    with pytest.raises(SettingsLocked):
        read(config).changed({"locked": False, "username": "x"}).save(config)
    monkeypatch.setattr(saving, "is_administrator", lambda: False)
    with pytest.raises(NotAdministrator):
        saving.unlock(config)
    assert read(config).locked
    monkeypatch.setattr(saving, "is_administrator", lambda: True)
    saving.unlock(config)
    read(config).changed({"username": "x"}).save(config)
    assert read(config).username == "x"


_ONE_LINE = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="\ufeff"), max_size=30
)


@given(
    st.dictionaries(st.sampled_from([k.name for k in KEYS.values() if k.kind == "secret"]
                                    + ["contact_name", "user_filter", "uuid"]), _ONE_LINE),
    st.sampled_from([OLD, "[agent]\n", render()]),
)  # fmt: skip
def test_any_text_comes_back(values: dict[str, Any], text: str) -> None:
    wanted = parse(text).changed(values)
    made = saving.merge(text, wanted.values)
    assert dict(parse(made).values) == dict(wanted.values)
    assert saving.merge(made, wanted.values) == made

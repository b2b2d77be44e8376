"""A log that support can read: rotated, with times, without secrets; and the check of oneself."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from lagan.agent import log
from lagan.agent.selfcheck import CHECKS, look
from lagan.kit.errors import BadInput
from tests.agent.conftest import Bench
from tests.agent.hub import TestHub


@pytest.fixture(autouse=True)
def closed() -> object:
    yield
    for each in list(log.log.handlers):
        log.log.removeHandler(each)
        each.close()


def test_lines_have_times_and_no_secrets(bench: Bench) -> None:
    settings = bench.settings(password="a-word-of-ours", proxy="http://kim:hush@proxy:1")
    path = log.begin(settings)
    assert path == bench.folder / "state" / "agent.log"
    key = bench.given["api_key"]
    log.log.info("sent with %s and a-word-of-ours by http://kim:hush@proxy:1", key)
    log.log.warning("Authorization: ApiKey facility:0123 was\nrefused")
    log.log.debug("not at this level")
    text = path.read_text()
    assert not [word for word in (key, "a-word", "hush", "0123", "level") if word in text]
    lines = text.splitlines()
    assert len(lines) == 3
    assert "INFO" in lines[0]
    assert lines[0].startswith("20")
    assert lines[2].startswith("    "), "what is told in several lines is one entry"


def test_it_does_not_grow_without_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "LARGEST", 1000)
    path = log.begin(bench.settings())
    for n in range(200):
        log.log.info("line %d of many that are all about the same length", n)
    kept = sorted(each.name for each in path.parent.glob("agent.log*"))
    assert len(kept) == log.KEPT + 1
    assert all((path.parent / each).stat().st_size <= 1000 for each in kept)


def test_a_place_that_cannot_be_written_is_said(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInput, match=r"agent\.log"):
        log.begin(bench.settings(log_file=tmp_path / "file" / "agent.log"))


def test_the_check_of_oneself_tells_all_of_it(bench: Bench, hub: TestHub) -> None:
    found = list(look(bench.settings()))
    assert len(found) == CHECKS
    assert {each.level for each in found} == {"ok"}, found
    assert logging.getLogger("lagan.agent") is log.log


def test_what_is_wrong_is_an_error_and_the_rest_is_told_too(bench: Bench) -> None:
    found = list(
        look(bench.settings(hub_url="http://127.0.0.1:9", data_directory=bench.data / "none"))
    )
    assert len(found) == CHECKS
    assert [each.level for each in found].count("error") == 2

"""What the queries answer is said in words, and led to by addresses, that are right for any
name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.archive.queries import FileHealth, ReplicaRow
from lagan.hub.web import presented

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
Status = Literal["good", "pending", "degraded", "lost"]


def _health(status: Status, *states: str) -> presented.Health:
    rows = [
        ReplicaRow(f"v{n}", state, NOW - timedelta(hours=n), "full")
        for n, state in enumerate(states)
    ]
    found = presented.health(FileHealth(status, rows))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("status", "states", "tone", "words"),
    [
        ("good", ("good", "good"), "good", "2 good"),
        ("pending", ("good",), "quiet", "1 good, one on its way"),
        ("degraded", ("good", "bad"), "bad", "1 of 2 good"),
        ("degraded", ("good", "missing"), "bad", "1 of 2 good"),
        ("degraded", ("good", "suspect"), "suspect", "1 of 2 good"),
        ("degraded", ("good", "good"), "suspect", "a copy is out of reach"),
        ("lost", ("bad", "missing"), "bad", "no good copy"),
    ],
)
def test_health_in_words(status: Status, states: tuple[str, ...], tone: str, words: str) -> None:
    found = _health(status, *states)
    assert (found.tone, found.words) == (tone, words)


def test_a_file_was_verified_when_its_longest_unseen_copy_was() -> None:
    assert _health("good", "good", "good").verified == NOW - timedelta(hours=1)


def test_a_file_with_a_copy_never_looked_at_was_never_verified() -> None:
    rows = [ReplicaRow("a", "good", NOW, "full"), ReplicaRow("b", "good", None, "written")]
    found = presented.health(FileHealth("good", rows))
    assert found is not None
    assert found.verified is None


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_every_name_comes_back_out_of_its_address(name: str) -> None:
    content = presented.content_address(7, name)
    assert unquote(urlsplit("http://hub" + content).path) == f"/api/datasets/7/content/{name}"
    folder = urlsplit("http://hub" + presented.folder_address(7, name))
    assert parse_qs(folder.query, keep_blank_values=True) == {"folder": [name]}


def test_crumbs_lead_down_to_the_folder() -> None:
    assert [each.name for each in presented.crumbs(7, "raw/day 1")] == ["raw", "day 1"]
    assert presented.crumbs(7, "raw/day 1")[0].address == "/datasets/7/?folder=raw"
    assert presented.crumbs(7, "") == []


def test_a_filter_keeps_the_others() -> None:
    made = presented.choices("/jobs/", presented.JOB_STATES, "STARTED", text="retina")
    assert [each.words for each in made if each.chosen] == ["Running"]
    assert made[0].address == "/jobs/?text=retina"
    assert made[2].address == "/jobs/?state=PENDING&text=retina"


def test_groups_are_named_from_the_top_without_the_root() -> None:
    assert presented.group_words("/root/Imaging/Confocal 2") == "Imaging / Confocal 2"
    assert presented.group_words("/root") == ""

"""Targets of the archive over REST: an administrator, who works there, and a stranger."""

from __future__ import annotations

import pytest

from tests.hub.jobs.api.asking import Town, settle
from tests.hub.targets.conftest import Volumes, put


@pytest.fixture
def town(db: None) -> Town:
    return settle()


def test_an_administrator_sees_what_sites_keep_and_puts_them_together(
    volume_of: Volumes, town: Town
) -> None:
    put(volume_of("lab"), one=b"1", two=b"22")
    volume_of("office").usage()
    [target] = town.admin.get("targets/")["results"]
    assert target["name"] == "archive"
    lab, office = target["sites"]
    assert lab == {"site": "lab", "together": False, "objects": 2, "bytes": 3}
    sites = {"sites": ["lab", "office"]}
    told = town.admin.ask("PUT", "targets/archive/together/", sites)
    assert told.status_code == 200
    assert [each["together"] for each in told.json()["sites"]] == [True, True]
    assert volume_of("office").stat("one").size == 1
    town.admin.ask("PUT", "targets/archive/together/", {"sites": []})
    assert [each.name for each in volume_of("office").list()] == []


def test_others_see_and_do_nothing(volume_of: Volumes, town: Town) -> None:
    volume_of("lab").usage()
    for person in (town.owner, town.stranger):
        assert person.ask("GET", "targets/").status_code == 403
        refused = person.ask("PUT", "targets/archive/together/", {"sites": ["lab"]})
        assert refused.status_code == 403


@pytest.mark.parametrize(
    ("target", "body", "status"),
    [
        ("archive", {"sites": ["nowhere"]}, 404),
        ("archive", {"sites": "lab"}, 422),
        ("archive", {}, 422),
        ("nothing", {"sites": []}, 404),
        ("no name", {"sites": ["lab"]}, 400),
    ],
)
def test_what_makes_no_sense_is_refused(
    volume_of: Volumes, town: Town, target: str, body: object, status: int
) -> None:
    volume_of("lab").usage()
    told = town.admin.ask("PUT", f"targets/{target}/together/", body)
    assert told.status_code in (status, 400), told.content

"""A person is told what they deposited and which tokens they have; when they leave, tokens go and
deposits stay, as those of nobody by name."""

from __future__ import annotations

from typing import Any

from lagan.hub.accounts import services as accounts
from lagan.hub.accounts.personal import parts
from lagan.hub.base.actors import SYSTEM
from lagan.hub.packages import queries
from tests.hub.packages.depot import Depot


def told(entity: int | None) -> dict[str, list[dict[str, Any]]]:
    assert entity is not None
    return {part.name: list(map(dict, part.collect(entity))) for part in parts()}


def test_deposits_and_tokens_are_told_without_a_secret(depot: Depot):
    row = depot.kept(user_metadata={"author": "Jan Novák"})
    token = accounts.issue_day_token(by=depot.people.owner)
    mine = told(depot.people.owner.entity)
    assert [(each["dataset_id"], each["checksum"]) for each in mine["packages"]] == [
        (row.pk, row.checksum)
    ]
    assert mine["packages"][0]["user_metadata"] == {"author": "Jan Novák"}
    assert set(mine["day-tokens"][0]) == {"created", "expires"}
    assert token not in str(mine)
    for other in (depot.people.mate, depot.people.stranger):
        theirs = told(other.entity)
        assert theirs["packages"] == theirs["day-tokens"] == []


def test_who_leaves_leaves_packages_and_no_token(depot: Depot):
    row, entity = depot.kept(), depot.people.owner.entity
    accounts.issue_day_token(by=depot.people.owner)
    accounts.anonymise(by=SYSTEM, username="owner")
    left = told(entity)
    assert left["day-tokens"] == []
    assert [each["dataset_id"] for each in left["packages"]] == [row.pk]
    shown = queries.package(depot.people.mate, row.pk)
    assert shown.created_by_name == f"removed-{entity}"

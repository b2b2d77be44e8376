"""Datasets tell a person what is theirs, and forget the name when the person leaves."""

from __future__ import annotations

import pytest

from lagan.hub.accounts import services as accounts
from lagan.hub.accounts.personal import parts
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.datasets import services
from lagan.hub.datasets.models import Dataset, LogLine

pytestmark = pytest.mark.django_db


def test_datasets_stay_and_their_logs_forget_the_name() -> None:
    root = accounts.bootstrap().root
    ben = accounts.create_user(by=SYSTEM, username="ben")
    made = services.create_dataset(by=SYSTEM, name="beads", group=root.id, owner=ben.entity_id)
    services.close_dataset(by=Actor(ben.entity_id, "ben", "jwt"), dataset=made.pk)
    told = {part.name: list(part.collect(ben.entity_id)) for part in parts()}
    assert told["datasets"][0]["entity__name"] == "beads"
    assert told["log-lines"]
    accounts.anonymise(by=SYSTEM, username="ben")
    assert Dataset.objects.get(pk=made.pk).owner_id == ben.entity_id
    assert not LogLine.objects.filter(by="ben").exists()
    assert LogLine.objects.filter(by=f"removed-{ben.entity_id}").exists()

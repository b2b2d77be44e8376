"""A hub says who it is, always the same, to those who are signed in."""

from __future__ import annotations

import pytest
from django.test import Client

from lagan.hub.accounts.services import bootstrap, create_user
from lagan.hub.archive import services as archive
from lagan.hub.base.actors import SYSTEM
from tests.hub.jobs.api.asking import Person


@pytest.mark.usefixtures("db")
def test_a_hub_has_one_id() -> None:
    bootstrap()
    person = Person(create_user(by=SYSTEM, username="anybody"))
    told = person.get("hub/")
    assert told["id"] == str(archive.hub_id())
    assert set(told) == {"id", "address", "institution", "lagan"}
    assert person.get("hub/") == told
    assert Client().get("/api/hub/").status_code == 401

"""The pages of archive nodes: for administrators alone, calm when there is nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from lagan.hub.doors.node.models import Delivery, Disk, Host, StoredFile, Subscriber

SignedIn = Callable[[str], Client]
PAGES = ("/archive/nodes/", "/archive/nodes/subscriptions/", "/archive/nodes/checks/")


@pytest.mark.parametrize("path", PAGES)
def test_only_administrators_see_them(signed_in: SignedIn, path: str) -> None:
    assert signed_in("ada").get(path).status_code == 200
    assert signed_in("bob").get(path).status_code == 403
    assert Client().get(path).status_code == 302


def test_the_archive_leads_there_for_administrators_only(signed_in: SignedIn) -> None:
    assert 'href="/archive/nodes/"' in signed_in("ada").get("/archive/").content.decode()
    assert 'href="/archive/nodes/"' not in signed_in("bob").get("/archive/").content.decode()


def test_nodes_and_volumes_say_how_they_are(signed_in: SignedIn) -> None:
    page = signed_in("ada").get("/archive/nodes/").content.decode()
    for words in ("north:7777", "Not running", "BULK-M-000001", "Completed", "last at south:7777"):
        assert words in page
    queue = signed_in("ada").get("/archive/nodes/subscriptions/").content.decode()
    assert "connection refused" in queue
    checks = signed_in("ada").get("/archive/nodes/checks/").content.decode()
    assert "TEST.2001-05-08T15:25:00.123" in checks


def test_without_nodes_it_says_how_to_start_one(signed_in: SignedIn) -> None:
    client = signed_in("ada")
    for model in (Host, Disk, Delivery, Subscriber, StoredFile):
        model.objects.all().delete()
    assert "lagan node --cfg" in client.get("/archive/nodes/").content.decode()
    assert "Nobody is subscribed" in client.get(PAGES[1]).content.decode()
    assert "Nothing was found so far" in client.get(PAGES[2]).content.decode()


def test_a_cursor_that_no_list_made_is_refused(signed_in: SignedIn) -> None:
    for path in PAGES:
        assert signed_in("ada").get(f"{path}?after=zz").status_code == 400

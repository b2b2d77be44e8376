"""Zips by a page's form and by its script, and back by a page's link."""

from __future__ import annotations

import json
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests.hub.packages.bags import bag_zip
from tests.hub.packages.conftest import depot as depot
from tests.looping import run

if TYPE_CHECKING:
    from tests.hub.packages.depot import Depot

HOST = "hub.example.org"
SCRIPT = {"accept": "application/json"}


@dataclass
class Browser:
    """Somebody's session, and what the last request was answered."""

    cookie: str
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def ask(
        self,
        method: str,
        path: str,
        fields: dict[str, Any] | None = None,
        sent: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Browser:
        """Through the front door, as the server hands a request over."""
        from lagan.hub.base.raw import Exchange, answer
        from lagan.hub.web.depositing import route

        sent = sent or encode_multipart(BOUNDARY, fields or {})
        given = {
            "host": HOST, "origin": f"https://{HOST}", "cookie": self.cookie,
            "content-type": MULTIPART_CONTENT, "content-length": str(len(sent)), **(headers or {}),
        }  # fmt: skip
        scope = {
            "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }  # fmt: skip
        pieces: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": sent, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            pieces.append(message)

        handle = route(method, path)
        assert handle is not None
        run(answer(Exchange(scope, receive, send), handle))
        self.status = pieces[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in pieces[0]["headers"]}
        self.body = b"".join(each.get("body", b"") for each in pieces[1:])
        return self


def browser(name: str) -> Browser:
    from lagan.hub.accounts.queries import find_user

    user, client = find_user(username=name), Client()
    assert user is not None
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return Browser(f"sessionid={client.cookies['sessionid'].value}")


def form(depot: Depot, **more: Any) -> dict[str, Any]:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return {
        "group": depot.team, "name": "Scans", "key-1": "Author", "value-1": "Jan Novák",
        "key-2": "", "value-2": "", "content": SimpleUploadedFile("scans.zip", bag_zip()), **more,
    }  # fmt: skip


def none_left(depot: Depot) -> bool:
    from lagan.hub.packages.models import Package

    files = [each for volume in ("main", "copy") for each in (depot.root / volume).rglob("*.zip")]
    return not files and not Package.objects.exists()


def test_a_form_carries_the_zip(depot: Depot) -> None:
    from lagan.hub.packages.models import Package

    owner = browser("owner").ask("POST", "/packages/deposit/", form(depot))
    row = Package.objects.get()
    assert (owner.status, owner.headers["location"]) == (303, f"/packages/{row.pk}/")
    assert (row.name, row.file_name, row.status) == ("Scans", "scans.zip", "1")
    assert row.user_metadata == {"Author": "Jan Novák"}
    depot.work()
    row.refresh_from_db()
    assert row.status == "3"


def test_a_script_announces_it_and_sends_it_by_tus(depot: Depot) -> None:
    from lagan.hub.packages.models import Package

    fields = form(depot, resumable="C:\\big scans.zip")
    del fields["content"]
    owner = browser("owner").ask("POST", "/packages/deposit/", fields, headers=SCRIPT)
    row = Package.objects.get()
    assert owner.status == 201
    assert json.loads(owner.body) == {"id": row.pk, "path": "big scans.zip"}
    assert (row.status, row.stored) == ("0", None)


def test_a_stranger_deposits_nothing_there(depot: Depot) -> None:
    stranger = browser("stranger").ask("POST", "/packages/deposit/", form(depot))
    assert stranger.status == 404
    assert b"There is no such page" in stranger.body
    assert stranger.headers["content-security-policy"]
    told = browser("stranger").ask("POST", "/packages/deposit/", form(depot), headers=SCRIPT)
    assert told.status == 404
    assert json.loads(told.body)["type"] == "/problems/not-found"
    assert none_left(depot)


def test_a_form_of_another_host_deposits_nothing(depot: Depot) -> None:
    owner = browser("owner")
    for origin in ("https://elsewhere.example.org", "null"):
        owner.ask("POST", "/packages/deposit/", form(depot), headers={"origin": origin})
        assert owner.status == 403
    nobody = Browser("").ask("POST", "/packages/deposit/", form(depot))
    assert (nobody.status, nobody.headers["location"]) == (303, "/login/")
    assert none_left(depot)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"value-2": "one"}, "has no key"),
        ({"key-2": "Author", "value-2": "two"}, "stands twice"),
        ({"name": ""}, "A package has a name."),
        ({"group": ""}, "A package is deposited in a group."),
    ],
)
def test_a_form_that_is_wrong_says_why_and_leaves_nothing(
    depot: Depot, wrong: dict[str, str], told: str
) -> None:
    owner = browser("owner").ask("POST", "/packages/deposit/", form(depot, **wrong))
    assert owner.status == 400
    assert told in owner.body.decode()
    assert none_left(depot)


def test_too_many_fields_are_refused(depot: Depot) -> None:
    many = {f"key-{n}": str(n) for n in range(1, 150)}
    owner = browser("owner")
    assert owner.ask("POST", "/packages/deposit/", form(depot, **many)).status == 413
    plain = {"content-type": "application/x-www-form-urlencoded"}
    owner.ask("POST", "/packages/deposit/", sent=urlencode(many).encode(), headers=plain)
    assert owner.status == 413
    assert none_left(depot)


def test_a_new_version_has_the_metadata_of_the_last(depot: Depot) -> None:
    from lagan.hub.packages.models import Package

    first = depot.kept(user_metadata={"Author": "Jan"})
    place = f"/packages/{first.pk}/version/"
    fields = {"name": "Scans 2", "content": form(depot)["content"]}
    assert browser("stranger").ask("POST", place, fields).status == 404
    fields["content"].seek(0)
    mate = browser("mate").ask("POST", place, fields)
    made = Package.objects.get(version=2)
    assert (mate.status, mate.headers["location"]) == (303, f"/packages/{made.pk}/")
    assert made.user_metadata == {"Author": "Jan"}
    fields["content"].seek(0)
    again = browser("mate").ask("POST", place, fields)
    assert again.status == 409
    assert b"has a newer version" in again.body
    assert Package.objects.count() == 2


def test_a_download_is_prepared_then_given(depot: Depot) -> None:
    data = bag_zip()
    row = depot.kept(data)
    place = f"/packages/{row.pk}/download/"
    assert browser("stranger").ask("GET", place).status == 404
    mate = browser("mate").ask("GET", place)
    assert (mate.status, mate.headers["location"]) == (303, f"/packages/{row.pk}/")
    depot.work()
    mate.ask("GET", place)
    assert (mate.status, mate.body) == (200, data)
    assert "attachment" in mate.headers["content-disposition"]
    assert depot.said(row.pk)[-1] == ("fetched", "done")


def test_other_addresses_are_djangos() -> None:
    from lagan.hub.web.depositing import route

    for method, path in (
        ("GET", "/packages/"), ("GET", "/packages/deposit/"), ("GET", "/packages/1/version/"),
        ("POST", "/packages/1/edit/"), ("POST", "/packages/1/download/"), ("GET", "/packages/1/"),
    ):  # fmt: skip
        assert route(method, path) is None, path

"""Groups over HTTP: the groups that the asker sees, and their users."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lagan.hub.accounts.models import User
from lagan.hub.base.actors import SYSTEM
from lagan.hub.tree import queries as tree
from lagan.hub.tree.services import set_grants
from tests.hub.accounts.cast import Cast, bearer

JSON = "application/json"
GROUPS = "/api/groups/"


def make(api: Client, who: User, **fields: Any) -> Any:
    return api.post(GROUPS, fields, content_type=JSON, headers=bearer(who))


def change(api: Client, who: User, group: int, **fields: Any) -> Any:
    return api.patch(f"{GROUPS}{group}/", fields, content_type=JSON, headers=bearer(who))


def test_a_group_is_made_listed_changed_and_removed(cast: Cast, api: Client) -> None:
    made = make(api, cast.ada, name="Imaging", members=["ben"], colour="red")
    assert made.status_code == 201, made.content
    shown = made.json()
    url = f"http://testserver{GROUPS}{shown['id']}/"
    assert shown == {"url": url, "id": shown["id"], "name": "Imaging", "members": ["ben"]}
    listed = api.get(GROUPS, headers=bearer(cast.ada)).json()
    assert shown in listed["results"]
    assert listed["count"] == len(listed["results"])
    changed = change(api, cast.ada, shown["id"], name="Microscopy", members=["eve"])
    assert changed.json() == {**shown, "name": "Microscopy", "members": ["eve"]}
    assert change(api, cast.ada, shown["id"]).json()["members"] == ["eve"]
    assert [each.name for each in tree.members(shown["id"])] == ["eve"]
    gone = api.delete(url, headers=bearer(cast.ada))
    assert gone.status_code == 204
    assert api.get(url, headers=bearer(cast.ada)).status_code == 404


def test_one_sees_the_groups_that_the_tree_shows(cast: Cast, api: Client) -> None:
    group = make(api, cast.ada, name="Imaging", members=["ben"]).json()["id"]
    url = f"{GROUPS}{group}/"
    assert api.get(url, headers=bearer(cast.eve)).status_code == 404
    assert api.get(GROUPS, headers=bearer(cast.eve)).json()["results"] == []
    set_grants(by=SYSTEM, subject=cast.eve.entity_id, object=group, grant=["GROUP_LIST"])
    assert api.get(url, headers=bearer(cast.eve)).json()["members"] == []
    set_grants(by=SYSTEM, subject=cast.eve.entity_id, object=group, grant=["GROUP_READ"])
    assert api.get(url, headers=bearer(cast.eve)).json()["members"] == ["ben"]
    assert change(api, cast.eve, group, name="x").status_code == 403
    assert change(api, cast.ben, group, name="x").status_code == 404
    assert make(api, cast.eve, name="Mine").status_code in (403, 404)


def test_who_is_not_there_cannot_be_a_member_and_nothing_is_made(cast: Cast, api: Client) -> None:
    before = api.get(GROUPS, headers=bearer(cast.ada)).json()["count"]
    refused = make(api, cast.ada, name="Imaging", members=["ben", "nobody"])
    assert (refused.status_code, list(refused.json()["members"])) == (
        400,
        ["There is no user nobody."],
    )
    assert api.get(GROUPS, headers=bearer(cast.ada)).json()["count"] == before
    assert make(api, cast.ada).json()["name"] == ["Field required"]


def test_a_list_asks_as_often_for_ten_groups_as_for_one(cast: Cast, api: Client) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            api.get(GROUPS, headers=bearer(cast.ada))
        return len(seen)

    make(api, cast.ada, name="0", members=["ben"])
    few = asked()
    for number in range(1, 10):
        make(api, cast.ada, name=str(number), members=["ben", "eve"])
    assert asked() == few

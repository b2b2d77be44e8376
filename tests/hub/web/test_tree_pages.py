"""The tree's pages and its API: who may what, what looks absent, refusals that stand in the form,
and rooms that make and remove what is theirs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from lagan.hub.accounts.queries import find_user
from lagan.hub.base.actors import SYSTEM
from lagan.hub.tree import queries
from lagan.hub.tree import services as tree
from lagan.hub.tree.permissions import ALL
from lagan.hub.tree.queries import Field
from tests.browser.population import Population

Clients = Callable[[str], Client]


@dataclass(frozen=True)
class Place:
    """A group that alice looks after, what is in it, and one that bob may only read."""

    group: int
    inner: int
    computer: int
    alice: int
    bob: int


@pytest.fixture
def place(people: Population) -> Place:
    alice, bob = (find_user(username=name) for name in ("alice", "bob"))
    assert alice is not None
    assert bob is not None
    group = _made("GROUP", "IFY", tree.ground().root.id)
    inner, computer = _made("GROUP", "Nano", group), _made("COMPUTER", "TEM", group)
    tree.set_grants(by=SYSTEM, subject=alice.entity_id, object=group, grant=ALL)
    tree.set_grants(by=SYSTEM, subject=bob.entity_id, object=group, grant=["GROUP_READ"])
    return Place(group, inner, computer, alice.entity_id, bob.entity_id)


def _made(type: str, name: str, parent: int) -> int:
    return tree.create_entity(by=SYSTEM, type=type, name=name, parent=parent).id


@dataclass(frozen=True)
class Api:
    """The API as somebody's token sees it."""

    client: Client
    headers: dict[str, str]

    def __call__(self, method: str, path: str, given: Any = None) -> tuple[int, Any]:
        answer = self.client.generic(
            method, f"/api/entities/{path}", json.dumps(given) if given is not None else "",
            content_type="application/json", headers=self.headers,
        )  # fmt: skip
        return answer.status_code, json.loads(answer.content) if answer.content else None


@pytest.fixture
def api(place: Place) -> Callable[[str], Api]:
    from lagan.hub.accounts.services import issue_tokens

    def of(username: str) -> Api:
        user = find_user(username=username)
        assert user is not None
        return Api(Client(), {"Authorization": f"Bearer {issue_tokens(user)['access']}"})

    return of


def test_the_owner_makes_renames_moves_and_removes(place: Place, signed_in: Clients) -> None:
    alice = signed_in("alice")
    create = f"/entities/{place.group}/create/?type=GROUP"
    assert "Create group" in alice.get(create).content.decode()
    answer = alice.post(create, {"name": "Labs", "from": "tree"})
    labs = queries.find(type="GROUP", name="Labs", parent=place.group)
    assert answer["Location"] == f"/tree/?at={labs}"
    alice.post(f"/entities/{labs}/rename/", {"name": "Laboratories"})
    alice.post(f"/entities/{place.computer}/move/", {"to": "/IFY/Laboratories"})
    assert queries.full_path([place.computer])[place.computer] == "/root/IFY/Laboratories/TEM"
    full = alice.post(f"/entities/{labs}/remove/")
    assert full.status_code == 409
    assert "it holds 1 COMPUTER" in full.content.decode()
    alice.post(f"/entities/{place.computer}/remove/")
    gone = alice.post(f"/entities/{labs}/remove/")
    assert gone["Location"] == f"/entities/{place.group}/"
    assert queries.find(type="GROUP", name="Laboratories") is None


@pytest.mark.parametrize(
    ("form", "given"),
    [
        ("create/?type=GROUP", {"name": "x"}),
        ("rename/", {"name": "x"}),
        ("move/", {"to": "1"}),
        ("remove/", {}),
    ],
)
def test_a_reader_is_told_and_a_stranger_finds_nothing(
    place: Place, signed_in: Clients, form: str, given: dict[str, str]
) -> None:
    bob = signed_in("bob")
    assert bob.post(f"/entities/{place.inner}/{form}", given).status_code in (403, 404)
    assert bob.get(f"/entities/{place.inner}/").status_code == 200
    assert bob.post(f"/entities/{place.computer}/{form}", given).status_code == 404
    assert bob.get(f"/entities/{place.computer}/").status_code == 404
    assert bob.get(f"/entities/{place.computer}/panel/").status_code == 404
    assert queries.rows([place.inner])[place.inner].name == "Nano"


def test_refusals_keep_what_was_written(place: Place, signed_in: Clients) -> None:
    alice = signed_in("alice")
    for path, given in (
        (f"/entities/{place.group}/create/?type=GROUP", {"name": "a/b"}),
        (f"/entities/{place.inner}/rename/", {"name": "a/b"}),
    ):
        answer = alice.post(path, given)
        assert answer.status_code == 400
        assert 'value="a/b"' in answer.content.decode()
        assert "no slash" in answer.content.decode()
    taken = alice.post(f"/entities/{place.group}/create/?type=GROUP", {"name": "Nano"})
    assert taken.status_code == 409
    lost = alice.post(f"/entities/{place.inner}/move/", {"to": "/no/where"})
    assert "There is nothing at /no/where" in lost.content.decode()


def test_a_new_entity_is_asked_what_the_template_asks(place: Place, signed_in: Clients) -> None:
    template = tree.create_template(by=SYSTEM, name="Rooms", parent=place.group)
    room = Field(".Room", regex="[A-Z][0-9]+", mandatory=True, comment="Where?")
    tree.set_field(by=SYSTEM, template=template.id, field=room)
    tree.assign_template(by=SYSTEM, group=place.group, type="COMPUTER", template=template.id)
    alice = signed_in("alice")
    path = f"/entities/{place.group}/create/?type=COMPUTER"
    assert ".Room" in alice.get(path).content.decode()
    refused = alice.post(path, {"name": "SEM", "md:.Room": ["", "cellar"]})
    assert refused.status_code == 400
    assert 'value="cellar"' in refused.content.decode()
    assert queries.find(type="COMPUTER", name="SEM") is None
    alice.post(path, {"name": "SEM", "md:.Room": ["", "B4"]})
    made = queries.find(type="COMPUTER", name="SEM", parent=place.group)
    assert made is not None
    assert queries.metadata(made)[".Room"] == ["B4"]


def test_users_and_datasets_are_made_and_removed_by_their_rooms(
    place: Place, signed_in: Clients
) -> None:
    alice = signed_in("alice")
    alice.post(f"/entities/{place.group}/create/?type=USER", {"name": "eve@example.org"})
    eve = find_user(username="eve@example.org")
    assert eve is not None
    assert eve.email == "eve@example.org"
    assert queries.rows([eve.entity_id])[eve.entity_id].parent == place.group
    alice.post(f"/entities/{eve.entity_id}/remove/")
    assert find_user(username="eve@example.org") is None
    assert queries.rows([eve.entity_id])[eve.entity_id].name == f"removed-{eve.entity_id}"
    guided = alice.get(f"/entities/{place.group}/create/?type=DATASET")
    assert guided["Location"] == f"/datasets/new/?group={place.group}&step=1"
    assert alice.get(guided["Location"]).status_code == 200
    alice.post(f"/entities/{place.group}/create/?type=DATASET", {"name": "scan"})
    scan = queries.find(type="DATASET", name="scan", parent=place.group)
    assert alice.get(f"/datasets/{scan}/").status_code == 200
    alice.post(f"/entities/{scan}/remove/")
    assert queries.find(type="DATASET", name="scan") == scan
    assert alice.get(f"/datasets/{scan}/").status_code == 404  # its files are no longer given out
    denied = alice.post(f"/entities/{eve.entity_id}/rename/", {"name": "x"})
    assert denied.status_code == 409


def test_the_confirmation_of_a_move_names_what_changes(place: Place, signed_in: Clients) -> None:
    home = _made("GROUP", "Home", place.group)
    role = _made("GROUP", "IFY_guest", place.group)
    tree.set_grants(by=SYSTEM, subject=role, object=place.inner, grant=["COMPUTER_READ"])
    inside = _made("COMPUTER", "SEM", place.inner)
    page = signed_in("alice").get(f"/entities/{inside}/move/?to={home}").content.decode()
    for word in ("/IFY/Nano/SEM", "/IFY/Home", "IFY_guest", "COMPUTER_READ", "loses"):
        assert word in page
    assert queries.rows([inside])[inside].parent == place.inner


@pytest.mark.parametrize(
    "path",
    [
        "/tree/?at=x", "/tree/?find=%00", "/entities/children/?parent=x",
        "/entities/children/?type=CASTLE", "/entities/hits/?type=x&find=a",
        "/entities/children/?parent={group}&after=x", "/entities/{group}/create/?type=NOTICE",
    ],
)  # fmt: skip
def test_odd_addresses_are_refused(place: Place, signed_in: Clients, path: str) -> None:
    assert signed_in("alice").get(path.format(group=place.group)).status_code == 400


def test_an_entity_that_is_not_there_is_said_on_the_tree(place: Place, signed_in: Clients) -> None:
    bob = signed_in("bob")
    for at in (place.computer, 10**17):
        page = bob.get(f"/tree/?at={at}")
        assert page.status_code == 200
        assert "not yours to see" in page.content.decode()


def test_the_api_makes_finds_and_changes(place: Place, api: Callable[[str], Api]) -> None:
    alice = api("alice")
    status, made = alice("POST", "", {"type": "GROUP", "name": "Labs", "parent": "/IFY"})
    assert status == 201, made
    assert (status, made["path"], made["seen"]) == (201, "/root/IFY/Labs", True)
    assert alice("GET", "at/?path=/IFY/Labs")[1]["id"] == made["id"]
    _, listed = alice("GET", f"{place.group}/children/?size=1")
    assert [each["name"] for each in listed["results"]] == ["Labs"]
    _, rest = alice("GET", f"{place.group}/children/?after={listed['next']}")
    assert [each["name"] for each in rest["results"]] == ["Nano", "TEM"]
    _, found = alice("GET", "?find=la*&type=GROUP")
    assert [each["id"] for each in found["results"]] == [made["id"]]
    _, within = alice("GET", "?parent=/IFY&type=COMPUTER&type=TASK")
    assert [each["name"] for each in within["results"]] == ["TEM"]
    status, moved = alice("PATCH", f"{place.computer}/", {"name": "SEM", "parent": "/IFY/Labs"})
    assert (status, moved["path"]) == (200, "/root/IFY/Labs/SEM")
    status, refused = alice("PATCH", f"{place.inner}/", {"name": "new", "parent": place.inner})
    assert status == 400
    assert alice("GET", f"{place.inner}/")[1]["name"] == "Nano"
    status, refused = alice("DELETE", f"{made['id']}/")
    assert (status, refused["holds"]) == (409, {"COMPUTER": 1})
    assert alice("GET", f"{place.group}/")[1]["counts"] == {"GROUP": 2}
    _, moving = alice("GET", f"{place.inner}/moving/?parent=/IFY/Labs")
    assert moving["enters"] == ["Labs"]
    assert alice("DELETE", f"{place.inner}/")[0] == 204


def test_the_api_hides_what_is_hidden(place: Place, api: Callable[[str], Api]) -> None:
    bob = api("bob")
    assert bob("GET", f"{place.computer}/")[0] == 404
    assert bob("GET", "at/?path=/IFY/TEM")[0] == 404
    assert bob("GET", "?find=TEM")[1]["results"] == []
    assert bob("GET", f"?find={place.computer}")[1]["results"] == []
    assert [each["name"] for each in bob("GET", "?parent=/IFY")[1]["results"]] == ["Nano"]
    assert bob("POST", "", {"type": "GROUP", "name": "x", "parent": place.group})[0] == 403
    assert bob("POST", "", {"type": "CASTLE", "name": "x", "parent": place.group})[0] == 400
    assert bob("DELETE", f"{place.computer}/")[0] == 404

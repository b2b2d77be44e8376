"""Users: made, changed, shut out and made anonymous, as documented and by those who may."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from lagan.hub.accounts import queries, rules, services
from lagan.hub.accounts.models import User
from lagan.hub.base.actors import SYSTEM
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services as tree_services
from lagan.kit.errors import BadInput, Conflict, NotFound
from tests.hub.accounts.cast import PASSWORD, Cast, actor, bearer

JSON = "application/json"
FIELDS = {"url", "id", "username", "email", "first_name", "last_name"} | {
    "is_active",
    "date_joined",
    "last_login",
}
NEW = {
    "username": "grace",
    "password": "nine loud herons",
    "email": "grace@example.org",
    "first_name": "Grace Brewster",
    "last_name": "Murray Hopper",
}


def post(api: Client, who: User, body: dict[str, Any], path: str = "/api/users/") -> Any:
    return api.post(path, body, content_type=JSON, headers=bearer(who))


def test_an_administrator_makes_a_user_as_documented(cast: Cast, api: Client) -> None:
    made = post(api, cast.ada, NEW)
    assert made.status_code == 201
    assert set(made.json()) == FIELDS
    assert "herons" not in made.content.decode()
    found = queries.find_user(username="grace")
    assert found is not None
    assert found.full_name == "Grace Brewster Murray Hopper"
    assert (made.json()["first_name"], made.json()["last_name"]) == (
        "Grace Brewster",
        "Murray Hopper",
    )
    assert tree.full_path([found.entity_id])[found.entity_id] == "/root/Users/grace"
    body = {"username": "grace", "password": NEW["password"]}
    assert api.post("/api/auth/token/", body, content_type=JSON).status_code == 201


def test_users_are_seen_by_administrators_and_by_themselves(cast: Cast, api: Client) -> None:
    everyone = api.get("/api/users/", headers=bearer(cast.ada)).json()
    assert [each["username"] for each in everyone["results"]] == ["ada", "ben", "eve"]
    own = api.get("/api/users/", headers=bearer(cast.ben)).json()
    assert [each["username"] for each in own["results"]] == ["ben"]
    assert api.get("/api/users/ben/", headers=bearer(cast.ben)).status_code == 200
    assert api.get("/api/users/ada/", headers=bearer(cast.ben)).status_code == 404
    assert api.get("/api/users/").status_code == 401


@pytest.mark.parametrize("act", ["patch", "delete", "activate", "deactivate"])
def test_others_look_absent_to_a_stranger(cast: Cast, api: Client, act: str) -> None:
    headers = bearer(cast.eve)
    for name in ("ben", "nobody"):
        match act:
            case "patch":
                body = {"email": "x@y.org"}
                path = f"/api/users/{name}/"
                answer = api.patch(path, body, content_type=JSON, headers=headers)
            case "delete":
                answer = api.delete(f"/api/users/{name}/", headers=headers)
            case _:
                answer = api.post(f"/api/users/{name}/{act}/", headers=headers)
        assert answer.status_code == 404
        assert answer.json()["detail"] == f"There is no user {name}."
    cast.ben.refresh_from_db()
    assert cast.ben.is_active


def test_one_changes_oneself_but_makes_nobody(cast: Cast, api: Client) -> None:
    body = {"first_name": "Benedict", "password": "nine loud herons"}
    changed = api.patch("/api/users/ben/", body, content_type=JSON, headers=bearer(cast.ben))
    assert changed.status_code == 200
    cast.ben.refresh_from_db()
    assert (cast.ben.full_name, cast.ben.last_name) == ("Benedict Test", "Test")
    assert cast.ben.check_password("nine loud herons")
    assert post(api, cast.ben, NEW).status_code == 404


def test_deactivating_and_activating(cast: Cast, api: Client) -> None:
    off = post(api, cast.ada, {}, "/api/users/ben/deactivate/")
    assert (off.status_code, off.json()["is_active"]) == (201, False)
    body = {"username": "ben", "password": PASSWORD}
    assert api.post("/api/auth/token/", body, content_type=JSON).status_code == 401
    assert post(api, cast.ada, {}, "/api/users/ben/activate/").status_code == 201
    assert api.post("/api/auth/token/", body, content_type=JSON).status_code == 201
    assert post(api, cast.ada, {}, "/api/users/ada/deactivate/").status_code == 409


def test_removing_makes_anonymous_and_keeps_the_entity(cast: Cast, api: Client) -> None:
    gone = api.delete("/api/users/ben/", headers=bearer(cast.ada))
    assert gone.status_code == 204
    found = User.objects.get(id=cast.ben.id)
    assert (found.username, found.email, found.full_name) == (
        f"removed-{found.entity_id}",
        "",
        "",
    )
    assert not found.is_active
    assert found.entity.name == found.username
    assert api.delete("/api/users/ada/", headers=bearer(cast.ada)).status_code == 409


@pytest.mark.parametrize(
    ("changes", "status", "named"),
    [
        ({"username": "BEN"}, 409, "user"),
        ({"email": "Ben@Example.org"}, 409, "address"),
        ({"username": "a b"}, 400, "username"),
        ({"username": ""}, 400, "username"),
        ({"username": "x" * 151}, 400, "username"),
        ({"username": "a/b"}, 400, "username"),
        ({"email": "nonsense"}, 400, "email"),
        ({"password": "short"}, 400, "short"),
        ({"password": "password"}, 400, "common"),
        ({"first_name": "a\x00"}, 400, "full_name"),
        ({"username": None}, 400, "username"),
    ],
)
def test_odd_users_are_refused_and_leave_nothing(
    cast: Cast, api: Client, changes: dict[str, Any], status: int, named: str
) -> None:
    answer = post(api, cast.ada, {**NEW, **changes})
    assert answer.status_code == status
    assert named in answer.json()["detail"]
    assert NEW["password"] not in answer.content.decode()
    assert User.objects.count() == 3
    assert tree.find(type="USER", name="grace") is None


def test_a_link_sets_the_password_once(cast: Cast) -> None:
    path = services.make_password_link(cast.ben, by=SYSTEM)
    token = path.removeprefix("/set-password/").removesuffix("/")
    assert services.read_password_link(token) == cast.ben
    with pytest.raises(BadInput):
        services.use_password_link(token=token, password="short")
    services.use_password_link(token=token, password="nine loud herons")
    for again in (token, token[:-1], "", "x:y:z", "\x00"):
        with pytest.raises(NotFound, match="does not work any more"):
            services.use_password_link(token=again, password="ten loud herons")
    cast.ben.refresh_from_db()
    assert cast.ben.check_password("nine loud herons")


def test_a_link_expires(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    token = services.make_password_link(cast.ben, by=SYSTEM).split("/")[2]
    monkeypatch.setattr(rules, "LINK_LIFETIME", -1)
    with pytest.raises(NotFound):
        services.read_password_link(token)


def test_a_user_without_a_password_cannot_sign_in_until_a_link_sets_one(db: None) -> None:
    services.bootstrap()
    made = services.create_user(by=SYSTEM, username="new")
    assert not made.has_usable_password()
    token = services.make_password_link(made, by=SYSTEM).split("/")[2]
    assert services.use_password_link(token=token, password=PASSWORD).check_password(PASSWORD)


def test_making_administrators_needs_that_right_too(cast: Cast) -> None:
    ground = tree_services.ground()
    tree_services.set_grants(
        by=SYSTEM, subject=cast.ben.entity_id, object=ground.users.id, grant={"USER_CREATE"}
    )
    services.create_user(by=actor(cast.ben), username="plain")
    with pytest.raises(NotFound):
        services.create_user(by=actor(cast.ben), username="boss", admin=True)
    assert queries.find_user(username="boss") is None


def test_an_entity_of_that_name_is_a_conflict(cast: Cast) -> None:
    users = tree_services.ground().users.id
    tree_services.create_entity(by=SYSTEM, type="USER", name="taken", parent=users)
    with pytest.raises(Conflict):
        services.create_user(by=SYSTEM, username="taken")
    assert queries.find_user(username="taken") is None


@pytest.mark.parametrize(
    ("full", "parts"),
    [
        ("Ada Lovelace", ("Ada", "Lovelace")),
        ("Ada King Lovelace", ("Ada King", "Lovelace")),
        ("Ada", ("Ada", "")),
        ("", ("", "")),
    ],
)
def test_names_are_split_at_the_last_word(full: str, parts: tuple[str, str]) -> None:
    assert rules.split_name(full) == parts

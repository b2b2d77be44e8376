"""Client keys: shown once, good until revoked, and of no use for managing users or keys."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from lagan.hub.accounts import queries, services
from lagan.hub.accounts.models import ClientKey
from lagan.hub.base.actors import SYSTEM
from lagan.kit.errors import Forbidden, NotFound, NotSignedIn
from tests.hub.accounts.cast import Cast, actor, bearer, key

JSON = "application/json"
KEYS = "/api/auth/clientkeys/"


def create(api: Client, headers: dict[str, str], name: str = "my_key") -> Any:
    return api.post(KEYS, {"name": name}, content_type=JSON, headers=headers)


def test_a_key_is_made_listed_renamed_and_revoked_as_documented(cast: Cast, api: Client) -> None:
    headers = bearer(cast.ben)
    made = create(api, headers)
    assert made.status_code == 201
    assert set(made.json()) == {"url", "id", "name", "api_key"}
    number = made.json()["id"]
    url = f"http://testserver{KEYS}{number}/"
    shown = {"url": url, "id": number, "name": "my_key"}
    assert api.get(KEYS, headers=headers).json() == {
        "count": 1,
        "next": None,
        "previous": None,
        "results": [shown],
    }
    assert api.get(url, headers=headers).json() == shown
    renamed = api.patch(url, {"name": "other"}, content_type=JSON, headers=headers)
    assert (renamed.status_code, renamed.json()) == (200, {**shown, "name": "other"})
    gone = api.delete(url, headers=headers)
    assert (gone.status_code, gone.content) == (204, b"")
    assert api.get(url, headers=headers).status_code == 404


def test_a_key_signs_in_until_it_is_revoked(cast: Cast, api: Client) -> None:
    made = create(api, bearer(cast.ben)).json()
    headers = {"Authorization": f"Api-Key {made['api_key']}"}
    assert api.get("/api/auth/me/", headers=headers).json()["username"] == "ben"
    services.revoke_client_key(by=actor(cast.ben), key=made["id"])
    refused = api.get("/api/auth/me/", headers=headers)
    assert refused.status_code == 401
    assert refused.json()["type"] == "/problems/not-signed-in"


def test_the_key_itself_is_stored_nowhere(cast: Cast) -> None:
    found, text = services.create_client_key(by=actor(cast.ben), name="k")
    row = ClientKey.objects.values().get(id=found.id)
    assert text not in repr(row)
    assert text.split("_", 2)[2] not in repr(row)


def test_a_wrong_key_with_a_known_prefix_is_refused(cast: Cast) -> None:
    _, text = services.create_client_key(by=actor(cast.ben), name="k")
    with pytest.raises(NotSignedIn):
        queries.authenticate(authorization=f"Api-Key {text[:-1]}{'a' if text[-1] != 'a' else 'b'}")


def test_a_key_reaches_neither_keys_nor_users(cast: Cast, api: Client) -> None:
    headers = key(cast.ada)
    number = ClientKey.objects.get().id
    before = ClientKey.objects.count()
    new = {"username": "new", "password": "nine loud herons"}
    calls = [
        create(api, headers),
        api.patch(f"{KEYS}{number}/", {"name": "x"}, content_type=JSON, headers=headers),
        api.delete(f"{KEYS}{number}/", headers=headers),
        api.post("/api/users/", new, content_type=JSON, headers=headers),
        api.patch("/api/users/ada/", {"email": "x@y.org"}, content_type=JSON, headers=headers),
        api.patch("/api/users/ben/", {"email": "x@y.org"}, content_type=JSON, headers=headers),
        api.delete("/api/users/ben/", headers=headers),
        api.post("/api/users/ben/deactivate/", headers=headers),
        api.post("/api/users/ben/activate/", headers=headers),
        api.get("/api/users/", headers=headers),
        api.get("/api/users/ben/", headers=headers),
        api.get(KEYS, headers=headers),
        api.get(f"{KEYS}{number}/", headers=headers),
    ]
    assert [each.status_code for each in calls] == [403] * len(calls)
    assert ClientKey.objects.count() == before


def test_nobody_touches_the_keys_of_others(cast: Cast) -> None:
    found, _ = services.create_client_key(by=actor(cast.ben), name="k")
    for who in (cast.ada, cast.eve):
        with pytest.raises(NotFound):
            services.revoke_client_key(by=actor(who), key=found.id)
        assert not queries.client_keys(actor(who)).exists()
    with pytest.raises(NotSignedIn):
        services.create_client_key(by=SYSTEM, name="k")
    with pytest.raises(Forbidden):
        services.create_client_key(by=actor(cast.ben, queries.CLIENT_KEY), name="k")


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "a\x00b"])
def test_odd_names_of_keys_are_refused(cast: Cast, api: Client, name: str) -> None:
    assert create(api, bearer(cast.ben), name).status_code == 400


def test_the_last_use_is_kept_without_a_write_for_each(
    cast: Cast, django_assert_num_queries
) -> None:
    header = key(cast.ben)["Authorization"]
    with django_assert_num_queries(2):
        queries.authenticate(authorization=header)
    with django_assert_num_queries(1):
        queries.authenticate(authorization=header)
    assert ClientKey.objects.get().last_used is not None


def test_pages_follow_the_documented_sizes(cast: Cast, api: Client) -> None:
    headers = bearer(cast.ben)
    for number in range(45):
        services.create_client_key(by=actor(cast.ben), name=f"k{number}")

    def page(query: str) -> Any:
        return api.get(f"{KEYS}?{query}", headers=headers)

    first = page("page_size=5").json()
    assert (first["count"], len(first["results"]), first["previous"]) == (45, 20, None)
    second = api.get(first["next"], headers=headers).json()
    third = api.get(second["next"], headers=headers).json()
    assert [each["results"][0]["name"] for each in (second, third)] == ["k20", "k40"]
    assert third["next"] is None
    assert len(page("page_size=0").json()["results"]) == 45
    assert len(page("page_size=1000").json()["results"]) == 45
    for odd in ("page=0", "page=4", "page=x", "page=-1", "page=²"):
        assert page(odd).status_code == 404

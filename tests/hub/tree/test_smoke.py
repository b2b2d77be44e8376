import pytest

from lagan.hub.accounts import services as accounts
from lagan.hub.base.actors import SYSTEM
from lagan.hub.tree import queries


@pytest.mark.django_db
def test_smoke(client):
    ground = accounts.bootstrap()
    accounts.bootstrap()
    user = accounts.create_user(
        by=SYSTEM,
        username="ada",
        email="ada@example.org",
        full_name="Ada Lovelace",
        password="correct horse",
        admin=True,
    )
    from lagan.hub.base.actors import Actor

    actor = Actor(user.entity_id, "ada", "jwt")
    assert queries.may(actor, "DATASET_CREATE", ground.root.id)
    assert queries.full_path([user.entity_id]) == {user.entity_id: "/root/Users/ada"}
    r = client.post(
        "/api/auth/token/",
        {"username": "ada", "password": "correct horse"},
        content_type="application/json",
    )
    assert r.status_code == 201, r.content
    r = client.get("/api/auth/me/", headers={"Authorization": "Bearer " + r.json()["access"]})
    assert r.status_code == 200, r.content
    assert client.get("/api/docs/").status_code == 200
    assert client.get("/api/schema/").status_code == 200
    assert client.get("/api/auth/me/").status_code == 401

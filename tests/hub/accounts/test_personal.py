"""What is kept about a person is told to the person, and forgotten when they leave."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.test import Client

from lagan.hub.accounts import services
from lagan.hub.accounts.models import Factor, Login, RecoveryCode, User, Visit
from lagan.hub.accounts.personal import Part, parts, register_personal
from lagan.hub.audit.models import Event
from lagan.hub.base.actors import SYSTEM
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services as tree_services
from lagan.kit.errors import Conflict, Forbidden, NotFound
from tests.hub.accounts.authenticator import enrolled
from tests.hub.accounts.cast import PASSWORD, Cast, actor, bearer, key

PARTS = {"account", "logins", "factors", "sessions", "keys", "metadata", "memberships", "grants"}


def opened(answer: Any) -> dict[str, Any]:
    """The parts of a zip by name, and `index`."""
    assert answer.status_code == 200
    content = b"".join(answer.streaming_content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        read = {name: archive.read(name).decode() for name in names}
    found = {
        name.removesuffix(".json"): json.loads(text)
        for name, text in read.items()
        if name.endswith(".json")
    }
    return {**found, "index": read["index.html"]}


@pytest.fixture
def full(cast: Cast) -> list[str]:
    """Ben, of whom everything is kept that can be; the secrets among it."""
    client = Client(headers={"User-Agent": "Ben's own browser"})
    client.post("/login/", {"username": "ben", "password": PASSWORD})
    root = tree_services.ground().root.id
    group = tree_services.create_entity(by=SYSTEM, type="GROUP", name="Ben's lab", parent=root)
    tree_services.add_member(by=SYSTEM, member=cast.ben.entity_id, group=group.id)
    tree_services.set_grants(
        by=SYSTEM, subject=cast.ben.entity_id, object=group.id, grant={"GROUP_READ"}
    )
    values = {".phone": ["+47 1234"]}
    tree_services.set_metadata(by=SYSTEM, entity=cast.ben.entity_id, values=values)
    Login.objects.create(
        user=cast.ben, provider="campus", issuer="https://campus", subject="b1", shown="ben@campus"
    )
    app, codes = enrolled(cast.ben)
    _, text = services.create_client_key(by=actor(cast.ben), name="microscope")
    cast.ben.refresh_from_db()
    return [app.secret, *codes, text, cast.ben.password, client.session.session_key or ""]


def test_everything_is_in_the_zip_and_no_secret(cast: Cast, full: list[str], api: Client) -> None:
    told = opened(api.get("/api/users/ben/personal-data/", headers=bearer(cast.ben)))
    assert set(told) >= PARTS | {"events", "index"}
    assert told["account"][0]["email"] == "ben@example.org"
    assert told["logins"][0]["shown"] == "ben@campus"
    assert told["sessions"][0]["program"] == "Ben's own browser"
    assert told["keys"][0]["name"] == "microscope"
    assert told["metadata"] == [{"key": ".phone", "position": 0, "text": "+47 1234"}]
    assert told["memberships"][0]["group__name"] == "Ben's lab"
    assert told["grants"][0]["permission"] == "GROUP_READ"
    assert {"user.created", "login.done"} <= {each["kind"] for each in told["events"]}
    assert "Ben&#x27;s own browser" in told["index"]
    everything = json.dumps(told)
    for secret in full:
        assert secret not in everything


def test_it_is_for_the_person_and_for_who_may_delete_it(cast: Cast, api: Client) -> None:
    address = "/api/users/ben/personal-data/"
    assert opened(api.get(address, headers=bearer(cast.ada)))["account"]
    assert api.get(address, headers=bearer(cast.eve)).status_code == 404
    assert api.get(address).status_code == 401
    assert api.get(address, headers=key(cast.ben)).status_code == 403
    taken = Event.objects.filter(kind="personal-data.read")
    assert [(each.actor, each.subject) for each in taken] == [("ada", cast.ben.entity_id)]


def test_the_page_gives_it(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.ben, "django.contrib.auth.backends.ModelBackend")
    assert "Client keys" in client.get("/profile/data/").content.decode()
    answer = client.post("/profile/data/download/")
    assert answer["Content-Disposition"].startswith("attachment")
    assert opened(answer)["account"][0]["username"] == "ben"


def test_who_leaves_leaves_nothing_that_says_who_it_was(cast: Cast, full: list[str]) -> None:
    entity = cast.ben.entity_id
    services.anonymise(by=actor(cast.ada), username="ben")
    left = User.objects.get(entity=entity)
    assert (left.username, left.email, left.full_name) == (f"removed-{entity}", "", "")
    assert not left.is_active
    for model in (Login, Factor, RecoveryCode, Visit):
        assert not model.objects.exists()
    assert not left.client_keys.exists()
    assert tree.metadata(entity) == {}
    assert "Ben's lab" not in {row.name for row in tree.rows(tree.roles(entity)).values()}
    for part in parts():
        if part.forget is not None and part.name != "account":
            assert list(part.collect(entity)) == [], part.name
    kept = json.dumps(list(User.objects.filter(entity=entity).values()), default=str)
    assert "ben" not in kept.lower()


def test_a_rooms_part_is_told_and_forgotten(cast: Cast, monkeypatch: Any, api: Client) -> None:
    from lagan.hub.accounts import personal

    monkeypatch.setattr(personal, "_parts", dict(personal._parts))
    saved = {cast.ben.entity_id: ["fluorescence > 3"]}
    part = Part(
        "saved-searches",
        "Saved searches",
        lambda entity: [{"text": text} for text in saved.get(entity, [])],
        lambda entity: saved.clear(),
    )
    register_personal(part)
    register_personal(part)
    with pytest.raises(ValueError, match="two parts"):
        register_personal(Part("saved-searches", "Others", lambda entity: []))
    answer = api.get("/api/users/ben/personal-data/", headers=bearer(cast.ben))
    assert opened(answer)["saved-searches"] == [{"text": "fluorescence > 3"}]
    services.anonymise(by=actor(cast.ada), username="ben")
    assert saved == {}


def test_anonymising_needs_the_permission_and_is_never_of_oneself(cast: Cast) -> None:
    with pytest.raises(NotFound):
        services.anonymise(by=actor(cast.eve), username="ben")
    with pytest.raises(Conflict):
        services.anonymise(by=actor(cast.ada), username="ada")
    with pytest.raises(Forbidden):
        services.anonymise(by=actor(cast.ada, "client-key"), username="ben")


def test_the_page_asks_for_the_user_name(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.ada, "django.contrib.auth.backends.ModelBackend")
    page = client.get("/people/ben/anonymise/").content.decode()
    assert "What was done by and to the person" in page
    assert (page.count("</svg>gone"), page.count("</svg>stays")) == (13, 3)
    assert client.post("/people/ben/anonymise/", {"confirm": "eve"}).status_code == 400
    assert client.post("/people/ben/anonymise/", {"confirm": "ben"}).status_code == 302
    assert not User.objects.filter(username="ben").exists()
    stranger = Client()
    stranger.force_login(cast.eve, "django.contrib.auth.backends.ModelBackend")
    assert stranger.get("/people/ada/anonymise/").status_code == 404
    assert stranger.post("/people/eve/anonymise/", {"confirm": "eve"}).status_code == 404


def test_the_statement_is_open_to_all_and_names_who_answers(db: None, configured: Any) -> None:
    assert Client().get("/privacy/").status_code == 200
    configured(institution={"name": "NTNU", "officer": "dpo@ntnu.example"})
    page = Client().get("/privacy/").content.decode()
    assert "NTNU runs this archive" in page
    assert "dpo@ntnu.example" in page

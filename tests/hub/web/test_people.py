"""Pages about people: what a visitor may do there, and what looks absent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from lagan.hub.accounts import queries, services
from lagan.hub.accounts.models import User
from lagan.hub.base.actors import SYSTEM, Actor
from tests.browser.population import Population

Clients = Callable[[str], Client]


@pytest.fixture
def boss(signed_in: Clients) -> Client:
    """An administrator's browser."""
    services.create_user(by=SYSTEM, username="boss", email="boss@example.org", admin=True)
    return signed_in("boss")


def page(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def test_administrators_see_everybody_and_others_themselves(
    boss: Client, signed_in: Clients
) -> None:
    everyone = page(boss, "/people/")
    assert "alice" in everyone
    assert "New user" in everyone
    own = page(signed_in("alice"), "/people/")
    assert "bob@example.org" not in own
    assert "New user" not in own


def test_people_are_found_and_turned_by_key(boss: Client, monkeypatch: Any) -> None:
    assert "alice" in page(boss, "/people/?text=novák")
    assert "Nobody fits" in page(boss, "/people/?text=zzz")
    from lagan.hub.web.views import people

    monkeypatch.setattr(people, "SIZE", 2)
    first = boss.get("/people/")
    second = boss.get(first.context["next_page"])
    names = [
        each.username for each in (*first.context["page"].items, *second.context["page"].items)
    ]
    assert names == sorted(names)
    assert len(set(names)) == 4


def test_an_administrator_makes_a_user_and_gets_a_link_where_no_mail_leaves(boss: Client) -> None:
    made = boss.post(
        "/new-person/", {"username": "erin", "email": "erin@example.org", "full_name": "Erin Ng"}
    )
    assert "/set-password/" in made.content.decode()
    found = queries.find_user(username="erin")
    assert found is not None
    assert (found.full_name, found.email_confirmed) == ("Erin Ng", True)
    again = boss.post("/new-person/", {"username": "erin", "email": "", "full_name": ""})
    assert again.status_code == 409
    assert "already" in again.content.decode()


@pytest.mark.parametrize(
    ("verb", "holds"),
    [
        ("deactivate", lambda user: not user.is_active),
        ("activate", lambda user: user.is_active),
        ("unlock", lambda user: user.is_active),
        ("reset-factor", lambda user: not user.factors.exists()),
    ],
)
def test_the_acts_are_for_those_who_govern(
    boss: Client, signed_in: Clients, verb: str, holds: Callable[[User], bool]
) -> None:
    address = f"/people/bob/act/{verb}/"
    assert signed_in("alice").post(address).status_code == 404
    assert boss.post(address).status_code == 302
    assert holds(User.objects.get(username="bob"))
    assert boss.post("/people/bob/act/explode/").status_code == 404


def test_others_are_absent_to_a_stranger(boss: Client, signed_in: Clients) -> None:
    alice = signed_in("alice")
    for path in ("/people/bob/", "/people/nobody/", "/new-person/", "/people/bob/anonymise/"):
        page(alice, path, 404)
    for path in ("/people/bob/change/", "/people/bob/link/", "/people/bob/data/"):
        assert alice.post(path).status_code == 404, path
    assert alice.get("/providers/").status_code == 403
    assert alice.post("/providers/campus/remove/").status_code == 403
    body = {"name": "x", "label": "x", "issuer": "https://x.example", "client_id": "x"}
    assert alice.post("/new-provider/", body).status_code == 403


def test_one_changes_ones_own_account(signed_in: Clients) -> None:
    alice = signed_in("alice")
    changes = {"email": "new@example.org", "first_name": "Alice", "last_name": "Nová"}
    assert alice.post("/people/alice/change/", changes).status_code == 302
    found = User.objects.get(username="alice")
    assert (found.full_name, found.email_confirmed) == ("Alice Nová", False)
    taken = alice.post("/people/alice/change/", {**changes, "email": "bob@example.org"})
    assert taken.status_code == 409
    assert "Another user has this address" in taken.content.decode()


def test_a_provider_is_set_up_only_when_it_answers(boss: Client, oidc: Any) -> None:
    given = {
        "name": "school",
        "label": "Campus",
        "protocol": "oidc",
        "issuer": "http://127.0.0.1:9",
        "client_id": "x",
        "secret": "very secret",
        "makes_accounts": "on",
        "enabled": "on",
    }
    refused = boss.post("/new-provider/", given)
    assert refused.status_code == 503
    assert "cannot be reached" in refused.content.decode()
    given["issuer"] = oidc.address["issuer"]
    assert boss.post("/new-provider/", given).status_code == 302
    assert boss.post("/new-provider/", given).status_code == 409
    shown = page(boss, "/providers/school/")
    assert "very secret" not in shown
    assert (
        boss.post("/providers/school/", {**given, "label": "School", "secret": ""}).status_code
        == 302
    )
    provider, secret = queries.provider("school")
    assert (provider.label, secret) == ("School", "very secret")
    assert "Log in with School" in page(Client(), "/login/")
    del given["enabled"]
    boss.post("/providers/school/", given)
    assert "Log in with School" not in page(Client(), "/login/")
    assert boss.post("/providers/school/remove/").status_code == 302
    assert "Log in with School" not in page(Client(), "/login/")


def test_providers_of_the_settings_file_are_offered_and_left_alone(
    boss: Client, settings: Any, tmp_path: Any
) -> None:
    from dataclasses import replace

    (tmp_path / "secret").write_text("of the file\n")
    (tmp_path / "logins.toml").write_text(
        '[feide]\nlabel = "Feide"\nissuer = "https://auth.dataporten.no"\nclient_id = "abc"\n'
        'secret_file = "secret"\ntrusts_email = true\n'
        'places = ["email_domain = ntnu.no => /root/Users"]\n'
    )
    settings.CONFIG = replace(settings.CONFIG, logins_file=tmp_path / "logins.toml")
    assert "Log in with Feide" in page(Client(), "/login/")
    provider, secret = queries.provider("feide")
    assert (provider.trusts_email, secret) == (True, "of the file")
    given = {"name": "feide", "label": "x", "issuer": "https://x.example", "client_id": "x"}
    refused = boss.post("/new-provider/", given)
    assert refused.status_code == 409
    assert "in the settings" in page(boss, "/providers/")


def test_the_second_step_is_nobodys_without_the_first(people: Population) -> None:
    for path in ("/login/second/", "/login/enrol/", "/login/change/"):
        for answer in (Client().get(path), Client().post(path, {"code": "123456"})):
            assert answer["Location"] == "/login/"


def test_enrolling_on_the_way_in(boss: Client, settings: Any, people: Population) -> None:
    from dataclasses import replace

    import pyotp

    services.set_password(by=SYSTEM, username="boss", password="nine loud herons")
    settings.CONFIG = replace(settings.CONFIG, second_factor="ADMINISTRATORS")
    client = Client()
    credentials = {"username": "boss", "password": "nine loud herons", "next": "/people/"}
    assert client.post("/login/", credentials)["Location"] == "/login/enrol/"
    assert client.get("/people/").status_code == 302
    shown = client.get("/login/enrol/")
    assert "<svg" in shown.content.decode()
    secret = shown.context["seed"].secret
    wrong = client.post("/login/enrol/", {"code": "000000"})
    assert wrong.status_code == 400
    codes = client.post("/login/enrol/", {"code": pyotp.TOTP(secret).now()})
    assert len(codes.context["codes"]) == 10
    assert client.get("/people/").status_code == 302
    assert client.get("/login/second/")["Location"] == "/people/"
    assert client.get("/people/").status_code == 200
    fresh = Client()
    assert fresh.post("/login/", credentials)["Location"] == "/login/second/"
    assert fresh.get("/people/").status_code == 302
    assert fresh.post("/login/second/", {"code": "000000"}).status_code == 401
    used = fresh.post("/login/second/", {"code": codes.context["codes"][0]})
    assert used["Location"] == "/people/"


def test_half_a_log_in_lasts_ten_minutes_and_no_new_password(
    people: Population, monkeypatch: Any
) -> None:
    import pyotp

    alice = User.objects.get(username="alice")
    by = Actor(alice.entity_id, "alice", "session")
    seed = services.begin_totp(by=by)
    codes = services.confirm_totp(by=by, code=pyotp.TOTP(seed.secret).now())
    from tests.browser.population import PASSWORD

    credentials = {"username": "alice", "password": PASSWORD}
    client = Client()
    client.post("/login/", credentials)
    services.set_password(by=SYSTEM, username="alice", password="nine loud herons")
    answer = client.post("/login/second/", {"code": codes[0]})
    assert answer["Location"] == "/login/"
    from lagan.hub.web import arriving

    late = Client()
    late.post("/login/", {**credentials, "password": "nine loud herons"})
    monkeypatch.setattr(arriving, "PATIENCE", -1)
    assert late.post("/login/second/", {"code": codes[1]})["Location"] == "/login/"


def test_forms_from_elsewhere_are_refused(people: Population) -> None:
    client = Client(enforce_csrf_checks=True)
    alice = User.objects.get(username="alice")
    client.force_login(alice, "django.contrib.auth.backends.ModelBackend")
    for path in (
        "/profile/sessions/end/",
        "/profile/logins/link/campus/",
        "/profile/password/",
        "/people/alice/change/",
        "/forgot-password/",
        "/profile/data/download/",
    ):
        assert client.post(path, {}).status_code == 403, path

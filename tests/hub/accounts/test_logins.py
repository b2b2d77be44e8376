"""Logging in by an identity provider: a real one, in a process of its own."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client

from lagan.hub.accounts import queries, services
from lagan.hub.accounts.models import Login, User
from lagan.hub.audit.models import Event
from lagan.hub.base.actors import SYSTEM
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services as tree_services
from tests.hub.accounts.cast import Cast, actor
from tests.hub.accounts.provider import authorised, come_by, leave, said, set_up
from tests.services.oidc import put_person
from tests.services.process import Running

MAIL = {"email": "ben@example.org", "email_verified": True}


@pytest.fixture
def campus(cast: Cast, oidc: Running) -> Running:
    set_up(oidc)
    return oidc


def who(client: Client) -> str | None:
    """Whom the hub takes this browser for."""
    answer = client.get("/api/auth/me/")
    return answer.json()["username"] if answer.status_code == 200 else None


def test_the_first_log_in_makes_an_account_in_the_tree(campus: Running) -> None:
    claims = {
        "preferred_username": "grace",
        "email": "grace@campus.example",
        "email_verified": True,
        "given_name": "Grace",
        "family_name": "Hopper",
    }
    client = Client()
    answer = come_by(client, campus, "g1", claims, after="/jobs/")
    assert (answer.status_code, answer["Location"]) == (302, "/jobs/")
    assert who(client) == "grace"
    made = User.objects.get(username="grace")
    assert (made.email, made.email_confirmed, made.full_name) == (
        "grace@campus.example",
        True,
        "Grace Hopper",
    )
    assert tree.full_path([made.entity_id])[made.entity_id] == "/root/Users/grace"
    assert not made.has_usable_password()
    kinds = list(Event.objects.filter(subject=made.entity_id).values_list("kind", flat=True))
    assert {"user.created", "login.linked", "login.done"} <= set(kinds)
    again = Client()
    come_by(again, campus, "g1", {**claims, "preferred_username": "other"})
    assert who(again) == "grace"
    assert User.objects.filter(username__in=["grace", "other"]).count() == 1


def test_a_local_user_is_matched_by_a_verified_address(campus: Running, cast: Cast) -> None:
    client = Client()
    come_by(client, campus, "b1", {**MAIL, "email": "BEN@example.org"})
    assert who(client) == "ben"
    assert User.objects.count() == 3
    assert cast.ben.logins.get().shown == "BEN@example.org"


@pytest.mark.parametrize("verified", [False, None, "yes", 1])
def test_an_address_that_nobody_verified_takes_no_account(
    campus: Running, cast: Cast, verified: Any
) -> None:
    client = Client()
    claims = {"email": "ben@example.org", "preferred_username": "mallory"}
    if verified is not None:
        claims["email_verified"] = verified
    come_by(client, campus, f"m{verified}", claims)
    assert who(client) == "mallory"
    made = User.objects.get(username="mallory")
    assert (made.email, made.email_confirmed) == ("", False)
    assert not cast.ben.logins.exists()


def test_a_provider_may_be_trusted_with_addresses(cast: Cast, oidc: Running) -> None:
    set_up(oidc, trusts_email=True)
    client = Client()
    come_by(client, oidc, "b2", {"email": "ben@example.org"})
    assert who(client) == "ben"


def test_an_address_that_a_user_wrote_into_the_account_draws_nobody_in(
    campus: Running, cast: Cast
) -> None:
    services.change_user(by=actor(cast.eve), username="eve", email="victim@campus.example")
    client = Client()
    claims = {"email": "victim@campus.example", "email_verified": True}
    come_by(client, campus, "v1", {**claims, "preferred_username": "victim"})
    assert who(client) == "victim"
    assert not cast.eve.logins.exists()


def test_a_shut_account_stays_shut(campus: Running, cast: Cast) -> None:
    services.set_active(by=SYSTEM, username="ben", active=False)
    client = Client()
    answer = come_by(client, campus, "b3", MAIL)
    assert answer.status_code == 401
    assert "shut" in said(answer)
    assert User.objects.count() == 3


def test_accounts_are_made_only_where_the_provider_may(cast: Cast, oidc: Running) -> None:
    set_up(oidc, makes_accounts=False)
    answer = come_by(Client(), oidc, "n1", {"preferred_username": "nobody"})
    assert answer.status_code == 401
    assert "no account" in said(answer)
    assert User.objects.count() == 3


def test_claims_say_where_an_account_is_made_and_what_it_joins(cast: Cast, oidc: Running) -> None:
    root = tree_services.ground().root.id
    campus = tree_services.create_entity(by=SYSTEM, type="GROUP", name="Campus", parent=root)
    staff = tree_services.create_entity(by=SYSTEM, type="GROUP", name="Staff", parent=campus.id)
    set_up(
        oidc,
        places=[
            "email_domain = campus.example => /root/Campus",
            f"affiliation = emp* +> {staff.id}",
            "affiliation = student +> /root/No such group",
        ],
    )
    claims = {"preferred_username": "kim", "email": "kim@campus.example"}
    come_by(Client(), oidc, "k1", {**claims, "affiliation": ["member", "employee", "student"]})
    kim = User.objects.get(username="kim")
    assert tree.full_path([kim.entity_id])[kim.entity_id] == "/root/Campus/kim"
    assert [each.id for each in tree.members(staff.id)] == [kim.entity_id]


def test_a_taken_user_name_is_numbered(campus: Running) -> None:
    come_by(Client(), campus, "t1", {"preferred_username": "Eve"})
    come_by(Client(), campus, "t2", {"preferred_username": "Eve"})
    names = sorted(login.user.username for login in Login.objects.all())
    assert len(names) == len(set(names)) == 2
    assert all(name not in ("eve", "Eve") for name in names)


def test_logins_are_linked_and_unlinked_on_the_profile(campus: Running, cast: Cast) -> None:
    client = Client()
    client.force_login(cast.ben, "django.contrib.auth.backends.ModelBackend")
    put_person(campus, "l1", {"preferred_username": "whoever"})
    page = client.post("/profile/logins/link/campus/")
    address = re.search(r'url=([^"]+)"', page.content.decode())
    assert address is not None
    back = authorised(address[1].replace("&amp;", "&"), "l1")
    assert client.get(back)["Location"] == "/profile/security/"
    login = cast.ben.logins.get()
    other = Client()
    come_by(other, campus, "l1", {"preferred_username": "whoever"})
    assert who(other) == "ben"
    client.post(f"/profile/logins/{login.id}/unlink/")
    assert not cast.ben.logins.exists()


def test_the_only_way_in_is_not_unlinked(campus: Running) -> None:
    client = Client()
    come_by(client, campus, "o1", {"preferred_username": "only"})
    login = Login.objects.get()
    page = client.post(f"/profile/logins/{login.id}/unlink/", follow=True)
    assert "only way in" in page.content.decode()
    assert Login.objects.exists()


def test_a_login_is_one_users(campus: Running, cast: Cast) -> None:
    come_by(Client(), campus, "b4", MAIL)
    client = Client()
    client.force_login(cast.eve, "django.contrib.auth.backends.ModelBackend")
    page = client.post("/profile/logins/link/campus/").content.decode()
    address = re.search(r'url=([^"]+)"', page)
    assert address is not None
    back = authorised(address[1].replace("&amp;", "&"), "b4")
    page = client.get(back, follow=True).content.decode()
    assert "another user" in page
    assert not cast.eve.logins.exists()


def test_an_answer_opens_only_the_session_that_asked_and_once(campus: Running) -> None:
    put_person(campus, "s1", {"preferred_username": "sam"})
    client, stranger = Client(), Client()
    back = authorised(leave(client), "s1").removeprefix("http://testserver")
    leave(stranger)
    assert stranger.get(back).status_code == 401
    assert Client().get(back).status_code == 401
    assert who(stranger) is None
    assert client.get(back).status_code == 302
    assert who(client) == "sam"
    replayed = Client()
    leave(replayed)
    assert replayed.get(back).status_code == 401


@pytest.mark.parametrize(
    "changed",
    [{"state": "x"}, {"code": "x"}, {"code": ""}, {"error": "access_denied"}, {"iss": "https://x"}],
)
def test_an_altered_answer_signs_nobody_in(campus: Running, changed: dict[str, str]) -> None:
    put_person(campus, "a1", {"preferred_username": "alt"})
    client = Client()
    back = urlsplit(authorised(leave(client), "a1"))
    answer = {name: values[0] for name, values in parse_qs(back.query).items()}
    page = client.get(f"{back.path}?{urlencode({**answer, **changed})}")
    assert page.status_code == 401
    assert said(page)
    assert who(client) is None
    assert not Login.objects.exists()


@pytest.mark.parametrize(
    "after", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_nobody_is_led_elsewhere(campus: Running, after: str) -> None:
    answer = come_by(Client(), campus, "e1", {"preferred_username": "ed"}, after=after)
    assert answer["Location"] == "/"


def test_the_second_factor_of_the_hub_is_asked_for_unless_the_provider_is_trusted_with_it(
    cast: Cast, oidc: Running, settings: Any
) -> None:
    set_up(oidc, trusts_email=True)
    from tests.hub.accounts.authenticator import enrolled

    enrolled(cast.ben)
    client = Client()
    answer = come_by(client, oidc, "f1", {"email": "ben@example.org"})
    assert answer["Location"] == "/login/second/"
    assert who(client) is None
    set_up(oidc, trusts_email=True, trusts_factor=True)
    assert come_by(client, oidc, "f1", {"email": "ben@example.org"})["Location"] == "/"
    assert who(client) == "ben"


def test_logging_out_offers_to_log_out_there_too(campus: Running) -> None:
    client = Client()
    come_by(client, campus, "q1", {"preferred_username": "quinn"})
    page = client.post("/logout/").content.decode()
    assert f"{campus.address['issuer']}/logout/?client_id=" in page
    assert "id_token_hint=" in page
    assert who(client) is None


def test_a_provider_that_is_away_is_said_to_be(cast: Cast) -> None:
    services.set_provider(
        by=SYSTEM,
        given={"name": "away", "label": "Away", "issuer": "http://127.0.0.1:9", "client_id": "x"},
        secret="x",
    )
    page = Client().get("/login/with/away/")
    assert page.status_code == 503
    assert "cannot be reached" in said(page)
    assert Client().get("/login/with/nothing/").status_code == 404


def test_refused_answers_are_limited_for_each_network_address(
    campus: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lagan.hub.accounts import tries

    monkeypatch.setattr(tries, "PROVIDERS", replace(tries.PROVIDERS, count=2))
    client = Client()
    for _ in range(2):
        come_by(Client(), campus, "r1", {"preferred_username": "ray"})
        leave(client)
        assert client.get("/login/back/campus/?state=x").status_code == 401
    leave(client)
    assert client.get("/login/back/campus/?state=x").status_code == 429


def test_the_page_offers_the_last_way_first(campus: Running, cast: Cast) -> None:
    set_up(campus, name="another", label="Another")
    client = Client()
    assert client.get("/login/").context["ways"][0].name == "another"
    come_by(client, campus, "w1", {"preferred_username": "will"})
    client.post("/logout/")
    assert client.get("/login/").context["ways"][0].name == "campus"


def test_no_secret_of_a_log_in_is_kept_in_the_open(campus: Running, caplog: Any) -> None:
    from lagan.hub.accounts.models import Provider

    caplog.set_level("DEBUG")
    put_person(campus, "p1", {"preferred_username": "pat"})
    client = Client()
    back = authorised(leave(client), "p1")
    code = parse_qs(urlsplit(back).query)["code"][0]
    client.get(back)
    kept = str(list(Event.objects.values())) + str(list(Provider.objects.values()))
    ours = [each.getMessage() for each in caplog.records if each.name.startswith("lagan")]
    for secret in (code, campus.address["secret"]):
        assert secret not in kept + "\n".join(ours)
    assert queries.provider("campus")[1] == campus.address["secret"]

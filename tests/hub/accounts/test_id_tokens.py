"""What an id token must be before it is believed, against a provider that cheats."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import RSAKey

from lagan.hub.accounts import oidc
from lagan.hub.accounts.claims import Identity
from lagan.hub.accounts.errors import LoginRefused
from lagan.hub.accounts.providers import Provider, read
from lagan.kit.errors import BadInput, Unavailable
from tests.hub.accounts import rogue
from tests.hub.accounts.rogue import CLIENT, SECRET, Rogue

BACK = "https://data.example.org/login/back/rogue/"


@pytest.fixture
def server() -> Iterator[Rogue]:
    with rogue.running() as running:
        yield running


def provider(server: Rogue, **changes: Any) -> Provider:
    given = {"name": "rogue", "label": "Rogue", "issuer": server.issuer, "client_id": CLIENT}
    return read({**given, **changes})


def attempt(server: Rogue, spoil: Callable[[], object] = lambda: None) -> Identity:
    """One log in, spoilt after the provider was asked for its page."""
    _, begun = oidc.begin(provider(server), BACK)
    server.claims = server.sound(begun.nonce)
    spoil()
    answer = {"state": begun.state, "code": "c"}
    return oidc.finish(provider(server), SECRET, begun, BACK, answer)


def test_a_sound_one_is_believed(server: Rogue) -> None:
    who = attempt(server)
    assert (who.issuer, who.subject, who.full_name) == (server.issuer, "somebody", "Some Body")


def _in(seconds: int) -> Callable[[int], int]:
    """So far from the moment at which the claim is made: a run collects its tests long before."""
    return lambda now: now + seconds


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"aud": None},
        {"iss": "https://another.example"},
        {"iss": None},
        {"exp": _in(-120)},
        {"exp": None},
        {"exp": "soon"},
        {"iat": _in(600)},
        {"nbf": _in(600)},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 501},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    ],
    # Not by its value: the processes of a run must name the tests alike.
    ids=lambda changed: "-".join(changed),
)
def test_a_wrong_claim_is_not_believed(server: Rogue, changed: dict[str, Any]) -> None:
    def spoil() -> None:
        now = int(time.time())
        server.claims |= {n: v(now) if callable(v) else v for n, v in changed.items()}
        server.claims = {name: v for name, v in server.claims.items() if v is not None}

    with pytest.raises(LoginRefused):
        attempt(server, spoil)


def test_a_signature_of_another_key_is_not_believed(server: Rogue) -> None:
    def spoil() -> None:
        server.signing = RSAKey.generate_key(2048, {"kid": "one"})

    with pytest.raises(LoginRefused):
        attempt(server, spoil)


def test_the_clients_secret_signs_nothing(server: Rogue) -> None:
    def spoil() -> None:
        server.signing, server.header = rogue.shared_secret(), {"alg": "HS256"}

    with pytest.raises(LoginRefused):
        attempt(server, spoil)


def test_an_unsigned_token_is_not_believed(server: Rogue) -> None:
    def spoil() -> None:
        signed = server.token().split(".")
        unsigned = f"eyJhbGciOiJub25lIn0.{signed[1]}."
        server.bodies["/token"] = {
            "access_token": "at", "token_type": "Bearer", "id_token": unsigned
        }  # fmt: skip

    with pytest.raises(LoginRefused):
        attempt(server, spoil)


@pytest.mark.parametrize(
    "body",
    [
        {"error": "invalid_grant"},
        {"access_token": "at", "token_type": "Bearer"},
        {"access_token": "at", "token_type": "Bearer", "id_token": 7},
        {"access_token": "at", "token_type": "Bearer", "id_token": "x.y.z"},
        [1, 2],
        b"<html>",
    ],
    ids=str,
)
def test_an_odd_answer_for_the_code_signs_nobody_in(server: Rogue, body: Any) -> None:
    with pytest.raises((LoginRefused, Unavailable)):
        attempt(server, lambda: server.bodies.update({"/token": body}))


def test_userinfo_of_somebody_else_is_not_used(server: Rogue) -> None:
    def spoil() -> None:
        server.bodies["/userinfo"] = {"sub": "another", "email": "victim@example.org"}

    who = attempt(server, spoil)
    assert (who.subject, who.email) == ("somebody", "")


def test_what_is_fetched_does_not_win_over_what_is_signed(server: Rogue) -> None:
    def spoil() -> None:
        server.claims |= {"email": "own@example.org", "email_verified": False}
        told = {"sub": "somebody", "email": "victim@example.org", "email_verified": True}
        server.bodies["/userinfo"] = told

    who = attempt(server, spoil)
    assert (who.email, who.verified) == ("own@example.org", False)


def test_new_keys_are_fetched_when_the_old_do_not_fit(
    server: Rogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt(server)
    monkeypatch.setattr(oidc, "HURRY", 0)

    def rotate() -> None:
        server.key = server.signing = RSAKey.generate_key(2048, {"kid": "two"})
        server.header = {"alg": "RS256", "kid": "two"}

    assert attempt(server, rotate).subject == "somebody"


def test_keys_are_not_fetched_for_every_bad_token(server: Rogue) -> None:
    def spoil() -> None:
        server.signing = RSAKey.generate_key(2048, {"kid": "one"})

    for _ in range(3):
        with pytest.raises(LoginRefused):
            attempt(server, spoil)
    assert [path for path, *_ in server.asked].count("/keys") == 1


@pytest.mark.parametrize(
    "about",
    [
        b"not json",
        [],
        {},
        {"issuer": "https://another.example"},
        b"[" + b"0," * 600_000 + b"0]",
        None,
    ],
    ids=["text", "list", "empty", "another", "endless", "nothing"],
)
def test_a_provider_that_does_not_describe_itself_is_away(server: Rogue, about: Any) -> None:
    place = "/.well-known/openid-configuration"
    whole = {**server.about, **about} if isinstance(about, dict) and about else about
    server.bodies[place] = whole
    with pytest.raises(Unavailable):
        oidc.begin(provider(server), BACK)


def test_the_request_has_state_nonce_and_a_challenge(server: Rogue) -> None:
    address, begun = oidc.begin(provider(server), BACK)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert asked["state"] == begun.state
    assert asked["nonce"] == begun.nonce
    assert (asked["redirect_uri"], asked["client_id"]) == (BACK, CLIENT)
    assert asked["code_challenge_method"] == "S256"
    assert begun.verifier not in address
    assert len({begun.state, begun.nonce, begun.verifier}) == 3


def test_the_secret_goes_where_the_provider_takes_it(server: Rogue) -> None:
    attempt(server)
    _, headers, posted = next(each for each in server.asked if each[0] == "/token")
    assert headers["Authorization"].startswith("Basic ")
    assert "client_secret" not in posted
    assert posted["code_verifier"]


def test_orcid_takes_it_in_the_body_and_gives_an_id_that_is_kept(server: Rogue) -> None:
    """As https://orcid.org/.well-known/openid-configuration says: `client_secret_post`, the scope
    `openid`, no address, the iD as the subject."""
    server.about["token_endpoint_auth_methods_supported"] = ["client_secret_post"]  # type: ignore[assignment]

    def spoil() -> None:
        server.claims |= {"sub": "0000-0002-1825-0097", "given_name": "Josiah"}
        server.bodies["/userinfo"] = {"sub": "0000-0002-1825-0097", "family_name": "Carberry"}

    who = attempt(server, spoil)
    _, headers, posted = next(each for each in server.asked if each[0] == "/token")
    assert "Authorization" not in headers
    assert posted["client_secret"] == [SECRET]
    assert (who.first_name, who.last_name) == ("Josiah", "Carberry")
    assert not who.verified


def test_orcid_is_known_by_its_issuer() -> None:
    given = {"name": "orcid", "label": "ORCID", "issuer": "https://orcid.org", "client_id": "APP-1"}
    orcid = read(given)
    assert orcid.is_orcid
    assert orcid.scopes == "openid"
    from lagan.hub.accounts.claims import identity, username_wishes

    who = identity(orcid, subject="0000-0002-1825-0097", claims={"given_name": "Josiah"})
    assert (who.orcid, who.shown) == ("0000-0002-1825-0097", "0000-0002-1825-0097")
    assert username_wishes(who)[0] == "0000-0002-1825-0097"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"issuer": "http://idp.example.org"}, "issuer"),
        ({"issuer": ""}, "issuer"),
        ({"name": "Two Words"}, "name"),
        ({"label": ""}, "label"),
        ({"client_id": " "}, "client_id"),
        ({"protocol": "ldap"}, "protocol"),
        ({"places": "affiliation => staff"}, "places"),
        ({"claims": {"shoe_size": "x"}}, "claims"),
        ({"claims": "email"}, "claims"),
        ({"scopes": 'a"b'}, "scopes"),
        ({"label": 7}, "label"),
    ],
)
def test_odd_settings_are_refused_by_name(changes: dict[str, Any], field: str) -> None:
    given = {"name": "a", "label": "A", "issuer": "https://a.example", "client_id": "x"}
    with pytest.raises(BadInput) as refusal:
        read({**given, **changes})
    assert refusal.value.facts["field"] == field


def test_a_provider_survives_being_kept() -> None:
    given = {
        "name": "a",
        "label": "A",
        "issuer": "https://a.example/",
        "client_id": "x",
        "claims": "email = mail\nusername = eppn",
        "places": "affiliation = emp* => /root/Staff\nemail_domain = a.example +> 7",
        "trusts_email": True,
    }
    kept = read(given)
    assert read(kept.facts()) == kept
    assert kept.claim("email") == "mail"
    assert [place.home for place in kept.places] == [True, False]

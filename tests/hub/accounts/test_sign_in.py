"""Passwords, tokens and sessions: what lets in, what does not, and that nothing odd is a 500."""

from __future__ import annotations

import json
import time
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lagan.hub.accounts import queries, rules, services
from lagan.hub.accounts.errors import LockedOut
from lagan.hub.accounts.models import User
from lagan.hub.audit.models import Event
from lagan.hub.base.actors import NOBODY, SYSTEM
from lagan.kit.errors import NotSignedIn
from tests.hub.accounts.cast import PASSWORD, Cast, bearer

JSON = "application/json"


def sign_in(api: Client, username: str, password: str = PASSWORD) -> Any:
    body = {"username": username, "password": password}
    return api.post("/api/auth/token/", body, content_type=JSON)


def test_a_password_gives_two_tokens_and_the_refresh_token_another(cast: Cast, api: Client) -> None:
    answer = sign_in(api, "ben")
    assert answer.status_code == 201
    assert set(answer.json()) == {"access", "refresh"}
    again = api.post(
        "/api/auth/token/refresh/", {"refresh": answer.json()["refresh"]}, content_type=JSON
    )
    assert again.status_code == 201
    assert set(again.json()) == {"access"}
    header = {"Authorization": f"Bearer {again.json()['access']}"}
    assert api.get("/api/auth/me/", headers=header).json() == {
        "username": "ben",
        "name": "Ben Test",
        "email": "ben@example.org",
        "entity": cast.ben.entity_id,
    }


def test_a_wrong_password_and_an_unknown_name_are_refused_alike(cast: Cast, api: Client) -> None:
    wrong, unknown = sign_in(api, "ben", "wrong"), sign_in(api, "nobody", "wrong")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong["Content-Type"] == "application/problem+json"
    assert "wrong" not in wrong.content.decode().replace("belong", "")


def test_sign_ins_are_recorded_without_what_was_typed(cast: Cast, api: Client) -> None:
    sign_in(api, "ben")
    sign_in(api, "ben", "hunter2hunter2")
    sign_in(api, PASSWORD, "typed into the wrong field")
    events = Event.objects.filter(kind__startswith="login.").order_by("id")
    assert [(each.kind, each.subject) for each in events] == [
        ("login.done", cast.ben.entity_id),
        ("login.refused", cast.ben.entity_id),
    ]
    everything = json.dumps(list(Event.objects.values_list("data", "actor", "result")))
    assert "hunter2" not in everything
    assert PASSWORD not in everything


def test_after_repeated_failures_even_the_right_password_is_locked_out(
    cast: Cast, api: Client, settings: Any
) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    statuses = [sign_in(api, "ben", "wrong").status_code for _ in range(3)]
    assert statuses[:2] == [401, 401]
    locked = sign_in(api, "ben")
    assert locked.status_code == 429
    assert locked.json()["type"] == "/problems/locked-out"
    assert sign_in(api, "eve").status_code == 201


def test_pages_are_locked_out_by_the_same_service(cast: Cast, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 2
    request = RequestFactory().post("/login/")
    with pytest.raises(NotSignedIn):
        services.sign_in(username="ben", password="wrong", request=request)
    for password in ("wrong", PASSWORD):
        with pytest.raises(LockedOut):
            services.sign_in(username="ben", password=password, request=request)


def test_success_forgets_earlier_failures(cast: Cast, api: Client, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    for _ in range(3):
        assert sign_in(api, "ben", "wrong").status_code == 401
        assert sign_in(api, "ben").status_code == 201


def test_tokens_are_good_for_their_own_use_only(cast: Cast) -> None:
    tokens = services.issue_tokens(cast.ben)
    with pytest.raises(NotSignedIn, match="type access"):
        queries.authenticate(authorization=f"Bearer {tokens['refresh']}")
    with pytest.raises(NotSignedIn, match="type refresh"):
        services.refresh(tokens["access"])


@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_tokens_expire(cast: Cast, kind: rules.TokenType) -> None:
    mark = rules.password_mark(cast.ben.password)
    born = time.time() - rules.LIFETIMES[kind]
    old = rules.encode_token(rules.Token(cast.ben.id, mark, kind), now=born - 2)
    young = rules.encode_token(rules.Token(cast.ben.id, mark, kind), now=born + 60)
    with pytest.raises(NotSignedIn, match="expired"):
        rules.decode_token(old, kind)
    assert rules.decode_token(young, kind).user == cast.ben.id
    assert rules.LIFETIMES == {"access": 3600, "refresh": 86400}


@pytest.mark.parametrize(
    ("algorithm", "secret"),
    [("none", None), ("HS256", "another secret of good length...."), ("HS512", "")],
)
def test_forged_tokens_are_refused(cast: Cast, algorithm: str, secret: str | None) -> None:
    claims = {
        "sub": str(cast.ben.id),
        "typ": "access",
        "mrk": rules.password_mark(cast.ben.password),
        "iat": int(time.time()),
        "exp": int(time.time()) + 60,
    }
    key: Any = settings.SECRET_KEY if secret == "" else secret
    forged = jwt.encode(claims, key, algorithm=algorithm)
    with pytest.raises(NotSignedIn):
        queries.authenticate(authorization=f"Bearer {forged}")


def test_verify_tells_good_tokens_from_bad_ones(cast: Cast, api: Client) -> None:
    tokens = services.issue_tokens(cast.ben)

    def verify(token: str, kind: str) -> int:
        body = {"token": token, "type": kind}
        return api.post("/api/auth/token/verify/", body, content_type=JSON).status_code

    assert verify(tokens["access"], "access") == verify(tokens["refresh"], "refresh") == 201
    assert verify(tokens["access"], "refresh") == verify("x.y.z", "access") == 401
    assert verify(tokens["access"], "other") == 400
    services.set_active(by=SYSTEM, username="ben", active=False)
    assert verify(tokens["access"], "access") == 401


@pytest.mark.parametrize("act", ["deactivate", "new password", "anonymise"])
def test_every_credential_ends_with(cast: Cast, act: str, api: Client) -> None:
    tokens = services.issue_tokens(cast.ben)
    api.force_login(cast.ben, backend="django.contrib.auth.backends.ModelBackend")
    cookies = {name: morsel.value for name, morsel in api.cookies.items()}
    assert queries.actor_for(authorization=None, cookies=cookies).name == "ben"
    match act:
        case "deactivate":
            services.set_active(by=SYSTEM, username="ben", active=False)
        case "new password":
            services.set_password(by=SYSTEM, username="ben", password="nine loud herons")
        case "anonymise":
            services.anonymise(by=SYSTEM, username="ben")
    with pytest.raises(NotSignedIn):
        queries.authenticate(authorization=f"Bearer {tokens['access']}")
    with pytest.raises(NotSignedIn):
        services.refresh(tokens["refresh"])
    assert not _session_works(cookies)
    assert api.get("/api/auth/me/").status_code == 401


def _session_works(cookies: dict[str, str]) -> bool:
    try:
        return queries.actor_for(authorization=None, cookies=cookies) is not NOBODY
    except NotSignedIn:
        return False


def test_a_session_changes_things_only_with_the_csrf_token(cast: Cast, api: Client) -> None:
    api.force_login(cast.ben, backend="django.contrib.auth.backends.ModelBackend")
    assert api.get("/api/auth/me/").json()["username"] == "ben"
    body = {"name": "k"}
    assert api.post("/api/auth/clientkeys/", body, content_type=JSON).status_code == 403
    lax = Client()
    lax.force_login(cast.ben, backend="django.contrib.auth.backends.ModelBackend")
    assert lax.post("/api/auth/clientkeys/", body, content_type=JSON).status_code == 201


@hypothesis_settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    scheme=st.sampled_from(
        ["Bearer ", "bearer", "Api-Key ", "Api-Key lgn_", "Basic ", "", "Token "]
    ),
    rest=st.text(max_size=60) | st.from_regex(r"[\w-]{1,20}\.[\w-]{1,20}\.[\w-]{0,20}"),
)
def test_no_header_is_too_odd(db: None, scheme: str, rest: str) -> None:
    try:
        actor = queries.authenticate(authorization=scheme + rest)
    except NotSignedIn:
        return
    assert actor is NOBODY
    assert scheme + rest == ""


@hypothesis_settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    changes=st.fixed_dictionaries(
        {},
        optional={
            "sub": st.none() | st.integers() | st.text(max_size=30) | st.just("9" * 30),
            "typ": st.none() | st.integers() | st.just("access"),
            "mrk": st.none() | st.lists(st.integers()) | st.text(max_size=30),
            "exp": st.none() | st.text(max_size=5) | st.integers(-(2**70), 2**70),
            "iat": st.none() | st.text(max_size=5) | st.floats(allow_nan=False),
        },
    )
)
def test_no_signed_claims_are_too_odd(db: None, changes: dict[str, Any]) -> None:
    now = int(time.time())
    claims = {"sub": "1", "typ": "access", "mrk": "x", "iat": now, "exp": now + 60, **changes}
    try:
        token = jwt.encode(claims, settings.SECRET_KEY, algorithm="HS256")
    except (TypeError, ValueError):
        return
    with pytest.raises(NotSignedIn):
        queries.authenticate(authorization=f"Bearer {token}")


@pytest.mark.parametrize("cookie", ["", "x" * 500, "\x00", "../../etc/passwd"])
def test_an_odd_session_cookie_is_nobodys(db: None, cookie: str) -> None:
    cookies = {settings.SESSION_COOKIE_NAME: cookie}
    assert not _session_works(cookies)


@pytest.mark.parametrize(
    "body", ["", "[]", "{", '{"username": 1}', '{"username": "a\\u0000", "password": "\\ud800"}']
)
def test_an_odd_body_is_refused_by_name(cast: Cast, api: Client, body: str) -> None:
    answer = api.post("/api/auth/token/", body, content_type=JSON)
    assert answer.status_code in (400, 401)
    assert answer["Content-Type"] == "application/problem+json"


def test_a_user_is_found_by_name_or_address(cast: Cast) -> None:
    assert queries.find_user(username="ben") == cast.ben
    assert queries.find_user(email="BEN@Example.org ") == cast.ben
    assert queries.find_user(username="Ben\x00") is None
    assert queries.find_user() is None


def test_a_check_of_a_token_is_two_readings_at_most(
    cast: Cast, django_assert_max_num_queries
) -> None:
    header = bearer(cast.ben)["Authorization"]
    with django_assert_max_num_queries(1):
        queries.authenticate(authorization=header)
    assert User.objects.count() == 3

"""Second factors: what is asked for, of whom, and what is refused."""

from __future__ import annotations

import json
import time
from typing import Any

import pyotp
import pytest
from django.test import Client

from lagan.hub.accounts import queries, rules, services
from lagan.hub.accounts.errors import LockedOut
from lagan.hub.accounts.models import Factor, RecoveryCode, User
from lagan.hub.audit.models import Event
from lagan.hub.base.actors import SYSTEM
from lagan.kit.errors import BadInput, Conflict, Forbidden, NotFound, NotSignedIn, Unavailable
from tests.hub.accounts.authenticator import enrolled
from tests.hub.accounts.cast import PASSWORD, Cast, actor, bearer, key

JSON = "application/json"
LOGIN = {"username": "ben", "password": PASSWORD}


def token(api: Client, otp: str | None = None, username: str = "ben") -> Any:
    body = {"username": username, "password": PASSWORD} | ({} if otp is None else {"otp": otp})
    return api.post("/api/auth/token/", body, content_type=JSON)


def test_a_password_alone_gives_no_token_any_more(cast: Cast, api: Client) -> None:
    app, _ = enrolled(cast.ben)
    missing, wrong = token(api), token(api, "000000")
    assert (missing.status_code, missing.json()["type"]) == (401, "/problems/second-factor-needed")
    assert (wrong.status_code, wrong.json()["type"]) == (401, "/problems/not-signed-in")
    assert token(api, app.show()).status_code == 201
    assert token(api, username="eve").status_code == 201


def test_a_one_time_password_is_good_once(cast: Cast, api: Client) -> None:
    app, _ = enrolled(cast.ben)
    shown = app.show()
    assert token(api, shown).status_code == 201
    assert token(api, shown).status_code == 401
    assert token(api, app.show(+1)).status_code == 201
    assert token(api, shown).status_code == 401


def test_an_authenticator_counts_only_once_it_was_shown_to_work(cast: Cast, api: Client) -> None:
    seed = services.begin_totp(by=actor(cast.ben))
    assert seed == services.begin_totp(by=actor(cast.ben))
    with pytest.raises(BadInput):
        services.confirm_totp(by=actor(cast.ben), code="000000")
    assert token(api).status_code == 201
    services.confirm_totp(by=actor(cast.ben), code=pyotp.TOTP(seed.secret).now())
    assert token(api).status_code == 401
    with pytest.raises(Conflict):
        services.begin_totp(by=actor(cast.ben))


def test_a_recovery_code_stands_in_once(cast: Cast, api: Client) -> None:
    _, codes = enrolled(cast.ben)
    assert len(set(codes)) == 10
    assert token(api, codes[3]).status_code == 201
    assert token(api, codes[3]).status_code == 401
    assert token(api, codes[4].upper().replace("-", " ")).status_code == 201
    assert queries.recovery_codes_left(cast.ben) == 8
    new = services.new_recovery_codes(by=actor(cast.ben), code=codes[0])
    assert token(api, codes[5]).status_code == 401
    assert token(api, new[0]).status_code == 201


def test_guessing_is_stopped_and_an_administrator_unlocks(cast: Cast, api: Client) -> None:
    app, _ = enrolled(cast.ben)
    assert [token(api, f"00000{n}").status_code for n in range(5)] == [401] * 5
    locked = token(api, app.show())
    assert (locked.status_code, locked.json()["type"]) == (429, "/problems/locked-out")
    with pytest.raises(NotFound):
        services.unlock(by=actor(cast.eve), username="ben")
    assert api.post("/api/users/ben/unlock/", headers=bearer(cast.ada)).status_code == 204
    assert token(api, app.show()).status_code == 201


def test_client_keys_go_on_working_but_change_nothing(cast: Cast, api: Client) -> None:
    headers = key(cast.ben)
    _, codes = enrolled(cast.ben)
    assert api.get("/api/auth/me/", headers=headers).status_code == 200
    by = queries.authenticate(authorization=headers["Authorization"])
    with pytest.raises(Forbidden):
        services.remove_factor(by=by, factor=1, code=codes[0])
    with pytest.raises(Forbidden):
        services.begin_totp(by=by)


def test_removing_takes_a_code(cast: Cast, api: Client) -> None:
    app, _ = enrolled(cast.ben)
    factor = cast.ben.factors.get().id
    with pytest.raises(NotSignedIn):
        services.remove_factor(by=actor(cast.ben), factor=factor, code="000000")
    with pytest.raises(NotFound):
        services.remove_factor(by=actor(cast.eve), factor=factor, code=app.show())
    services.remove_factor(by=actor(cast.ben), factor=factor, code=app.show())
    assert token(api).status_code == 201
    assert not RecoveryCode.objects.exists()


def test_an_administrator_helps_whoever_lost_it_but_not_themselves(cast: Cast, api: Client) -> None:
    enrolled(cast.ben)
    enrolled(cast.ada)
    with pytest.raises(NotFound):
        services.reset_factors(by=actor(cast.eve), username="ben")
    with pytest.raises(Conflict):
        services.reset_factors(by=actor(cast.ada), username="ada")
    services.reset_factors(by=actor(cast.ada), username="ben")
    assert token(api).status_code == 201
    last = Event.objects.filter(kind="factor.removed").latest("id")
    assert (last.subject, last.actor) == (cast.ben.entity_id, "ada")


@pytest.mark.parametrize(
    ("policy", "needs"),
    [("OPTIONAL", []), ("ADMINISTRATORS", ["ada"]), ("EVERYONE", ["ada", "ben", "eve"])],
)
def test_the_setting_says_who_must_have_one(
    cast: Cast, api: Client, require_factor: Any, policy: str, needs: list[str]
) -> None:
    require_factor(policy)
    for name in ("ada", "ben", "eve"):
        answer = token(api, username=name)
        if name in needs:
            assert answer.status_code == 403
            assert answer.json()["type"] == "/problems/second-factor-missing"
        else:
            assert answer.status_code == 201


def test_who_must_have_one_does_not_remove_the_last(cast: Cast, require_factor: Any) -> None:
    app, _ = enrolled(cast.ada)
    require_factor("ADMINISTRATORS")
    with pytest.raises(Conflict):
        services.remove_factor(
            by=actor(cast.ada), factor=cast.ada.factors.get().id, code=app.show()
        )


def test_a_session_from_before_the_setting_is_not_enough(
    cast: Cast, api: Client, require_factor: Any
) -> None:
    api.force_login(cast.ada, backend="django.contrib.auth.backends.ModelBackend")
    assert api.get("/api/auth/me/").status_code == 200
    cookies = {name: morsel.value for name, morsel in api.cookies.items()}
    require_factor("ADMINISTRATORS")
    assert api.get("/api/auth/me/").status_code == 403
    assert api.get("/")["Location"].startswith("/login/")
    assert queries.actor_for(authorization=None, cookies=cookies).entity is None


def test_secrets_lie_sealed_and_are_in_no_event(cast: Cast, settings: Any) -> None:
    seed = services.begin_totp(by=actor(cast.ben))
    codes = services.confirm_totp(by=actor(cast.ben), code=pyotp.TOTP(seed.secret).now())
    rows: list[Any] = list(Factor.objects.values()) + list(RecoveryCode.objects.values())
    rows += list(Event.objects.values("data", "actor", "result"))
    kept = json.dumps(rows, default=str)
    for secret in (seed.secret, *codes, *(code.replace("-", "") for code in codes)):
        assert secret not in kept
    settings.SECRET_KEY = "another key of good length, as after a theft of the database"
    with pytest.raises(Unavailable):
        services.check_factor(user=cast.ben, code="123456")


def test_the_api_sets_one_up(cast: Cast, api: Client) -> None:
    headers = bearer(cast.ben)

    def post(path: str, body: dict[str, str]) -> Any:
        address = f"/api/account/second-factor/{path}"
        return api.post(address, body, content_type=JSON, headers=headers)

    seed = post("totp/", {}).json()
    assert seed["address"].startswith("otpauth://totp/Lagan:ben?secret=")
    made = post("totp/confirm/", {"code": pyotp.TOTP(seed["secret"]).now()})
    assert len(made.json()["recovery_codes"]) == 10
    shown = api.get("/api/account/second-factor/", headers=headers)
    assert shown.json()["recovery_codes"] == 10
    assert seed["secret"] not in shown.content.decode()
    address = f"/api/account/second-factor/{shown.json()['results'][0]['id']}/"
    body = {"code": made.json()["recovery_codes"][0]}
    gone = api.delete(address, json.dumps(body), content_type=JSON, headers=headers)
    assert gone.status_code == 204
    assert not queries.has_factor(User.objects.get(username="ben"))


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345٣", "\x00", "a" * 5000, "🙂"])
def test_no_code_is_too_odd(cast: Cast, api: Client, code: str) -> None:
    enrolled(cast.ben)
    assert token(api, code).status_code in (400, 401)


def test_steps_are_those_of_the_standard() -> None:
    secret = pyotp.random_base32()
    code = pyotp.TOTP(secret).at(59)
    assert rules.totp_step(secret, code, after=0, now=59) == 1
    assert rules.totp_step(secret, code, after=0, now=89) == 1
    assert rules.totp_step(secret, code, after=0, now=121) is None
    assert rules.totp_step(secret, code, after=1, now=59) is None
    assert rules.totp_step(secret, "abcdef", after=0, now=time.time()) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0000-0002-1825-0097", "0000-0002-1825-0097"),
        ("https://orcid.org/0000-0002-1694-233X", "0000-0002-1694-233X"),
        ("0000-0002-1825-0098", None),
        ("0000-0002", None),
    ],
)
def test_orcid_ids_are_known_by_their_check_digit(text: str, found: str | None) -> None:
    assert rules.orcid_of(text) == found


def test_too_many_tries_are_told_with_the_minutes(cast: Cast) -> None:
    enrolled(cast.ben)
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            services.check_factor(user=cast.ben, code="000000")
    with pytest.raises(LockedOut) as refusal:
        services.check_factor(user=cast.ben, code="000000")
    assert 1 <= refusal.value.facts["minutes"] <= 15


def test_system_is_nobody_with_factors(cast: Cast) -> None:
    with pytest.raises(NotSignedIn):
        services.begin_totp(by=SYSTEM)

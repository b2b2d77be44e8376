"""Second factors: one-time passwords by time, and codes for recovery."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import pyotp
from django.db import transaction
from django.utils import timezone

from lagan.hub.accounts import queries, rules, sealed, tries
from lagan.hub.accounts.models import Factor, RecoveryCode, User
from lagan.hub.accounts.services.guards import governed, refuse_client_key
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import NOBODY, Actor
from lagan.hub.tree.permissions import Permission
from lagan.kit.errors import BadInput, Conflict, NotFound, NotSignedIn

TOTP = "totp"
CODES = 10
"""Recovery codes of a set."""


@dataclass(frozen=True, slots=True)
class Seed:
    """What an authenticator is told: the secret itself, and the address that its QR code says."""

    secret: str
    address: str


@transaction.atomic
def begin_totp(*, by: Actor) -> Seed:
    """A fresh seed for the actor's authenticator; it counts only after `confirm_totp`. One that was
    begun and not confirmed is shown again."""
    refuse_client_key(by)
    user = User.objects.select_for_update().get(id=queries.user_of(by).id)
    if queries.factors(user).filter(type=TOTP).exists():
        raise Conflict("There is an authenticator already; remove it first.")
    factor = user.factors.filter(type=TOTP, confirmed=False).first()
    if factor is None:
        factor = Factor(user=user, type=TOTP, secret=sealed.seal(pyotp.random_base32()))
        factor.save()
    secret = sealed.unseal(factor.secret)
    named = pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name="Lagan")
    return Seed(secret, named)


def confirm_totp(*, by: Actor, code: str) -> list[str]:
    """Prove that the authenticator shows what it should; from now on it is asked for. The recovery
    codes, if these are the account's first: they are shown this once. BadInput for a wrong
    code."""
    refuse_client_key(by)
    user = queries.user_of(by)
    tries.count(tries.SECOND_FACTOR, str(user.id))
    return _confirm(by, user, code)


@transaction.atomic
def _confirm(by: Actor, user: User, code: str) -> list[str]:
    factor = user.factors.select_for_update().filter(type=TOTP, confirmed=False).first()
    if factor is None:
        raise Conflict("No authenticator is being set up.")
    step = rules.totp_step(sealed.unseal(factor.secret), code, after=0)
    if step is None:
        raise BadInput("This is not what the authenticator should show now.", field="code")
    factor.counter, factor.confirmed = step, True
    factor.save(update_fields=["counter", "confirmed"])
    tries.forget(tries.SECOND_FACTOR, str(user.id))
    record(kind=Kind.FACTOR_ADDED, by=by, subject=user.entity_id, data={"type": TOTP})
    return ensure_recovery_codes(by, user)


def check_factor(*, user: User, code: str) -> None:
    """Return when the code is the authenticator's of now, unused so far, or a recovery code that is
    left, which is then gone. NotSignedIn otherwise; LockedOut after five tries in a quarter of an
    hour."""
    tries.count(tries.SECOND_FACTOR, str(user.id))
    clean = "".join(code.split()).replace("-", "").lower()[:40]
    with transaction.atomic():
        good = _use_totp(user, clean) or _use_recovery_code(user, clean)
        if not good:
            record(kind=Kind.FACTOR_REFUSED, by=NOBODY, subject=user.entity_id, result="refused")
    if not good:
        raise NotSignedIn("This one-time password is wrong or was used already.")
    tries.forget(tries.SECOND_FACTOR, str(user.id))


def _use_totp(user: User, code: str) -> bool:
    factor = user.factors.select_for_update().filter(type=TOTP, confirmed=True).first()
    if factor is None:
        return False
    step = rules.totp_step(sealed.unseal(factor.secret), code, after=factor.counter)
    if step is None:
        return False
    factor.counter, factor.last_used = step, timezone.now()
    factor.save(update_fields=["counter", "last_used"])
    return True


def _use_recovery_code(user: User, code: str) -> bool:
    mark = sealed.keyed_hash("recovery-code", f"{user.id}:{code}")
    used = user.recovery_codes.filter(hash=mark, used=None).update(used=timezone.now())
    if used:
        by = Actor(user.entity_id, user.username, "recovery-code")
        left = user.recovery_codes.filter(used=None).count()
        record(kind=Kind.RECOVERY_CODE_USED, by=by, subject=user.entity_id, data={"left": left})
    return bool(used)


def remove_factor(*, by: Actor, factor: int, code: str) -> None:
    """Take away one of one's own factors; a code of the authenticator or a recovery code proves
    that it is the owner who asks. Conflict when it is the last and the account must have one."""
    refuse_client_key(by)
    user = queries.user_of(by)
    others = queries.factors(user).exclude(id=factor)
    if not queries.factors(user).filter(id=factor).exists():
        raise NotFound(f"There is no factor {factor}.", id=factor)
    if not others.exists() and queries.needs_factor(user):
        raise Conflict("This account must have a second factor; set up another one first.")
    check_factor(user=user, code=code)
    with transaction.atomic():
        found = user.factors.get(id=factor)
        found.delete()
        if not others.exists():
            user.recovery_codes.all().delete()
        record(kind=Kind.FACTOR_REMOVED, by=by, subject=user.entity_id, data={"type": found.type})


@transaction.atomic
def reset_factors(*, by: Actor, username: str) -> None:
    """Take all of another user's factors and codes away, for one who lost them; needs
    USER_CHANGE. One's own are removed with a code."""
    user = governed(by, username, Permission.USER_CHANGE)
    if by.entity == user.entity_id:
        raise Conflict("Nobody resets their own second factor; another administrator does.")
    user.factors.all().delete()
    user.recovery_codes.all().delete()
    tries.forget(tries.SECOND_FACTOR, str(user.id))
    record(kind=Kind.FACTOR_REMOVED, by=by, subject=user.entity_id, data={"type": "all"})


def new_recovery_codes(*, by: Actor, code: str) -> list[str]:
    """A fresh set in place of the old one, for whoever still has a good code."""
    refuse_client_key(by)
    user = queries.user_of(by)
    check_factor(user=user, code=code)
    with transaction.atomic():
        return _make_recovery_codes(by, user)


def ensure_recovery_codes(by: Actor, user: User) -> list[str]:
    """A set of codes for a user who has none left; nobody is told those that are there."""
    if user.recovery_codes.filter(used=None).exists():
        return []
    return _make_recovery_codes(by, user)


def _make_recovery_codes(by: Actor, user: User) -> list[str]:
    user.recovery_codes.all().delete()
    codes = [secrets.token_hex(5) for _ in range(CODES)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, hash=sealed.keyed_hash("recovery-code", f"{user.id}:{each}"))
        for each in codes
    )
    record(kind=Kind.RECOVERY_CODES_MADE, by=by, subject=user.entity_id, data={"codes": CODES})
    return [f"{each[:5]}-{each[5:]}" for each in codes]

"""Keys of sites: what their workers show the hub. Shown once, kept hashed, gone when revoked."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Sequence
from datetime import timedelta

from django.core import signing
from django.db import transaction
from django.utils import timezone

from lagan.hub.accounts.rules import key_hash, same
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.jobs.models import Site, SiteKey
from lagan.hub.jobs.site_rights import require_administer
from lagan.kit.errors import BadInput, NotFound, NotSignedIn

_KEY = re.compile(r"lgs_([a-z0-9]{12})_[A-Za-z0-9_-]{43}")
_OWN, _SALT, _OWN_LASTS = "lgo_", "lagan.hub.jobs.keys", timedelta(hours=1)
_MOST = 64
"""Keys that one worker shows."""
_STEP = timedelta(minutes=10)
"""How exactly the last use of a key is kept: not a write for every request."""


def make_site_key(*, site: str, name: str, by: Actor) -> tuple[SiteKey, str]:
    """A new key for workers of `site`, and its text, which is shown this once. NotFound when there
    is no such site."""
    require_administer(by)
    clean = name.strip()
    if not 0 < len(clean) <= 200 or not clean.isprintable():
        raise BadInput("A key has a name of 1 to 200 characters.", field="name")
    text, prefix = _new_text()
    with transaction.atomic():
        row = Site.objects.select_for_update(no_key=True).filter(name=site).first()
        if row is None:
            raise NotFound(f"There is no site called {site}.", site=site)
        key = SiteKey.objects.create(
            site=row, name=clean, prefix=prefix, hash=key_hash(text), created_by_name=by.name
        )
        facts = {"site": site, "id": key.pk, "name": clean}
        record(kind=Kind.SITE_KEY_CREATED, by=by, data=facts)
    return key, text


def revoke_site_key(*, key: int, by: Actor) -> None:
    """End a key, for ever; workers that have only this one are refused from the next request on."""
    require_administer(by)
    with transaction.atomic():
        found = SiteKey.objects.select_for_update(of=("self",), no_key=True)
        row = found.select_related("site").filter(pk=key).first()
        if row is None:
            raise NotFound(f"There is no site key {key}.", key=key)
        facts = {"site": row.site.name, "id": key, "name": row.name}
        row.delete()
        record(kind=Kind.SITE_KEY_REVOKED, by=by, data=facts)


def site_keys(site: str) -> list[SiteKey]:
    """The keys of a site, the newest first; their texts nobody knows."""
    return list(SiteKey.objects.filter(site__name=site).order_by("-id"))


def site_of(text: str) -> set[str]:
    """The names of the sites that the holder of these keys (a word each) serves. NotSignedIn when
    one of them is not, or no longer, a key."""
    words = text.split()
    if not 0 < len(words) <= _MOST:
        raise NotSignedIn("The Authorization header is `Site-Key <key>`.")
    owned = {site for word in words if word.startswith(_OWN) for site in _owned(word)}
    words = [word for word in words if not word.startswith(_OWN)]
    if not words:
        return owned
    hashes = {_prefix(word): key_hash(word) for word in words}
    rows = list(SiteKey.objects.filter(prefix__in=hashes).select_related("site"))
    if len(rows) < len(hashes) or not all(same(row.hash, hashes[row.prefix]) for row in rows):
        raise NotSignedIn("This site key is not valid.")
    now = timezone.now()
    stale = [row.pk for row in rows if row.used is None or now - row.used > _STEP]
    if stale:
        SiteKey.objects.filter(pk__in=stale).update(used=now)
    return owned | {row.site.name for row in rows}


def own_key(sites: Sequence[str]) -> str:
    """What a worker on the hub's own database shows over HTTP: a word that the hub's secret signs,
    good for `_OWN_LASTS`. It is kept nowhere; who can make it could read the database anyway."""
    return _OWN + signing.dumps(sorted(sites), salt=_SALT)


def _owned(word: str) -> list[str]:
    try:
        return list(signing.loads(word.removeprefix(_OWN), salt=_SALT, max_age=_OWN_LASTS))
    except signing.BadSignature:
        raise NotSignedIn("This site key is not valid.") from None


def _new_text() -> tuple[str, str]:
    letters = string.ascii_lowercase + string.digits
    prefix = "".join(secrets.choice(letters) for _ in range(12))
    return f"lgs_{prefix}_{secrets.token_urlsafe(32)}", prefix


def _prefix(word: str) -> str:
    found = _KEY.fullmatch(word)
    if found is None:
        raise NotSignedIn("This is no site key.")
    return found[1]

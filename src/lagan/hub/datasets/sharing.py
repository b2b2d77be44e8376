"""Share links: made by those who govern a dataset, opened by whoever has the token, ended at
once."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core import signing
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from lagan.hub.accounts import queries as accounts
from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.base.pages import Page, page_by_key
from lagan.hub.datasets import queries
from lagan.hub.datasets.errors import LinkLocked, LinkUsedUp, PasswordWanted
from lagan.hub.datasets.logbook import write_log
from lagan.hub.datasets.models import REMOVED, ShareLink
from lagan.hub.datasets.reach import Reach
from lagan.hub.tree import queries as tree_queries
from lagan.hub.tree import services as tree
from lagan.kit.errors import BadInput, NotFound
from lagan.kit.paths import check_relative

DAYS = 14
"""How long a link lives unless another span is asked for."""
GUESSES, REST = 10, timedelta(minutes=15)
"""Wrong passwords after which a link opens for nobody for a while, as with log-ins."""
PROVEN = 12 * 3600
"""Seconds for which a browser that gave the password is believed."""
RESUMED = timedelta(days=1)
"""A download's later parts, within this time of its beginning, do not count again."""
_SALT = "lagan.share-link"


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link as those see it who govern the dataset; never its token."""

    id: int
    folder: str
    note: str
    by: str
    created: datetime
    expires: datetime
    revoked: datetime | None
    has_password: bool
    most_downloads: int | None
    downloads: int
    used: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What whoever came by a link may see of it."""

    link: int
    name: str
    reach: Reach
    expires: datetime
    downloads_left: int | None


def create_link(
    *,
    by: Actor,
    dataset: int,
    folder: str = "",
    days: int = DAYS,
    password: str = "",
    most_downloads: int | None = None,
    note: str = "",
) -> tuple[LinkRow, str]:
    """A new link to a dataset or a folder in it, and its token, which is shown this once; needs
    DATASET_PERM_SET and DATASET_READ. It lives for `days`, and only as long as who made it may
    make it."""
    values = _checked(folder, days, password, most_downloads, note)
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        maker = _require(by, dataset)
        if values["folder"]:
            _require_folder(dataset, values["folder"])
        now = timezone.now()
        made = ShareLink.objects.create(
            dataset_id=dataset,
            hash=_hash(token),
            by_id=maker,
            created_at=now,
            expires_at=now + timedelta(days=days),
            **values,
        )
        data = {"link": made.pk, "folder": made.folder, "expires": made.expires_at.isoformat()}
        data |= {"password": bool(password), "most_downloads": most_downloads}
        audit.record(kind=Kind.SHARE_LINK_MADE, by=by, subject=dataset, data=data)
        write_log(dataset=dataset, by=by, level="INFO", text=f"Share link {made.pk} made.")
    return _row(made), token


@transaction.atomic
def revoke_link(*, by: Actor, dataset: int, link: int) -> None:
    """End a link at once and for ever; needs DATASET_PERM_SET. NotFound when it is not this
    dataset's."""
    tree.require(actor=by, permission="DATASET_PERM_SET", entity=dataset)
    rows = ShareLink.objects.filter(pk=link, dataset=dataset) if link < 2**63 else None
    if rows is None or not rows.exists():
        raise NotFound(f"The dataset has no share link {link}.", link=link)
    if rows.filter(revoked_at=None).update(revoked_at=timezone.now()):
        audit.record(kind=Kind.SHARE_LINK_REVOKED, by=by, subject=dataset, data={"link": link})
        write_log(dataset=dataset, by=by, level="INFO", text=f"Share link {link} revoked.")


def links(actor: Actor, dataset: int, *, after: str | None = None, size: int = 50) -> Page[LinkRow]:
    """The dataset's links, newest first; needs DATASET_PERM_SET."""
    tree.require(actor=actor, permission="DATASET_PERM_SET", entity=dataset)
    rows = ShareLink.objects.filter(dataset=dataset).select_related("by")
    page = page_by_key(rows, keys=("-id",), after=after, size=size)
    return Page([_row(each) for each in page.items], page.next)


def opened(token: str, proof: str = "") -> Opened:
    """What the link with this token opens. NotFound for a token that is wrong, expired or revoked,
    or whose maker may share no more; PasswordWanted until `proof` (of `unlock`) shows that the
    password was given."""
    link = _living(token)
    if link.password and not _proves(link, proof):
        raise PasswordWanted("This link asks for a password.")
    left = None if link.most_downloads is None else max(link.most_downloads - link.downloads, 0)
    reach = Reach(link.dataset_id, guest(link.pk), link.folder)
    name = link.folder.rpartition("/")[2] or link.dataset.entity.name
    return Opened(link.pk, name, reach, link.expires_at, left)


def unlock(*, token: str, password: str) -> str:
    """The proof that the password was given. PasswordWanted for a wrong one; LinkLocked, whatever
    the password, after ten of them."""
    link = _living(token)
    if not _may_guess(link):
        _lock_up(link)
        raise LinkLocked("Too many wrong passwords; try again in a quarter of an hour.")
    # Counted before it is compared: a hundred guesses at once are no more than ten.
    if not check_password(password[:1000], link.password):
        _note_failure(link)
        raise PasswordWanted("That is not the password of this link.")
    ShareLink.objects.filter(pk=link.pk).update(failures=0)
    return signing.dumps(link.pk, salt=_SALT)


@transaction.atomic
def note_opened(found: Opened) -> None:
    """Keep when the link was last used; an event the first time in ten minutes."""
    now = timezone.now()
    fresh = Q(used_at=None) | Q(used_at__lt=now - timedelta(minutes=10))
    if ShareLink.objects.filter(fresh, pk=found.link).update(used_at=now):
        _record(Kind.SHARE_LINK_OPENED, found, {})


@transaction.atomic
def count_download(found: Opened, *, path: str, start: int) -> None:
    """One download of a file (or of all: `path` is empty) through the link, from byte `start` on.
    LinkUsedUp when it allows no more."""
    now = timezone.now()
    rows = ShareLink.objects.filter(pk=found.link)
    if start > 0 and rows.filter(downloaded_at__gt=now - RESUMED).update(used_at=now):
        return
    left = Q(most_downloads=None) | Q(downloads__lt=F("most_downloads"))
    counted = rows.filter(left).update(downloads=F("downloads") + 1, used_at=now, downloaded_at=now)
    if not counted:
        raise LinkUsedUp("This link allows no more downloads.")
    _record(Kind.SHARE_LINK_USED, found, {"path": path})


def guest(link: int) -> Actor:
    """Whoever came by a link, as the record of events names them."""
    return Actor(None, f"share link {link}", "share")


def _record(kind: Kind, found: Opened, data: dict[str, Any]) -> None:
    by, subject = found.reach.by, found.reach.dataset
    audit.record(kind=kind, by=by, subject=subject, data={"link": found.link, **data})


def _require(by: Actor, dataset: int) -> int:
    """The entity of the maker, who may."""
    for permission in ("DATASET_PERM_SET", "DATASET_READ"):
        tree.require(actor=by, permission=permission, entity=dataset)
    if queries.dataset(SYSTEM, dataset).state == REMOVED:
        raise NotFound(f"Dataset {dataset} was removed.", dataset=dataset)
    if by.entity is None:
        raise BadInput("A share link is made by a person.")
    return by.entity


def _require_folder(dataset: int, folder: str) -> None:
    if not queries.folder(SYSTEM, dataset, folder=folder).items:
        raise NotFound("The dataset has no such folder.", dataset=dataset, folder=folder)


def _checked(
    folder: str, days: int, password: str, most_downloads: int | None, note: str
) -> dict[str, Any]:
    longest = settings.CONFIG.share_days
    if not 1 <= days <= longest:
        raise BadInput(f"A link lives for 1 to {longest} days, not {days}.", field="days")
    if most_downloads is not None and not 1 <= most_downloads < 2**31:
        raise BadInput("A link allows one download or more.", field="most_downloads")
    if password and not 8 <= len(password) <= 1000:
        raise BadInput("A link's password has at least 8 characters.", field="password")
    if len(note) > 300 or "\x00" in note:
        raise BadInput("A note has at most 300 characters.", field="note")
    return {
        "folder": check_relative(folder.strip("/")) if folder.strip("/") else "",
        "password": make_password(password) if password else "",
        "most_downloads": most_downloads,
        "note": note.strip(),
    }


def _living(token: str) -> ShareLink:
    """The link, when it may be opened now. Everything else looks the same."""
    absent = NotFound("There is nothing at this address.")
    rows = ShareLink.objects.select_related("dataset__entity", "by")
    found = rows.filter(hash=_hash(token)).first()
    if found is None or found.revoked_at is not None or found.expires_at <= timezone.now():
        raise absent
    if found.dataset.state == REMOVED or not _may_still_share(found):
        raise absent
    return found


def _may_still_share(link: ShareLink) -> bool:
    """Who left the group, or was shut out, shares no more."""
    maker = Actor(link.by_id, link.by.name, "share")
    user = accounts.find_user(username=link.by.name)
    if user is None or not user.is_active:
        return False
    path = tree_queries.path_of_entity(link.dataset_id) or ""
    wanted = ("DATASET_PERM_SET", "DATASET_READ")
    return all(tree_queries.holds(maker, each, path) for each in wanted)


def _may_guess(link: ShareLink) -> bool:
    """Count a guess, if one may be made now."""
    free = Q(locked_until=None) | Q(locked_until__lte=timezone.now())
    rows = ShareLink.objects.filter(free, pk=link.pk, failures__lt=GUESSES)
    if rows.update(failures=F("failures") + 1):
        return True
    # The rest is over: a new round of guesses begins.
    rested = ShareLink.objects.filter(pk=link.pk, locked_until__lte=timezone.now())
    return bool(rested.update(failures=1, locked_until=None))


def _lock_up(link: ShareLink) -> bool:
    """Let the rest begin, if the guesses are used up and it has not begun."""
    rows = ShareLink.objects.filter(pk=link.pk, failures__gte=GUESSES, locked_until=None)
    return bool(rows.update(locked_until=timezone.now() + REST))


@transaction.atomic
def _note_failure(link: ShareLink) -> None:
    data = {"link": link.pk, "locked": _lock_up(link)}
    audit.record(
        kind=Kind.SHARE_LINK_REFUSED,
        by=guest(link.pk),
        subject=link.dataset_id,
        data=data,
        result="refused",
    )


def _proves(link: ShareLink, proof: str) -> bool:
    try:
        return bool(signing.loads(proof, salt=_SALT, max_age=PROVEN) == link.pk)
    except signing.BadSignature:
        return False


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _row(link: ShareLink) -> LinkRow:
    return LinkRow(
        id=link.pk,
        folder=link.folder,
        note=link.note,
        by=link.by.name,
        created=link.created_at,
        expires=link.expires_at,
        revoked=link.revoked_at,
        has_password=bool(link.password),
        most_downloads=link.most_downloads,
        downloads=link.downloads,
        used=link.used_at,
        state=_state(link),
    )


def _state(link: ShareLink) -> str:
    if link.revoked_at is not None:
        return "revoked"
    if link.expires_at <= timezone.now():
        return "expired"
    used_up = link.most_downloads is not None and link.downloads >= link.most_downloads
    return "used-up" if used_up else "active"

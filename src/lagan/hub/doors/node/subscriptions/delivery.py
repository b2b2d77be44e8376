"""One file goes to one subscriber: filtered, to the first address that takes it, from the first
copy that is right.

When it is not known whether a receiver got it (the connection broke after the last byte, or this
node ended meanwhile), a receiver that is a node is asked first and not sent it again if it has it.
Source: reference/ngas-http.md section 7.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lagan.hub.base import locks
from lagan.hub.doors.node.cluster.targets import is_trusted
from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.models import Host
from lagan.hub.doors.node.plugins.facade import PlugInServer
from lagan.hub.doors.node.subscriptions import rules, sending
from lagan.hub.doors.node.subscriptions.copies import Unreadable, parcels
from lagan.hub.doors.node.subscriptions.queue import Errand
from lagan.hub.doors.node.subscriptions.rules import Job, Subscription
from lagan.hub.doors.node.subscriptions.sending import Damaged, Line, Refused, Unreachable
from lagan.hub.doors.node.wire.authorization import basic, internal
from lagan.kit.errors import LaganError, NotFound

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a delivery. `comment` says how fast, or why not; `away`: the receiver, not the
    file, is the reason; `unsure`: it may have it; `for_good`: trying again is no use."""

    done: bool
    comment: str = ""
    wanted: bool = True
    away: bool = False
    unsure: bool = False
    for_good: bool = False


UNWANTED = Outcome(done=True, wanted=False)


def deliver(node: ArchiveNode, subscription: Subscription, errand: Errand, line: Line) -> Outcome:
    """Deliver; never raises for what receivers, plug-ins and copies do."""
    try:
        if not _is_wanted(node, subscription, errand):
            return UNWANTED
    except LaganError as error:
        return Outcome(done=False, comment=error.sentence)
    worst: Outcome | None = None
    unsure = errand.unsure
    for url in rules.targets(subscription.url):
        outcome = _to(node, url, errand, line, unsure=unsure)
        if outcome.done:
            return outcome
        unsure = unsure or outcome.unsure
        worst = outcome if worst is None or worst.away else worst
    return worst or Outcome(done=False, comment="The subscription has no address.")


def _is_wanted(node: ArchiveNode, subscription: Subscription, errand: Errand) -> bool:
    if not subscription.filter:
        return True
    row, server = errand.row, PlugInServer(node)
    return bool(
        node.plug_ins.call(
            "subscription filter",
            subscription.filter,
            server,
            subscription.parameters,
            row.file_name,
            row.file_id,
            row.file_version,
        )
    )


def _to(node: ArchiveNode, url: str, errand: Errand, line: Line, *, unsure: bool) -> Outcome:
    if (job := rules.job(url)) is not None:
        return _run(node, job, errand)
    try:
        return _send(node, url, errand, line, unsure=unsure)
    except Unreachable as error:
        return Outcome(done=False, comment=error.sentence, away=True, unsure=error.unsure or unsure)
    except LaganError as error:
        return Outcome(done=False, comment=error.sentence)


def _send(node: ArchiveNode, url: str, errand: Errand, line: Line, *, unsure: bool) -> Outcome:
    reason: LaganError = NotFound("There is no copy.")
    rearchive = rules.is_rearchive(url)
    for parcel in parcels(node, errand.row):
        headers = authorization(node, url, parcel.row.file_name)
        asked = rules.receiver_status(url) if unsure else None
        locks.let_go()  # receivers may be slow
        if asked and sending.has_it(asked, parcel.row, headers, line, exact=rearchive):
            return Outcome(done=True, comment="the receiver had it already")
        try:
            rate = sending.send(url, parcel, headers, line, rearchive=rearchive)
        except Damaged as error:
            _log.error("A delivery ends: %s", error.sentence)
            catalogue.mark(parcel.row, finding=error.sentence, at=datetime.now(UTC))
            reason = error
        except (Refused, Unreachable):
            raise
        except LaganError as error:
            reason = error
        else:
            return Outcome(done=True, comment=f"{rate:.0f} B/s")
    raise Unreadable(reason.sentence)


def authorization(node: ArchiveNode, url: str, file_name: str) -> Mapping[str, str]:
    """Who the node says it is: what the plug-in for that answers for https, else the internal
    user, if there is one and the receiver is one that an administrator knows."""
    plug_in = node.config.subscription_auth.plug_in
    if plug_in and urlsplit(url).scheme == "https":
        told = node.plug_ins.call("subscription auth", plug_in, file_name, url)
        return authorization_headers(told, url)
    shown = internal(node.config.authorization)
    if shown is None or not is_trusted(url, node.config.own.targets, _named(node)):
        return {}
    return {"Authorization": shown}


def _named(node: ArchiveNode) -> set[str]:
    """Hosts that the configuration or the cluster knows: whoever may subscribe cannot have the
    internal user's password sent to a host of their own."""
    config = node.config
    sources = config.mirroring.sources if config.mirroring else ()
    made = config.subscriptions.items if config.subscriptions else ()
    return {
        *config.partners.addresses,
        *(each for source in sources for each in source.servers),
        *(each.host for each in made),
        *(each for each in Host.objects.values_list("ip_address", flat=True) if each),
    }


def authorization_headers(told: Any, url: str) -> Mapping[str, str]:
    """What requests would send: a text is the header's value, a pair a user and a password, any
    other object puts itself into a request."""
    if told is None:
        return {}
    if isinstance(told, str):
        return {"Authorization": told.strip()}
    if isinstance(told, tuple) and len(told) == 2:
        return {"Authorization": basic(str(told[0]), str(told[1]))}
    import requests

    prepared = requests.Request("POST", url).prepare()
    before = dict(prepared.headers)
    try:
        after = told(prepared)
    except Exception as error:
        raise Unreadable(f"The plug-in for authorization failed: {error}") from None
    return {name: str(v) for name, v in after.headers.items() if before.get(name) != v}


def _run(node: ArchiveNode, job: Job, errand: Errand) -> Outcome:
    row = errand.row
    path = row.file_name
    disk = node.disks.get(row.disk_id)
    if disk is not None:
        path = str(disk.path / row.file_name)
    try:
        answer = node.plug_ins.call(
            "subscription job",
            job.plug_in,
            PlugInServer(node),
            job.parameters,
            path,
            row.file_id,
            row.file_version,
            row.disk_id,
        )
    except LaganError as error:
        return Outcome(done=False, comment=error.sentence, for_good=not job.redo)
    code, said = answer if isinstance(answer, tuple) and len(answer) == 2 else (0, "")
    with suppress(TypeError, ValueError):
        if int(code) != 0:
            return Outcome(done=False, comment=str(said), for_good=not job.redo)
    return Outcome(done=True, comment=str(said))

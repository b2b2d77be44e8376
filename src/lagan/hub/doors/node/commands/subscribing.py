"""SUBSCRIBE, UNSUBSCRIBE, USUBSCRIBE, TRIGGERSUBSCRIPTION, GETSUBQINFO, SubscriberUI: who is sent
what arrives.

Source: reference/ngas-http.md section 7. Texts that clients compare are as there.
"""

from __future__ import annotations

from contextlib import suppress
from html import escape
from typing import Any

from lagan.hub.doors.node.cluster.targets import require_target
from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.models import Subscriber
from lagan.hub.doors.node.subscriptions import queue, rules, subscribers
from lagan.hub.doors.node.subscriptions.rules import Subscription
from lagan.hub.doors.node.subscriptions.subscribers import Different
from lagan.hub.doors.node.wire.messages import CMD_SYNTAX
from lagan.hub.doors.node.wire.moments import read_local, show_local
from lagan.hub.doors.node.wire.reply import Call, Done, Failed
from lagan.hub.doors.node.wire.requests import InvalidParameter
from lagan.hub.doors.node.wire.server import Answer
from lagan.hub.doors.node.wire.status import FAILURE, Node
from lagan.kit.errors import LaganError, Unavailable

LARGEST_PRIORITY = 32_767
"""What the column holds."""
DONE = "Handled SUBSCRIBE command"
_LONGEST = {"subscr_id": 255, "filter_plug_in": 255, "plug_in_pars": 2000}


def _subscribe(call: Call) -> Done:
    wanted = _asked(call)
    node = call.node
    try:
        new = subscribers.subscribe(
            wanted, host_id=node.host_id, feeds=node.deliveries.feeds, by=node.by
        )
    except Different as error:
        raise Failed(error.sentence, 409) from None
    if new:
        node.deliveries.stir()
    return Done(DONE, code=200 if new else 201)


def _asked(call: Call) -> Subscription:
    request = call.request
    url = _url(call)
    start = request.get("start_date")
    return Subscription(
        id=_text(call, "subscr_id") or rules.default_id(url)[: rules.LONGEST_ID],
        url=url,
        start=show_local(read_local(start, "start_date")) if start else None,
        priority=_count(call, "priority", rules.PRIORITY, LARGEST_PRIORITY),
        filter=_text(call, "filter_plug_in"),
        parameters=_text(call, "plug_in_pars"),
        threads=_count(call, "concurrent_threads", rules.THREADS, 10_000),
    )


def _url(call: Call) -> str:
    """The addresses; to each the configuration lets this node go. A host that is not known today
    may be tomorrow. Failed."""
    url = rules.check_url(call.request.get("url"))
    for each in rules.split_url(url)[0]:
        if rules.job(each) is None:
            with suppress(Unavailable):
                require_target(each, call.node.config.own.targets, ("http", "https"))
    return url


def _text(call: Call, name: str) -> str:
    """A text that its column can hold. InvalidParameter."""
    given = call.request.get(name)
    if len(given) > _LONGEST[name] or "\0" in given:
        raise InvalidParameter(f"{name} has at most {_LONGEST[name]} characters", parameter=name)
    return given


def _count(call: Call, name: str, default: int, most: int) -> int:
    """A number that is not negative. InvalidParameter."""
    found = call.request.number(name)
    if found is None:
        return default
    if not 0 <= found <= most:
        raise InvalidParameter(f"{name} is not between 0 and {most}: {found}", parameter=name)
    return found


def _unsubscribe(call: Call) -> Done:
    key = call.request.get("subscr_id") or call.request.get("url")
    if not key:
        # The archive server names SUBSCRIBE here too, and clients know it so.
        raise Failed(CMD_SYNTAX.say("SUBSCRIBE", "Missing parameter: subscr_id"))
    subscribers.unsubscribe(key, host_id=call.node.host_id, by=call.node.by)
    call.node.deliveries.stir()
    return Done("Successfully handled UNSUBSCRIBE command")


def _change(call: Call) -> Done:
    """A refusal is a FAILURE with HTTP status 200, as clients of USUBSCRIBE expect."""
    try:
        changes = _changes(call)
        suspend = call.request.switch("suspend") if call.request.has("suspend") else None
        if not call.request.has("subscr_id"):
            raise Failed(CMD_SYNTAX.say("USUBSCRIBE", "Missing parameter: subscr_id"))
        if not changes and suspend is None:
            raise Failed(CMD_SYNTAX.say("USUBSCRIBE", "nothing is to be changed"))
        subscribers.change(
            call.request.get("subscr_id"),
            changes,
            suspend=suspend,
            host_id=call.node.host_id,
            by=call.node.by,
        )
    except LaganError as error:
        return Done(error.sentence, status=FAILURE)
    call.node.deliveries.stir()
    return Done("Successfully handled command USUBSCRIBE")


def _changes(call: Call) -> dict[str, Any]:
    request = call.request
    found: dict[str, Any] = {}
    if request.has("url"):
        found["url"] = _url(call)
    if request.has("start_date"):
        found["start"] = show_local(read_local(request.get("start_date"), "start_date"))
    if request.has("priority"):
        found["priority"] = _count(call, "priority", 0, LARGEST_PRIORITY)
    if request.has("concurrent_threads"):
        found["threads"] = _count(call, "concurrent_threads", 0, 10_000)
    for name, field in (("filter_plug_in", "filter"), ("plug_in_pars", "parameters")):
        if request.has(name):
            found[field] = _text(call, name)
    return found


def _trigger(call: Call) -> Done:
    call.node.deliveries.hurry()
    return Done("Successfully handled command TRIGGERSUBSCRIPTION")


def _queue_info(call: Call) -> Done:
    rows = _chosen(call)
    counts = queue.counts([each.subscr_id for each in rows])
    children = [
        Node(
            "SubscriptionQueue",
            [("SubscriberId", id), *((what.capitalize(), str(n)) for what, n in found.items())],
        )
        for id, found in counts.items()
    ]
    said = "; ".join(
        f"{id}: " + ", ".join(f"{number} {what}" for what, number in found.items())
        for id, found in counts.items()
    )
    return Done(said or "There are no subscriptions.", children)


def _chosen(call: Call) -> list[Subscriber]:
    wanted = call.request.get("subscr_id")
    rows = subscribers.own(call.node.host_id)
    chosen = [each for each in rows if not wanted or each.subscr_id == wanted]
    if wanted and not chosen:
        raise Failed(wanted)
    return chosen


_HEADINGS = (
    *("Subscription", "Address", "Since", "Priority", "Threads", "Filter"),
    *("Waiting", "Being sent", "Delivered", "Failed"),
)


def _page(call: Call) -> Answer:
    """A page with the subscriptions of this node, for people."""
    rows = _chosen(call)
    counts = queue.counts([each.subscr_id for each in rows])
    lines = [_line(_cells(each, counts[each.subscr_id]), "td") for each in rows]
    title = f"Subscriptions of {escape(call.node.host_id)}"
    content = (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"</head><body><h1>{title}</h1><table>{_line(_HEADINGS, 'th')}{''.join(lines)}</table>"
        "</body></html>\n"
    )
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", "default-src 'none'"),
    ]
    return Answer(200, headers, content.encode())


def _cells(row: Subscriber, counts: dict[str, int]) -> list[object]:
    said = subscribers.of_row(row)
    # Without the query, which may hold a secret.
    known = [said.id, said.url.partition("?")[0], said.start, said.priority, said.threads]
    return [*known, said.filter, *counts.values()]


def _line(cells: Any, name: str) -> str:
    return "<tr>" + "".join(f"<{name}>{escape(str(each))}</{name}>" for each in cells) + "</tr>\n"


COMMANDS = {
    "SUBSCRIBE": Command(_subscribe),
    "UNSUBSCRIBE": Command(_unsubscribe),
    "USUBSCRIBE": Command(_change),
    "TRIGGERSUBSCRIPTION": Command(_trigger),
    "GETSUBQINFO": Command(_queue_info),
    "SubscriberUI": Command(_page),
}

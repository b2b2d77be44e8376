"""Rows of a site's folder for the browser's tree: in front of Django, since a site may take seconds
to answer and the pages have few threads."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import translation

from lagan.hub.accounts.exchanges import asker
from lagan.hub.base.raw import Exchange, Handler, in_thread
from lagan.hub.jobs.browsing import VERB, Folder, question, read
from lagan.hub.jobs.wire.asking import ask
from lagan.hub.jobs.workflows import queries as workflows
from lagan.hub.web import browsing, names
from lagan.hub.web.policy import POLICY
from lagan.kit.errors import BadInput, LaganError, NotSignedIn

HEADERS = (
    ("Cache-Control", "private, no-store"),
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
)
HTML = "text/html; charset=utf-8"


def route(method: str, path: str) -> Handler | None:
    """The handler of `/browse/folder/`; None for others."""
    return folder if method == "GET" and path == "/browse/folder/" else None


async def folder(exchange: Exchange) -> None:
    """GET: `site`, `path` (none: its roots), `level` of the rows, `after`, `hidden`. A refusal of
    the site is a row too; NotSignedIn and bad addresses are refused."""
    site, level = exchange.query("site") or "", _level(exchange.query("level") or "2")
    path = names.uncarried(text) if (text := exchange.query("path")) else ""
    refused = ""
    try:
        asked = await in_thread(_asked, exchange, site, path)
        found = read(site, await ask(site, VERB, asked))
    except NotSignedIn:
        raise
    except LaganError as refusal:
        found, refused = Folder(site, path, [], None), refusal.sentence
    shown = await in_thread(_rows, exchange, found, level, refused)
    await exchange.reply(200, HEADERS, shown.encode(), HTML)


def _asked(exchange: Exchange, site: str, path: str) -> dict[str, Any]:
    return question(
        actor=asker(exchange),
        site=site,
        path=path,
        details=True,
        hidden=exchange.query("hidden") == "1",
        after=exchange.query("after") or None,
        size=browsing.SIZE,
    )


def _rows(exchange: Exchange, found: Folder, level: int, refused: str) -> str:
    """The rows in the visitor's language."""
    context = {
        "site": found.site,
        "lines": browsing.lines(found.site, found.entries),
        "level": level,
        "parent": names.carried(found.path) if found.path else "",
        "more": found.next,
        "refused": refused,
        "labels": {row.key: row.label for row in workflows.status_types()},
    }
    with translation.override(language(exchange)):
        return render_to_string("web/parts/browse_rows.html", context)


def language(exchange: Exchange) -> str:
    """The one that Django would choose for a request with these headers."""
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = exchange.header("accept-language") or ""
    for pair in (exchange.header("cookie") or "").split(";"):
        name, _equals, value = pair.strip().partition("=")
        request.COOKIES.setdefault(name, value)
    return translation.get_language_from_request(request)


def _level(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 < int(text[:4]) <= browsing.DEEPEST):
        raise BadInput(f"level is 2 to {browsing.DEEPEST}.", field="level")
    return int(text)

"""Zips of packages that come from a page's form and leave by a page's link: in front of Django,
which would hold them."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from lagan.hub.access.handlers import send_file
from lagan.hub.accounts.exchanges import asker, sender
from lagan.hub.base.actors import Actor
from lagan.hub.base.problems import refusal
from lagan.hub.base.raw import Disconnected, Exchange, Handler, in_thread
from lagan.hub.doors.packages_api.depositing import deposit, depositor
from lagan.hub.doors.packages_api.form import Form
from lagan.hub.packages import queries, services
from lagan.hub.packages.services import HandOut
from lagan.hub.web import pairs
from lagan.hub.web.browse_front import HEADERS, HTML, language
from lagan.kit.errors import LaganError, NotSignedIn

JSON = "application/json"
_PLACE = re.compile(r"/packages/(?P<package>\d{1,18})/(?P<part>version|download)/")
_log = logging.getLogger(__name__)


def route(method: str, path: str) -> Handler | None:
    """The handler of a form's target, or of a download; None for what Django answers."""
    if (method, path) == ("POST", "/packages/deposit/"):
        return new
    found = _PLACE.fullmatch(path)
    if found is None:
        return None
    package = int(found["package"])
    if (method, found["part"]) == ("POST", "version"):
        return partial(version, package=package)
    if (method, found["part"]) == ("GET", "download"):
        return partial(download, package=package)
    return None


def _as_page(handle: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """A handler whose refusals are pages, or problems for a script."""

    async def answer(exchange: Exchange, **given: Any) -> None:
        try:
            await handle(exchange, **given)
        except NotSignedIn:
            if _from_script(exchange):
                raise
            await _lead(exchange, "/login/")
        except Disconnected:
            raise
        except Exception as error:
            known = refusal(error)
            if known is None or exchange.answered or _from_script(exchange):
                raise
            await _show(exchange, known)

    return answer


@_as_page
async def new(exchange: Exchange) -> None:
    """POST: a new package in a group. Its zip comes with the form, or by tus when `resumable`
    names it."""
    by = await in_thread(depositor, exchange)
    await _done(exchange, by, None)


@_as_page
async def version(exchange: Exchange, package: int) -> None:
    """POST: the next version of a package."""
    by = await in_thread(sender, exchange)
    await in_thread(queries.package, by, package)
    await _done(exchange, by, package)


@_as_page
async def download(exchange: Exchange, package: int) -> None:
    """GET: the zip of a prepared package; else its preparation is asked for, and shown on its
    page."""
    by = await in_thread(asker, exchange)

    def asked() -> HandOut | None:
        return services.ask_for(by=by, package=package)

    given = await in_thread(asked)
    if given is None:
        await _lead(exchange, f"/packages/{package}/")
    else:
        pieces = services.proved(package, given)
        await send_file(exchange, given.entry, [given.location], pieces)


async def _done(exchange: Exchange, by: Actor, after: int | None) -> None:
    row = await deposit(exchange, by, after, _described if after is None else _unchanged)
    if _from_script(exchange):
        await exchange.reply_json(201, {"id": row.id, "path": row.file_name})
    else:
        await _lead(exchange, f"/packages/{row.id}/")


def _described(form: Form) -> object:
    return pairs.read(form.get)


def _unchanged(form: Form) -> object:
    """A new version has the metadata of the one before it."""
    return None


def _from_script(exchange: Exchange) -> bool:
    return exchange.header("accept") == JSON


async def _lead(exchange: Exchange, address: str) -> None:
    await exchange.reply(303, [("Location", address), ("Cache-Control", "no-store")])


async def _show(exchange: Exchange, error: LaganError) -> None:
    """The refusal as a page; what is left of the body is not read."""
    if error.status >= 500:
        _log.warning("%s %s: %s", exchange.method, exchange.path, error.sentence)
    headers = [*HEADERS, ("Connection", "close")]
    shown = await in_thread(_page, exchange, error)
    await exchange.reply(error.status, headers, shown.encode(), HTML)


def _page(exchange: Exchange, error: LaganError) -> str:
    with translation.override(language(exchange)):
        absent = error.status == 404
        heading = _("There is no such page") if absent else _("This was refused")
        usual = _("The address may be mistyped, or what it names is not yours to see.")
        sentence = usual if absent else error.sentence
        context = {"status": error.status, "heading": heading, "sentence": sentence}
        return render_to_string("web/pages/refusal.html", context)

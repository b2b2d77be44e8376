"""What whoever came by a share link sees: a password to give, then the files; nothing else of the
hub."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from lagan.hub.access.shared import COOKIE
from lagan.hub.datasets import reach as reaching
from lagan.hub.datasets import services, sharing
from lagan.hub.datasets.errors import LinkLocked, PasswordWanted
from lagan.hub.datasets.queries import FolderItem
from lagan.hub.datasets.sharing import Opened
from lagan.hub.web.visitor import asked
from lagan.kit.errors import NotFound


@dataclass(frozen=True, slots=True)
class Line:
    """A folder or file; addresses are relative, so that the token stands on the page nowhere."""

    name: str
    address: str
    is_folder: bool
    size: int | None
    sha256: str | None


@require_http_methods(["GET", "HEAD", "POST"])
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """The link's page; by POST the password is given."""
    response = _give(request, token) if request.method == "POST" else _show(request, token)
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["Cache-Control"] = "private, no-store"
    # To no other host; to our own, because the form must say where it came from.
    response["Referrer-Policy"] = "same-origin"
    return response


def _show(request: HttpRequest, token: str) -> HttpResponse:
    try:
        opened = sharing.opened(token, request.COOKIES.get(COOKIE, ""))
    except PasswordWanted:
        return render(request, "web/pages/share_password.html")
    services.note_opened(opened)
    return render(request, "web/pages/shared.html", _listing(request, opened))


def _give(request: HttpRequest, token: str) -> HttpResponse:
    try:
        proof = services.unlock(token=token, password=request.POST.get("password", ""))
    except (PasswordWanted, LinkLocked) as refusal:
        context = {"refused": refusal.sentence}
        return render(request, "web/pages/share_password.html", context, status=refusal.status)
    response = redirect(request.path)
    response.set_cookie(
        COOKIE, proof, max_age=sharing.PROVEN, path=request.path, httponly=True,
        secure=request.is_secure(), samesite="Lax",
    )  # fmt: skip
    return response


def _listing(request: HttpRequest, opened: Opened) -> dict[str, Any]:
    folder, after = asked(request, "folder").strip("/"), asked(request, "after")
    page = reaching.folder(opened.reach, folder, after=after or None)
    if folder and not page.items and not after:
        raise NotFound("There is no such folder here.")
    return {
        "opened": opened,
        "may_download": opened.downloads_left != 0,
        "lines": [_line(opened, each) for each in page.items],
        "folders": _crumbs(folder),
        "next_page": f"?{urlencode({'folder': folder, 'after': page.next})}" if page.next else None,
        "first_page": f"?{urlencode({'folder': folder})}" if after else None,
    }


def _line(opened: Opened, item: FolderItem) -> Line:
    path = reaching.outside(opened.reach, item.path)
    address = f"?{urlencode({'folder': path})}" if item.is_folder else f"content/{quote(path)}"
    return Line(item.name, address, item.is_folder, item.size, item.sha256)


def _crumbs(folder: str) -> list[tuple[str, str]]:
    names = [name for name in folder.split("/") if name]
    return [
        (name, f"?{urlencode({'folder': '/'.join(names[: depth + 1])})}")
        for depth, name in enumerate(names)
    ]

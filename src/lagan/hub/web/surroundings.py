"""What every template may count on: the way about the hub and the theme that the visitor chose."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lagan.hub.web.attention import ringing

THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the rail: its address, its words, its icon, and the view names that belong to
    it."""

    address: str
    words: str | Promise
    icon: str


PLACES = (
    Place("/", _("Home"), "house"),
    Place("/browse/", _("Browse"), "folder-open"),
    Place("/datasets/", _("Datasets"), "layers"),
    Place("/packages/", _("Packages"), "package"),
    Place("/tree/", _("Tree"), "list-tree"),
    Place("/templates/", _("Templates"), "layout-template"),
    Place("/instruments/", _("Instruments"), "microscope"),
    Place("/computers/", _("Computers"), "monitor"),
    Place("/jobs/", _("Jobs"), "activity"),
    Place("/quotas/", _("Quotas"), "gauge"),
    Place("/archive/", _("Archive"), "hard-drive"),
    Place("/audit/", _("Record"), "scroll-text"),
    Place("/people/", _("People"), "users"),
    Place("/administration/", _("Administration"), "settings"),
)


def surroundings(request: HttpRequest) -> dict[str, Any]:
    """Context for every page: `places`, the `here` among them, the `theme`, and the `bell`, which
    is asked only where it is shown."""
    theme = request.COOKIES.get("theme", "auto")
    return {
        "places": PLACES,
        "here": _here(request.path),
        "theme": theme if theme in THEMES else "auto",
        "bell": partial(ringing, request),
    }


def _here(path: str) -> str:
    """The place whose address is the longest beginning of `path`."""
    if path == "/":
        return path
    within = (
        place.address for place in PLACES if place.address != "/" and path.startswith(place.address)
    )
    return next(within, "")

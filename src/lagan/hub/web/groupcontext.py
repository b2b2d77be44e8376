"""The group whose packages a visitor works with: in the address, remembered by the browser, and
switched by links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from lagan.hub.base.actors import Actor
from lagan.hub.packages import queries
from lagan.hub.packages.queries import Context
from lagan.hub.tree import queries as tree
from lagan.hub.web import presented
from lagan.hub.web.visitor import asked

COOKIE = "packages-group"
ALL = "all"
KEPT_FOR = 365 * 86_400  # seconds


@dataclass(frozen=True, slots=True)
class Chosen:
    """The groups to choose from, and the one that is chosen; None for all of them."""

    places: Sequence[Context]
    group: Context | None
    here: str

    @property
    def id(self) -> int | None:
        """Of the group."""
        return self.group.id if self.group else None

    @property
    def word(self) -> str:
        """The group as addresses name it."""
        return str(self.group.id) if self.group else ALL

    @property
    def may_deposit(self) -> bool:
        """Whether the visitor may deposit in the group, or in any."""
        if self.group is not None:
            return self.group.deposits
        return any(each.deposits for each in self.places)

    @property
    def choices(self) -> list[tuple[Context, str]]:
        """Each group, and the address of this page for it."""
        return [(each, presented.addressed(self.here, group=each.id)) for each in self.places]

    @property
    def everything(self) -> str:
        """The address of this page for all groups."""
        return presented.addressed(self.here, group=ALL)

    def remember(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Come back to this group the next time."""
        response.set_cookie(
            COOKIE, self.word, max_age=KEPT_FOR, httponly=True, samesite="Lax",
            secure=request.is_secure(),
        )  # fmt: skip
        return response


def chosen(request: HttpRequest, actor: Actor) -> Chosen:
    """The group that the address names; NotFound for one in which the visitor may neither deposit
    nor read."""
    places, text = queries.places(actor), asked(request, "group").strip()
    if not text or text == ALL:
        return Chosen(places, None, request.path)
    found = next((each for each in places if str(each.id) == text), None)
    if found is None:  # beyond those that are offered, or called by its name
        id = queries.group_called(actor, text)
        path = tree.full_path([id])[id]
        deposits = tree.may(actor, "DATASET_CREATE", id)
        found = Context(id, path.rpartition("/")[2], path, deposits, False)
    return Chosen(places, found, request.path)


def remembered(request: HttpRequest, actor: Actor) -> HttpResponse | None:
    """To the page of the group of the last time, when the address names none."""
    word = request.COOKIES.get(COOKIE, "")
    if "group" in request.GET or not word.isdecimal():
        return None
    if all(str(each.id) != word for each in queries.places(actor)):
        return None
    query = request.GET.copy()
    query["group"] = word
    return redirect(f"{request.path}?{query.urlencode()}")

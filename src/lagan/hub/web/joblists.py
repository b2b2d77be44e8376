"""Lists of jobs as pages show them: what the address asks for, the rows, the way to other pages,
and what all jobs of the list are by type and state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lagan.hub.accounts.queries import visible_names
from lagan.hub.base.actors import Actor
from lagan.hub.jobs import listing, marks, paging, queries
from lagan.hub.jobs.listing import JobFilter
from lagan.hub.jobs.queries import JobRow
from lagan.hub.web import charts, presented, shown
from lagan.hub.web.visitor import asked
from lagan.kit.errors import BadInput

SIZES = (20, 50, 100)
COLUMNS: Mapping[str, tuple[str, str | Promise]] = {
    "job": ("id", _("Job")),
    "owner": ("created_by_name", _("Owner")),
    "type": ("kind", _("Type")),
    "site": ("site", _("Site")),
    "created": ("created", _("Created")),
    "state": ("state", _("State")),
}
PERIODS: Mapping[str, tuple[int, str | Promise]] = {
    "today": (0, _("Today")),
    "7d": (7, _("Last 7 days")),
    "30d": (30, _("Last 30 days")),
    "90d": (90, _("Last 90 days")),
}
STATES = ("STARTED", "PENDING", "SUCCESS", "FAILURE", "ERROR", "CANCELLED")
TONES = {"STARTED": "moving", "SUCCESS": "good", "FAILURE": "bad", "ERROR": "suspect"}


@dataclass(frozen=True, slots=True)
class Asking:
    """What the address asks for; texts as they stand there, checked."""

    base: str
    period: str = ""
    type: str = ""
    state: str = ""
    owner: str = ""
    site: str = ""
    since: str = ""
    until: str = ""
    sort: str = ""
    size: int = SIZES[0]
    page: int = 1

    def address(self, **changed: Any) -> str:
        """The address with something else in it; the first page unless `page` is given."""
        other = replace(self, **{"page": 1, **changed})
        names = ("period", "type", "state", "site", "since", "until", "sort")
        given: dict[str, Any] = {name: getattr(other, name) for name in names}
        given["owner"] = "" if self.base != "/jobs/" else other.owner
        given["size"] = other.size if other.size != SIZES[0] else None
        given["page"] = other.page if other.page > 1 else None
        return presented.addressed(self.base, **given)

    @property
    def filtered(self) -> bool:
        """Whether some jobs are left out."""
        given = (self.period, self.type, self.state, self.site, self.since, self.until)
        return any(given) or (self.base == "/jobs/" and bool(self.owner))


def asking(request: HttpRequest, *, base: str = "/jobs/", owner: str = "") -> Asking:
    """What a list's address asks for. BadInput for what no list has."""
    given = {name: asked(request, name).strip() for name in ("type", "site", "since", "until")}
    found = Asking(
        base=base,
        owner=owner or asked(request, "owner").strip(),
        period=_one_of(request, "period", PERIODS),
        state=_one_of(request, "state", STATES),
        sort=_one_of(request, "sort", [*COLUMNS, *(f"-{name}" for name in COLUMNS)]),
        size=_number(request, "size", SIZES[0]),
        page=_number(request, "page", 1),
        **given,
    )
    if found.size not in SIZES:
        raise BadInput("A page has 20, 50 or 100 jobs.", field="size")
    for name in ("since", "until"):
        _day(name, given[name])
    return found


def filters(found: Asking) -> JobFilter:
    """The same for the query: a period and days as moments."""
    since, until = _day("since", found.since), _day("until", found.until)
    if found.period:
        today = datetime.combine(timezone.now().date(), time(), tzinfo=timezone.now().tzinfo)
        since = max(filter(None, (since, today - timedelta(days=PERIODS[found.period][0]))))
    return JobFilter(
        kind=found.type,
        state=found.state,
        owner=found.owner,
        site=found.site,
        since=since,
        until=until + timedelta(days=1) if until else None,
    )


def job_list(actor: Actor, found: Asking) -> dict[str, Any]:
    """All that `web/parts/jobs.html` shows."""
    mark = marks.of_jobs(actor)
    wanted = filters(found)
    sort = found.sort or "-job"
    key = COLUMNS[sort.lstrip("-")][0]
    turned = f"-{key}" if sort.startswith("-") else key
    rows, stats = paging.page(actor, wanted, turned, found.page, found.size)
    count = sum(stats["state"].values())
    return {
        "asked": found,
        "jobs": rows,
        "people": people(actor, rows),
        "live": marks.digest(mark),
        "heads": [_head(found, name, words, sort) for name, (_key, words) in COLUMNS.items()],
        **_turning(found, count, len(rows)),
        "stats": stats,
        **_summary(found, stats),
    }


def recent(actor: Actor, count: int) -> dict[str, Any]:
    """The newest jobs, whatever their state."""
    mark = marks.of_jobs(actor)
    rows = queries.visible(actor, size=count).items
    return {"jobs": rows, "people": people(actor, rows), "live": marks.digest(mark)}


def people(actor: Actor, rows: Iterable[JobRow]) -> dict[int, str]:
    """The user names of those owners whose pages the visitor may see."""
    return visible_names(actor, {row.created_by for row in rows if row.created_by is not None})


def chips(found: Asking) -> list[dict[str, Any]]:
    """The filters that are on, with the address of the list without each."""
    owner = found.owner if found.base == "/jobs/" else ""
    given: tuple[tuple[str, str | Promise, str | Promise], ...] = (
        ("period", _("Created"), PERIODS[found.period][1] if found.period else ""),
        ("since", _("From"), found.since),
        ("until", _("To"), found.until),
        ("type", _("Type"), found.type),
        ("state", _("State"), shown.look(found.state).words if found.state else ""),
        ("owner", _("Owner"), owner),
        ("site", _("Site"), found.site),
    )
    return [
        {"key": key, "words": words, "without": found.address(**{name: ""})}
        for name, key, words in given
        if words
    ]


def choices(actor: Actor, found: Asking, stats: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """What the form of filters offers: what all jobs are, which a list without filters (`stats`)
    has counted already."""
    owner = found.owner if found.base != "/jobs/" else ""
    every = stats if not found.filtered else listing.job_stats(actor, JobFilter(owner=owner))
    return {
        "chips": chips(found),
        "periods": [(name, words) for name, (_days, words) in PERIODS.items()],
        "states": [(name, shown.look(name).words) for name in STATES],
        "types": sorted(every["type"]),
        "sites": sorted(name for name in every["site"] if name),
    }


def _head(found: Asking, name: str, words: str | Promise, sort: str) -> dict[str, Any]:
    """A column's head: the address that sorts by it, the other way round when it is sorted."""
    up, down = sort == name, sort == f"-{name}"
    first_down = name in ("job", "created")
    turn = name if down or not (up or first_down) else f"-{name}"
    return {
        "words": words,
        "address": found.address(sort=turn),
        "sorted": "ascending" if up else "descending" if down else "",
    }


def _turning(found: Asking, count: int, here: int) -> dict[str, Any]:
    first = (found.page - 1) * found.size + 1
    last = first + here - 1
    return {
        "count": count,
        "first": first if here else 0,
        "last": last if here else 0,
        "before": found.address(page=found.page - 1) if found.page > 1 else None,
        "after": found.address(page=found.page + 1) if last < count else None,
        "sizes": [(size, found.address(size=size), size == found.size) for size in SIZES],
    }


def _summary(found: Asking, stats: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    types = (
        (("", kind, number, found.address(type=kind))) for kind, number in stats["type"].items()
    )
    states = (
        (
            f"slice-{TONES.get(state, 'quiet')}",
            shown.look(state).words,
            number,
            found.address(state=state),
        )
        for state, number in stats["state"].items()
    )
    return {"by_type": charts.ring(types), "by_state": charts.ring(states)}


def _one_of(request: HttpRequest, name: str, known: Iterable[str]) -> str:
    value = asked(request, name).strip()
    if value and value not in known:
        raise BadInput(f"{value[:50]!r} is nothing that {name} can be.", field=name)
    return value


def _number(request: HttpRequest, name: str, default: int) -> int:
    text = asked(request, name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) < 8 and int(text) > 0):
        raise BadInput(f"{name} is a whole number from 1.", field=name)
    return int(text)


def _day(name: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{name} is a day like 2026-11-22, not {text[:20]!r}.", field=name) from None
    return datetime.combine(day, time(), tzinfo=timezone.now().tzinfo)

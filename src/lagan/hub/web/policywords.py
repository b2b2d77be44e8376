"""What a policy does, read back in sentences, and the words of its report; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lagan.hsm.policy.definition import LARGEST, MIN_SIZE, NOT, ONLY, PREMIGRATE, UNREAD, Policy
from lagan.hub.web import names
from lagan.hub.web.charts import Bar, bars
from lagan.kit.sizes import GIB, KIB, MIB, TIB
from lagan.kit.times import show_span

DAY = 86400
_YEAR = 365
_MANY = 3
"""Names that a sentence lists; more are counted."""

ORDERS: Mapping[str, str | Promise] = {
    UNREAD: gettext_lazy("the longest unread first"),
    LARGEST: gettext_lazy("the largest first"),
    "weighted": gettext_lazy("large and long unread ones first"),
}
WHY: Mapping[str, str | Promise] = {
    "not-needed": gettext_lazy("Not needed: enough is freed without it"),
    "pinned": gettext_lazy("Pinned"),
    "excluded": gettext_lazy("Left out by name"),
    "not-included": gettext_lazy("Not among the names that are meant"),
    "read": gettext_lazy("Read lately"),
    "written": gettext_lazy("Written lately"),
    "small": gettext_lazy("Too small to be worth it"),
    "owner": gettext_lazy("Of other people"),
    "state": gettext_lazy("In another state than is meant"),
    "away": gettext_lazy("Migrated already"),
    "nothing-to-free": gettext_lazy("Takes no room"),
    "not-full": gettext_lazy("On a filesystem that has room"),
    "no-file": gettext_lazy("Links and the like"),
    "unreadable": gettext_lazy("Could not be looked at"),
}  # fmt: skip
CAUSES: Mapping[str, str | Promise] = {
    "full": gettext_lazy("too full"),
    "schedule": gettext_lazy("schedule"),
    "person": gettext_lazy("by hand"),
}


def sentence(policy: Policy, site: str) -> str:
    """What the policy does, in one sentence."""
    words = {
        "where": _listed(policy.paths) or _where(policy, site),
        "what": _files(policy),
        "target": policy.target or _("the target that the site's rules choose"),
        "order": ORDERS[policy.order],
        "high": shown_percent(policy.high),
        "low": shown_percent(policy.low),
    }
    if policy.action == PREMIGRATE:
        return _("From %(where)s, %(what)s are copied to %(target)s and stay, %(order)s.") % words
    if policy.high is None:
        return _("From %(where)s, %(what)s go to %(target)s, %(order)s.") % words
    return (
        _(
            "When %(where)s is over %(high)s %% full, %(what)s go to %(target)s, %(order)s, until"
            " it is %(low)s %% full."
        )
        % words
    )


def more(policy: Policy) -> Iterator[str]:
    """What else is to be known, a sentence each."""
    if policy.min_size == MIN_SIZE:
        size = exact_size(MIN_SIZE)
        yield _("Files below %(size)s stay: a stub would save little.") % {"size": size}
    if policy.exclude:
        yield _("Left alone: %(names)s.") % {"names": _listed(policy.exclude)}
    if policy.stub_size:
        size = exact_size(policy.stub_size)
        yield _("The first %(size)s of each file stay readable.") % {"size": size}
    if policy.most_bytes is not None:
        size = exact_size(policy.most_bytes)
        yield _("At most %(size)s a run.") % {"size": size}


def _where(policy: Policy, site: str) -> str:
    if policy.high is None:
        return _("the site %(site)s") % {"site": site}
    return _("a filesystem of %(site)s") % {"site": site}


def _files(policy: Policy) -> str:
    """The files that are meant."""
    *some, last = list(_what(policy)) or [""]
    if not last:
        return _("files")
    what = _("%(some)s and %(last)s") % {"some": ", ".join(some), "last": last} if some else last
    return _("files %(what)s") % {"what": what}


def _what(policy: Policy) -> Iterator[str]:
    """What makes a file one of those, a condition each."""
    if policy.unread_for:
        yield _("not read for %(span)s") % {"span": span(policy.unread_for)}
    if policy.unwritten_for:
        yield _("not written for %(span)s") % {"span": span(policy.unwritten_for)}
    if policy.min_size not in (0, MIN_SIZE):
        yield _("of %(size)s or more") % {"size": exact_size(policy.min_size)}
    if policy.include:
        yield _("called %(names)s") % {"names": _listed(policy.include)}
    if policy.owners:
        yield _("owned by %(names)s") % {"names": _listed(policy.owners)}
    if policy.groups:
        yield _("of the group %(names)s") % {"names": _listed(policy.groups)}
    if policy.premigrated == ONLY:
        yield _("premigrated already")
    if policy.premigrated == NOT:
        yield _("not premigrated yet")


def span(seconds: float) -> str:
    """A length of time in words; days wherever it is whole days."""
    days, rest = divmod(round(seconds), DAY)
    if rest or not days:
        return show_span(seconds)
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}


def short_span(seconds: float) -> str:
    """As a form takes it: `90 d`, `12 h`."""
    for unit, length in (("d", DAY), ("h", 3600), ("m", 60)):
        if seconds and not seconds % length:
            return f"{round(seconds / length)} {unit}"
    return f"{seconds:g} s" if seconds else ""


def exact_size(count: int) -> str:
    """As a form takes it, nothing rounded away: `64 KiB`, `1000 B`."""
    for unit, factor in (("TiB", TIB), ("GiB", GIB), ("MiB", MIB), ("KiB", KIB)):
        if count and not count % factor:
            return f"{count // factor} {unit}"
    return f"{count} B"


def shown_percent(value: float | None) -> str:
    """A threshold without needless digits."""
    return "" if value is None else f"{value:g}"


def age_words(least: int, below: int | None) -> str:
    """A class of age, in days."""
    if below is None:
        return _("%(years)s years and more") % {"years": least // _YEAR}
    if not least:
        return _("less than %(days)s days") % {"days": below}
    if least >= _YEAR:
        words = {"least": least // _YEAR, "below": below // _YEAR}
        return _("%(least)s to %(below)s years") % words
    return _("%(least)s to %(below)s days") % {"least": least, "below": below}


def size_words(least: int, below: int | None) -> str:
    """A class of size, in bytes."""
    if below is None:
        return _("%(size)s and more") % {"size": _bound(least)}
    if not least:
        return _("less than %(size)s") % {"size": _bound(below)}
    return _("%(least)s to %(below)s") % {"least": _bound(least), "below": _bound(below)}


def _bound(size: int) -> str:
    """The bound of a class: a whole number of MB or GB."""
    unit, factor = ("GB", 10**9) if size >= 10**9 else ("MB", 10**6)
    return f"{size // factor}\N{NO-BREAK SPACE}{unit}"


def charts(report: Mapping[str, Any]) -> list[tuple[str, str, list[Bar]]]:
    """The bars of a report: heading, what the lines are, the bars."""
    ages = [(age_words(row["least"], row["below"]), row) for row in report["by_age"]]
    sizes = [(size_words(row["least"], row["below"]), row) for row in report["by_size"]]
    folders = [(_name(row["name"]), row) for row in report["by_folder"]]
    owners = [(_name(row["name"]), row) for row in report["by_owner"]]
    return [
        (_("By how long they were not read"), _("Not read for"), _bars(ages, report)),
        (_("By folder"), _("Folder"), _bars(folders, report)),
        (_("By size"), _("Size"), _bars(sizes, report)),
        (_("By owner"), _("Owner"), _bars(owners, report)),
    ]


def left_out(report: Mapping[str, Any]) -> list[tuple[str | Promise, int, int]]:
    """What stays, and why: words, files, bytes."""
    told = report.get("left_out", {})
    return [(WHY.get(key, key), row["files"], row["bytes"]) for key, row in told.items()]


def _bars(rows: Sequence[tuple[str, Mapping[str, int]]], report: Mapping[str, Any]) -> list[Bar]:
    """By what would be freed; by what would be copied where nothing is."""
    key = "frees" if report["frees"] or not report["bytes"] else "bytes"
    return bars((words, row["files"], row[key]) for words, row in rows)


def _name(name: str | None) -> str:
    return _("all others") if name is None else names.readable(name)


def _listed(texts: Sequence[str]) -> str:
    some = ", ".join(texts[:_MANY])
    rest = len(texts) - _MANY
    if rest <= 0:
        return some
    return ngettext("%(some)s and %(rest)s more", "%(some)s and %(rest)s more", rest) % {
        "some": some,
        "rest": rest,
    }

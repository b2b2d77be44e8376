"""The tags of our pages: icons, the logo, sizes, moments, states, replicas and bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from lucide.templatetags.lucide import lucide

from lagan.hub.jobs.queries import JobRow
from lagan.hub.web import charts, names, presented, shown
from lagan.hub.web.charts import Slice

register = template.Library()


@register.simple_tag
def icon(name: str, size: int = 18, turning: bool = False) -> SafeString:
    """A line icon that only decorates: words always stand beside it."""
    attributes: dict[str, Any] = {"aria_hidden": "true", "focusable": "false"}
    classes = "icon turning" if turning else "icon"
    return mark_safe(lucide(name, size=size, **attributes, **{"class": classes}))  # noqa: S308  an icon of the package


@register.filter
def size(count: int | None) -> str:
    """Bytes in powers of ten."""
    return "" if count is None else shown.size(count)


@register.filter
def hex8(value: int) -> str:
    """A CRC in eight hexadecimal digits."""
    return f"{value & 0xFFFFFFFF:08x}"


@register.filter
def number(count: int) -> str:
    """A count with its thousands apart."""
    return shown.number(count)


@register.simple_tag
def percent(used: int, whole: int | None) -> int:
    """How much of the whole, in whole percent, rounded down."""
    return shown.percent(used, whole)


@register.filter
def group(path: str) -> str:
    """Where a dataset is."""
    return presented.group_words(path)


@register.filter
def short_digest(digest: str | None) -> str:
    """The first digits of a digest."""
    return shown.short_digest(digest or "")


@register.simple_tag
def moment(when: datetime | None, show: str = "moment") -> SafeString:
    """A time: UTC until times.js shows it in the viewer's zone. `show` is `moment`, `ago` or
    `clock`."""
    if when is None:
        return mark_safe("")
    words = f"{date_format(when, 'j M Y, H:i')} UTC"
    return format_html(
        '<time datetime="{}" data-show="{}">{}</time>', when.isoformat(), show, words
    )


@register.simple_tag
def badge(state: str, words: str = "") -> SafeString:
    """A state in words, with its tone and its icon."""
    looks = shown.look(state)
    drawn = icon(looks.icon, 13, turning=looks.icon == "loader")
    return format_html(
        '<span class="badge {}">{}{}</span>', looks.tone, drawn, words or looks.words
    )


@register.simple_tag
def mark(state: str) -> SafeString:
    """A replica's state as a small drawing whose shape differs with the state, not only its
    colour."""
    looks = shown.look(state)
    return format_html(
        '<svg class="mark {}" width="13" height="13" viewBox="0 0 14 14" aria-hidden="true"'
        ' focusable="false">{}</svg>',
        looks.tone,
        mark_safe(_SHAPES[_shape(looks)]),  # noqa: S308  constant drawings below
    )


@register.simple_tag
def bar(label: str, whole: int, thin: bool = False, **amounts: int) -> SafeString:
    """A bar of `whole` with a piece for each amount (its name is the piece's kind); `label` says
    it in words."""
    pieces = format_html_join(
        "",
        '<rect class="part-{}" x="{}%" y="0" width="{}%" height="100%"/>',
        (
            (part.kind, part.start, part.width)
            for part in shown.parts(*amounts.items(), whole=whole)
        ),
    )
    classes = "bar thin" if thin else "bar"
    return format_html(
        '<svg class="{}" role="img" aria-label="{}">{}</svg>', classes, label, pieces
    )


@register.simple_tag
def gauge(label: str, percent: float, low: float | None, high: float | None) -> SafeString:
    """How full something is, with the marks between which it is kept; `label` says it in words."""
    marks = format_html_join(
        "",
        '<rect class="mark-{}" x="{}%" y="0" width="2" height="100%"/>',
        ((name, value) for name, value in (("low", low), ("high", high)) if value is not None),
    )
    kind = "failed" if high is not None and percent > high else "used"
    return format_html(
        '<svg class="gauge" role="img" aria-label="{}"><rect class="ground" x="0" y="25%"'
        ' width="100%" height="50%" rx="4"/><rect class="part-{}" x="0" y="25%" width="{}%"'
        ' height="50%" rx="4"/>{}</svg>',
        label,
        kind,
        min(100, percent),
        marks,
    )


@register.filter
def readable(name: str) -> str:
    """A name of any bytes."""
    return names.readable(name)


@register.simple_tag
def lookup(table: Mapping[str, Any], name: str) -> Any:
    """What stands under a name; the name itself for a label that there is not, nothing for a field
    that was not filled in."""
    return table.get(name, "" if ":" in name else name)


@register.simple_tag
def owner(job: JobRow, people: Mapping[int, str]) -> str:
    """The user name of a job's owner whose page the visitor may see; nothing for others."""
    return people.get(job.created_by or 0, "")


@register.simple_tag
def ring(slices: Sequence[Slice], label: str) -> SafeString:
    """A ring of arcs; its legend beside it says the same in words."""
    arcs = format_html_join(
        "",
        '<circle class="{}" cx="21" cy="21" r="15.9155" fill="none" stroke-width="6"'
        ' stroke-dasharray="{} {}" stroke-dashoffset="{}"/>',
        ((each.kind, each.dash, round(100 - each.dash, 2), round(25 - each.offset, 2))
         for each in slices),
    )  # fmt: skip
    whole = shown.number(sum(each.number for each in slices))
    return format_html(
        '<svg class="ring-drawn" viewBox="0 0 42 42" role="img" aria-label="{}">{}<text x="21"'
        ' y="21" text-anchor="middle" dominant-baseline="central">{}</text></svg>',
        label,
        arcs,
        whole,
    )


@register.simple_tag
def columns(
    label: str, good: Sequence[int], other: Sequence[int], tall: bool = False
) -> SafeString:
    """A column a day: files that are stored, and on them those that are not; `label` says it in
    words."""
    drawn = format_html_join(
        "",
        '<rect class="ground" x="{0}%" y="0" width="{1}%" height="100%" rx="1.5"/>'
        '<rect class="part-done" x="{0}%" y="{2}%" width="{1}%" height="{3}%" rx="1.5"/>'
        '<rect class="part-failed" x="{0}%" y="{4}%" width="{1}%" height="{5}%" rx="1.5"/>',
        (
            (
                each.x, each.width, round(100 - each.good, 2), each.good,
                round(100 - each.good - each.other, 2), each.other,
            )
            for each in charts.columns(good, other)
        ),
    )  # fmt: skip
    classes = "columns-drawn tall" if tall else "columns-drawn"
    return format_html('<svg class="{}" role="img" aria-label="{}">{}</svg>', classes, label, drawn)


def _shape(looks: shown.Look) -> str:
    return (
        "missing"
        if looks.icon == "circle-dashed"
        else looks.tone
        if looks.tone in _SHAPES
        else "quiet"
    )


_OUTLINE = '<rect x="1.75" y="1.75" width="10.5" height="10.5" rx="2.5" fill="none" {}/>'
_STROKE = 'stroke="currentColor" stroke-width="{}"'
_SHAPES = {
    "good": '<rect x="1" y="1" width="12" height="12" rx="3" fill="currentColor"/>',
    "suspect": '<path d="M7 1 13.4 12.6H.6z" fill="currentColor"/>',
    "bad": f'<path d="m2.5 2.5 9 9m0-9-9 9" stroke-linecap="round" {_STROKE.format(3.2)}/>',
    "missing": _OUTLINE.format(f'{_STROKE.format(1.5)} stroke-dasharray="2.6 2"'),
    "quiet": _OUTLINE.format(_STROKE.format(1.5)),
}

"""Instruments: the facilities at a glance, one instrument with what it sent and what is missing, an
uploader with its keys and settings, alarms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lagan.hub.base.actors import Actor
from lagan.hub.instruments import filestates, glance, needing, queries, services, silence
from lagan.hub.instruments.glance import FacilityRow, InstrumentRow
from lagan.hub.tree import queries as tree
from lagan.hub.web import shown, uploaderfields
from lagan.hub.web.presented import Choice, choices, group_words, turning
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import BadInput, Forbidden, LaganError, NotFound

HERE = "/instruments/"
_STATES: tuple[tuple[str, str | Promise], ...] = (
    ("", gettext_lazy("All")),
    *((each, shown.look(f"file-{each}").words) for each in filestates.FILE_STATES),
)
ALARMS = (1, 4, 12, 24, 48, 72, 168, 336)
"""Hours of silence that the page offers."""
_PROBLEMS = 200
"""Of an uploader's report that a page shows."""
_VERBS: dict[str, tuple[Callable[..., Any], str | Promise]] = {
    "approve": (services.approve, gettext_lazy("The key is approved: it may stage files now.")),
    "refuse": (services.refuse, gettext_lazy("The key is refused.")),
    "revoke": (services.revoke, gettext_lazy("The key is revoked: it reaches nothing any more.")),
}


@require_safe
@signed_in
def facilities(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every facility with its first instruments, or one of them with all, page by page."""
    if wanted := asked(request, "facility"):
        return _facility(request, actor, wanted)
    rows = glance.glance(actor)
    context = {
        **_about(request, actor, rows),
        "needing": needing.needing(actor),
        "manages_any": any(each.manages for each in rows),
    }
    return render(request, "web/pages/instruments.html", context)


def _facility(request: HttpRequest, actor: Actor, wanted: str) -> HttpResponse:
    after = asked(request, "after")
    row, page = glance.facility_page(actor, _number(wanted), after=after)
    row = FacilityRow(row.id, row.name, row.path, row.manages, page.items)
    context = {
        **_about(request, actor, [row]),
        **turning(HERE, after, page.next, facility=wanted),
        "alone": row,
    }
    return render(request, "web/pages/instruments.html", context)


def _about(request: HttpRequest, actor: Actor, rows: Sequence[FacilityRow]) -> dict[str, Any]:
    ids = [each.id for row in rows for each in row.instruments]
    names = {each.id: each.name for row in rows for each in row.instruments}
    return {
        "facilities": [(each, group_words(each.path)) for each in rows],
        "recent": filestates.recent(actor, ids),
        "names": names,
        "address": settings.CONFIG.address or request.build_absolute_uri("/").rstrip("/"),
    }


@require_safe
@signed_in
def instrument(request: HttpRequest, actor: Actor, computer: int) -> HttpResponse:
    """What it sent, what is missing and why, its uploaders, its alarm."""
    row = glance.instrument_row(actor, computer)
    return _instrument(request, actor, row)


def _instrument(
    request: HttpRequest, actor: Actor, row: InstrumentRow, refused: str = ""
) -> HttpResponse:
    state, after = asked(request, "state"), asked(request, "after")
    state = state if state in filestates.FILE_STATES else ""
    page = filestates.announced(actor, row.id, state=state, after=after)
    uploaders = needing.uploaders_of(actor, row.id)
    detailed = set(queries.uploaders(actor).filter(instrument=row.id).values_list("pk", flat=True))
    asks = needing.asking(uploaders)
    known = {each.pk for each in uploaders if each.pk in detailed or _decides(actor, each)}
    place = f"{HERE}{row.id}/"
    context = {
        "row": row,
        "facility": tree.full_path([row.facility])[row.facility],
        "uploaders": [(each, each.pk in known, each.pk in asks) for each in uploaders],
        "problems": _problems([each for each in uploaders if each.pk in known]),
        "page": page,
        "state": state,
        "choices": choices(place, _STATES, state),
        "recent": filestates.recent(actor, [row.id]),
        "may_change": tree.may(actor, "COMPUTER_CHANGE", row.id),
        "alarms": _alarms(row),
        "refused": refused,
        **turning(place, after, page.next, state=state),
    }
    status = 400 if refused else 200
    return render(request, "web/pages/instrument.html", context, status=status)


def _alarms(row: InstrumentRow) -> list[Choice]:
    hours = sorted({*ALARMS, *([row.hours] if row.hours else [])})
    return [Choice(hours_words(each), str(each), each == row.hours) for each in hours]


def hours_words(hours: int) -> str:
    """A length of silence; days wherever it is whole days."""
    days, rest = divmod(hours, 24)
    if rest or not days:
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


def _problems(uploaders: Sequence[Any]) -> list[tuple[str, str]]:
    """Path and reason of what uploaders could not send in their last run."""
    told = [each for row in uploaders for each in row.report.get("problems", ())]
    return [(path, why) for path, why in told[:_PROBLEMS]]


@require_POST
@signed_in
def alarm(request: HttpRequest, actor: Actor, computer: int) -> HttpResponse:
    """After how long its silence is an alarm."""
    row = glance.instrument_row(actor, computer)
    text = request.POST.get("hours", "")
    try:
        silence.set_alarm(by=actor, instrument=computer, hours=_hours(text))
    except BadInput as refusal:
        return _instrument(request, actor, row, refusal.sentence)
    if text:
        messages.success(request, _("An alarm is raised when it falls silent."))
    else:
        messages.success(request, _("No alarm is raised any more."))
    return redirect(f"{HERE}{computer}/")


def _hours(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise BadInput(_("Hours are a whole number."), field="hours")
    return int(text)


@require_safe
@signed_in
def uploader(request: HttpRequest, actor: Actor, uploader: int) -> HttpResponse:
    """Its keys, its last run, its machine, its settings."""
    return _uploader(request, actor, needing.uploader_seen(actor, uploader))


def _uploader(
    request: HttpRequest,
    actor: Actor,
    row: Any,
    given: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
) -> HttpResponse:
    kept = {each.key: each.value for each in queries.settings_of(row)}
    keys = list(queries.registrations(actor, uuid=row.uuid).select_related("decided_by"))
    names = tree.full_path([row.facility_id]) if row.facility_id else {}
    context = {
        "row": row,
        "facility": names.get(row.facility_id, ""),
        "keys": list(reversed(keys)),
        "decides": _decides(actor, row),
        "may_change": queries.uploaders(actor).filter(pk=row.pk).exists(),
        "folder": queries.folder_of(row.pk),
        "groups": list(uploaderfields.asked(kept, given, problems)),
        "problems": _problems([row]),
        "machine": uploaderfields.machine(row.facts),
        "refused": bool(problems),
    }
    return render(request, "web/pages/uploader.html", context, status=400 if problems else 200)


def _decides(actor: Actor, row: Any) -> bool:
    return row.facility_id is not None and needing.decides(actor, row.facility_id)


@require_POST
@signed_in
def save_settings(request: HttpRequest, actor: Actor, uploader: int) -> HttpResponse:
    """What was changed; the program takes it over when it asks next."""
    row = needing.uploader_seen(actor, uploader)
    if not queries.uploaders(actor).filter(pk=uploader).exists():
        raise Forbidden("This is for those who manage the facility.")
    kept = {each.key: each.value for each in queries.settings_of(row)}
    given = {
        name.removeprefix("set-"): value.strip().replace("\0", "")
        for name, value in request.POST.items()
        if isinstance(value, str) and name.startswith("set-")
    }
    changed = uploaderfields.changes(kept, given)
    if wrong := uploaderfields.problems(changed):
        return _uploader(request, actor, row, given, wrong)
    if changed:
        services.change_settings(by=actor, uploader_id=uploader, pairs=list(changed.items()))
        words = ngettext("%(n)d setting is changed.", "%(n)d settings are changed.", len(changed))
        messages.success(request, words % {"n": len(changed)})
    else:
        messages.info(request, _("Nothing was changed."))
    return redirect(f"{HERE}uploaders/{uploader}/#settings")


@require_http_methods(["POST"])
@signed_in
def decide(
    request: HttpRequest, actor: Actor, uploader: int, registration: int, verb: str
) -> HttpResponse:
    """Approve, refuse or revoke one of its keys."""
    row = needing.uploader_seen(actor, uploader)
    if verb not in _VERBS or not row.registrations.filter(pk=registration).exists():
        raise NotFound(f"There is no registration {registration}.")
    act, words = _VERBS[verb]
    comment = request.POST.get("comment", "").strip().replace("\0", "")
    try:
        act(by=actor, registration=registration, comment=comment)
    except (NotFound, Forbidden):
        raise
    except LaganError as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, str(words))
    return redirect(f"{HERE}uploaders/{uploader}/")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NotFound("There is no such facility.")
    return int(text)

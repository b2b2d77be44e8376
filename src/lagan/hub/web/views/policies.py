"""Policies of sites: the list with how full everything is, the form, one policy with its runs, what
a run or a look reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lagan.hsm.policy.definition import ACTIONS, COPIED, ORDERS, check
from lagan.hsm.policy.definition import Policy as Definition
from lagan.hsm.policy.errors import UnsoundPolicy
from lagan.hub.base.actors import Actor
from lagan.hub.jobs.rules import HUB
from lagan.hub.jobs.site_rights import browsable, may_administer, require_administer
from lagan.hub.policies import queries, services
from lagan.hub.web import policywords, running
from lagan.hub.web.presented import turning
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import LaganError, NotFound

HERE = "/administration/policies/"
_form = require_http_methods(["GET", "HEAD", "POST"])
_LISTS = ("paths", "include", "exclude", "owners", "groups")
_TEXTS = (
    "min_size", "unread_for", "unwritten_for", "premigrated", "order", "high", "low", "action",
    "target", "stub_size", "most_bytes", "most_files",
)  # fmt: skip
_USUAL = {"min_size": "64 KiB", "unread_for": "90 d", "high": "80", "low": "70", "enabled": "on",
          "most_files": "100000", "order": "unread", "action": "migrate"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A policy as pages show it."""

    row: Any
    policy: Definition
    sentence: str
    filesystems: Sequence[Mapping[str, Any]]
    last: Any
    look: Any


@require_safe
@signed_in
def policy_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The policies of the sites that the visitor may browse."""
    rows = list(queries.visible(actor)[:500])
    context = {"lines": _lines(rows), "administers": may_administer(actor)}
    return render(request, "web/pages/policies.html", context)


@_form
@signed_in
def new_policy(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make one."""
    require_administer(actor)
    if request.method != "POST":
        return _edit(request, actor, {**_USUAL, "site": asked(request, "site")})
    return _saved(request, actor, lambda given: services.make_policy(by=actor, **given))


@_form
@signed_in
def edit_policy(request: HttpRequest, actor: Actor, policy: int) -> HttpResponse:
    """Change one; whoever does is from then on the one as whom it runs."""
    require_administer(actor)
    row = queries.policy(actor, policy)
    if request.method != "POST":
        return _edit(request, actor, _kept(row), row=row)
    change: Callable[[dict[str, Any]], Any] = lambda given: services.change_policy(  # noqa: E731
        by=actor, policy=policy, **given
    )
    return _saved(request, actor, change, row)


@require_safe
@signed_in
def policy(request: HttpRequest, actor: Actor, policy: int) -> HttpResponse:
    """One policy: what it does, how full it is there, what the last look said, its runs."""
    row, after = queries.policy(actor, policy), asked(request, "after")
    page = queries.runs(actor, policy, after or None)
    (line,) = _lines([row])
    context = {
        "line": line,
        "more": list(policywords.more(line.policy)),
        "runs": [(each, policywords.CAUSES[each.cause]) for each in page.items],
        "administers": may_administer(actor),
        **_told(line.look),
        **turning(f"{HERE}{policy}/", after, page.next),
    }
    return render(request, "web/pages/policy.html", context)


@require_safe
@signed_in
def run(request: HttpRequest, actor: Actor, policy: int, run: int) -> HttpResponse:
    """What a run chose, or a look would choose."""
    row = queries.run(actor, policy, run)
    (line,) = _lines([queries.policy(actor, policy)])
    context = {"line": line, "run": row, "cause": policywords.CAUSES[row.cause], **_told(row)}
    return render(request, "web/pages/policy_run.html", context)


@require_POST
@signed_in
def act(request: HttpRequest, actor: Actor, policy: int, verb: str) -> HttpResponse:
    """Run, look, switch on or off, remove."""
    if verb not in _ACTS:
        raise NotFound("There is no such page.")
    try:
        messages.success(request, _ACTS[verb](actor, policy))
    except LaganError as refusal:
        if refusal.status == 404:
            raise
        messages.error(request, refusal.sentence)
    return redirect(HERE if verb == "remove" else f"{HERE}{policy}/")


def _run(actor: Actor, id: int) -> str:
    job = services.run_policy(by=actor, policy=id).job
    return _("Job %(job)s has begun.") % {"job": job}


def _look(actor: Actor, id: int) -> str:
    job = services.run_policy(by=actor, policy=id, dry=True).job
    return _("Job %(job)s looks what it would do. The report will be here.") % {"job": job}


def _enable(actor: Actor, id: int) -> str:
    services.change_policy(by=actor, policy=id, enabled=True)
    return _("The policy is on.")


def _disable(actor: Actor, id: int) -> str:
    services.change_policy(by=actor, policy=id, enabled=False)
    return _("The policy is off.")


def _remove(actor: Actor, id: int) -> str:
    services.remove_policy(by=actor, policy=id)
    return _("The policy is removed.")


_ACTS: Mapping[str, Callable[[Actor, int], str]] = {
    "run": _run,
    "dry-run": _look,
    "enable": _enable,
    "disable": _disable,
    "remove": _remove,
}


def _lines(rows: Sequence[Any]) -> list[Line]:
    told, last = queries.filesystems_of_each(rows), queries.last_runs(rows)
    looks = queries.last_runs(rows, dry=True)
    lines = []
    for row in rows:
        policy = queries.definition(row)
        said = policywords.sentence(policy, row.site.name)
        lines.append(Line(row, policy, said, told[row.pk], last.get(row.pk), looks.get(row.pk)))
    return lines


def _told(run: Any) -> dict[str, Any]:
    report = run.report if run is not None else None
    if not report:
        return {"report": None}
    charts, left = policywords.charts(report), policywords.left_out(report)
    return {"report": report, "charts": charts, "left_out": left}


def _saved(
    request: HttpRequest, actor: Actor, keep: Callable[[dict[str, Any]], Any], row: Any = None
) -> HttpResponse:
    """What was posted kept, or shown again: with what it would do when that was asked, with the
    reasons against it when there are some."""
    given = _posted(request.POST)
    try:
        if "read" in request.POST:
            names = [name for name in given if name not in services.OWN]
            policy = check({name: given[name] for name in names})
            said = policywords.sentence(policy, given["site"])
            return _edit(request, actor, request.POST, row=row, said=said)
        kept = keep(given)
    except UnsoundPolicy as refusal:
        return _edit(request, actor, request.POST, running.reasons(refusal), row)
    messages.success(request, _("The policy is saved."))
    return redirect(f"{HERE}{kept.pk}/")


def _edit(
    request: HttpRequest,
    actor: Actor,
    given: Mapping[str, Any],
    reasons: Mapping[str, Sequence[str]] | None = None,
    row: Any = None,
    said: str = "",
) -> HttpResponse:
    sites = [each.name for each in browsable(actor) if each.name != HUB]
    context = {
        "row": row,
        "given": given,
        "reasons": reasons or {},
        "said": said,
        "sites": sites,
        "orders": [(each, policywords.ORDERS[each]) for each in ORDERS],
        "actions": ACTIONS,
        "copied": COPIED,
    }
    return render(request, "web/pages/policy_form.html", context, status=400 if reasons else 200)


def _posted(given: QueryDict) -> dict[str, Any]:
    lists = {
        name: [each.strip() for each in given.get(name, "").splitlines() if each.strip()]
        for name in _LISTS
    }
    return {
        **lists,
        **{name: given.get(name, "").strip() for name in _TEXTS},
        "site": given.get("site", ""),
        "title": given.get("title", "").strip(),
        "every": given.get("every", "").strip(),
        "enabled": "enabled" in given,
    }


def _kept(row: Any) -> dict[str, Any]:
    """A policy as its form shows it."""
    policy = queries.definition(row)
    return {
        **{name: "\n".join(getattr(policy, name)) for name in _LISTS},
        "site": row.site.name,
        "title": row.title,
        "every": row.every,
        "enabled": "on" if row.enabled else "",
        "min_size": policywords.exact_size(policy.min_size),
        "unread_for": policywords.short_span(policy.unread_for),
        "unwritten_for": policywords.short_span(policy.unwritten_for),
        "premigrated": policy.premigrated,
        "order": policy.order,
        "high": policywords.shown_percent(policy.high),
        "low": policywords.shown_percent(policy.low),
        "action": policy.action,
        "target": policy.target,
        "stub_size": policywords.exact_size(policy.stub_size) if policy.stub_size else "",
        "most_bytes": ""
        if policy.most_bytes is None
        else policywords.exact_size(policy.most_bytes),
        "most_files": policy.most_files,
    }

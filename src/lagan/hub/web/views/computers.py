"""Laboratory computers: the list, registering one, its page with facts and connection."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lagan.hub.base.actors import Actor
from lagan.hub.computers import queries, services
from lagan.hub.computers.errors import BadFacts
from lagan.hub.datasets import queries as datasets
from lagan.hub.tree import queries as tree
from lagan.hub.tree.errors import NotCompliant
from lagan.hub.web import metadata as forms
from lagan.hub.web import presented
from lagan.hub.web.facts import fact_groups
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import BadInput, Conflict, Forbidden, LaganError, NotFound

GET_POST = ["GET", "HEAD", "POST"]


@require_safe
@signed_in
def computer_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Computers that the visitor sees, by name."""
    text, after = asked(request, "text").strip(), asked(request, "after")
    page = queries.visible(actor, after=after, text=text)
    context = {
        "page": page,
        "text": text,
        "may_register": bool(tree.allowed(actor, "COMPUTER_CREATE")),
        **presented.turning("/computers/", after, page.next, text=text),
    }
    return render(request, "web/pages/computers.html", context)


@require_safe
@signed_in
def computer(request: HttpRequest, actor: Actor, computer: int) -> HttpResponse:
    """Its facts, how the hub stands with it, what came from it lately."""
    row = queries.computer(actor, computer)
    context = {
        "computer": row,
        "groups": fact_groups(row.facts, known_only=True),
        "connection": queries.connection(row),
        "public_key": queries.public_key(),
        "datasets": datasets.of_computer(actor, computer),
        "may_change": tree.may(actor, "COMPUTER_CHANGE", computer),
        "may_create": row.path and bool(tree.allowed(actor, "DATASET_CREATE")),
    }
    return render(request, "web/pages/computer.html", context)


@require_http_methods(GET_POST)
@signed_in
def register(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The questions of the hub, and what is asked of computers in the group that is chosen."""
    groups = tree.permitted(actor, "GROUP", "COMPUTER_CREATE")
    if not groups:
        raise Forbidden("You may register computers in no group.")
    group = _number(request.POST.get("group") or asked(request, "group"))
    context: dict[str, Any] = {"groups": groups, "group": group, "fact_groups": fact_groups({})}
    if request.method != "POST":
        return _form(request, context, group, {})
    given, values = _facts(request), forms.read_form(request.POST)
    name = request.POST.get("name", "")
    context |= {"name": name, "fact_groups": fact_groups(given)}
    again = forms.reshaped(request.POST)
    if again is not None:
        return _form(request, context, group, again)
    try:
        made = services.register_computer(
            by=actor, group=group or 0, name=name, facts=given, metadata=values
        )
    except BadFacts as refusal:
        context["fact_groups"] = fact_groups(given, refusal.reasons)
        return _form(request, context | {"refused": refusal.sentence}, group, values, status=400)
    except NotCompliant as refusal:
        reasons = [each.as_dict() for each in refusal.reasons]
        return _form(request, context, group, values, reasons, 400)
    except (BadInput, Conflict, NotFound) as refusal:
        return _form(request, context | {"refused": refusal.sentence}, group, values, status=400)
    messages.success(request, _("The computer is registered. Now let it be reached."))
    return redirect(f"/computers/{made}/")


@require_http_methods(GET_POST)
@signed_in
def edit(request: HttpRequest, actor: Actor, computer: int) -> HttpResponse:
    """Other answers to the questions."""
    row = queries.computer(actor, computer)
    if not tree.may(actor, "COMPUTER_CHANGE", computer):
        raise Forbidden("This needs COMPUTER_CHANGE.")
    context: dict[str, Any] = {"computer": row, "fact_groups": fact_groups(row.facts)}
    if request.method != "POST":
        return render(request, "web/pages/computer_form.html", context)
    given = _facts(request)
    try:
        services.change_computer(by=actor, computer=computer, facts=given)
    except BadInput as refusal:
        reasons = refusal.reasons if isinstance(refusal, BadFacts) else {}
        context |= {"fact_groups": fact_groups(given, reasons), "refused": refusal.sentence}
        return render(request, "web/pages/computer_form.html", context, status=400)
    messages.success(request, _("The facts are saved."))
    return redirect(f"/computers/{computer}/")


@require_POST
@signed_in
def test(request: HttpRequest, actor: Actor, computer: int) -> HttpResponse:
    """Try to reach it; its page says how that went."""
    return _done(request, computer, lambda: services.test_connection(by=actor, computer=computer))


@require_POST
@signed_in
def confirm(request: HttpRequest, actor: Actor, computer: int) -> HttpResponse:
    """The visitor has compared the fingerprint; then try to sign in at once."""
    shown = request.POST.get("fingerprint", "")

    def act() -> None:
        services.confirm_host_key(by=actor, computer=computer, fingerprint=shown)
        services.test_connection(by=actor, computer=computer)

    return _done(request, computer, act)


def _done(request: HttpRequest, computer: int, act: Any) -> HttpResponse:
    try:
        act()
    except (NotFound, Forbidden):
        raise
    except LaganError as refusal:
        messages.error(request, refusal.sentence)
    return redirect(f"/computers/{computer}/#connection")


def _form(
    request: HttpRequest,
    context: dict[str, Any],
    group: int | None,
    values: Any,
    reasons: Any = (),
    status: int = 200,
) -> HttpResponse:
    effective = tree.effective_template(group or 0, "COMPUTER")
    fields = forms.form_fields(effective, values, reasons)
    return render(
        request, "web/pages/computer_form.html", {**context, "fields": fields}, status=status
    )


def _facts(request: HttpRequest) -> dict[str, str]:
    return {
        each.name: request.POST.get(f"fact-{each.name}", "").replace("\0", "")
        for each in queries.FACTS
    }


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None

"""A dataset is created in three steps: what and where, which folder, its metadata. The address
holds all that was chosen, so that going back and forth works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from lagan.hub.base.actors import Actor
from lagan.hub.computers import queries as computers
from lagan.hub.computers import services as computer_services
from lagan.hub.datasets import queries, services
from lagan.hub.tree import queries as tree
from lagan.hub.tree.errors import NotCompliant
from lagan.hub.tree.metadata import queries as metadata
from lagan.hub.web import metadata as forms
from lagan.hub.web import presented
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import BadInput, Conflict, Forbidden, LaganError, NotFound
from lagan.transfer import Item
from lagan.transfer.folder import Order

HERE = "/datasets/new/"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the address says was chosen so far; `path` is None until a folder or file is."""

    type: str
    group: int | None
    computer: int | None
    path: str | None

    def address(self, **others: str | None) -> str:
        """Of a step with these choices."""
        return presented.addressed(
            HERE,
            type=self.type,
            group=str(self.group or ""),
            computer=str(self.computer or ""),
            **others,
        )


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def create(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The step that the address asks for."""
    groups = tree.permitted(actor, "GROUP", "DATASET_CREATE")
    if not groups:
        raise Forbidden("You may create datasets in no group. Ask its administrators.")
    chosen = _chosen(request)
    if chosen.type not in ("manual", "automated") or asked(request, "step") == "1":
        return _first(request, actor, chosen, groups)
    if not tree.may(actor, "DATASET_CREATE", chosen.group or 0):
        return _first(request, actor, chosen, groups, _("Choose a group."))
    if chosen.type == "automated" and chosen.computer is None:
        return _first(request, actor, chosen, groups, _("Choose the computer to fetch it from."))
    if chosen.type == "automated" and chosen.path is None:
        return _browse(request, actor, chosen)
    return _describe(request, actor, chosen)


def _chosen(request: HttpRequest) -> Chosen:
    path = asked(request, "path") if "path" in request.GET else None
    return Chosen(
        asked(request, "type"), _number(asked(request, "group")),
        _number(asked(request, "computer")), path,
    )  # fmt: skip


def _first(
    request: HttpRequest,
    actor: Actor,
    chosen: Chosen,
    groups: Sequence[tuple[int, str]],
    refused: str = "",
) -> HttpResponse:
    context = {
        "chosen": chosen,
        "groups": groups,
        "computers": tree.permitted(actor, "COMPUTER", "COMPUTER_READ"),
        "refused": refused,
    }
    status = 400 if refused and chosen.type else 200
    return render(request, "web/pages/create_start.html", context, status=status)


def _browse(request: HttpRequest, actor: Actor, chosen: Chosen) -> HttpResponse:
    """One folder of the computer; its list alone for htmx."""
    assert chosen.computer is not None  # noqa: S101
    row = computers.computer(actor, chosen.computer)
    folder = asked(request, "folder").strip("/")
    order: Order = "newest" if asked(request, "order") == "newest" else "name"
    after = asked(request, "after")
    context: dict[str, Any] = {
        "chosen": chosen,
        "computer": row,
        "folder": folder,
        "order": order,
        "crumbs": _crumbs(chosen, folder, order),
        "by_name": chosen.address(folder=folder),
        "by_time": chosen.address(folder=folder, order="newest"),
        "choose_folder": chosen.address(path=folder or "."),
        "back": chosen.address(step="1"),
    }
    try:
        page = computer_services.browse(
            by=actor, computer=row.id, folder=folder, order=order, after=after or None
        )
        context["lines"] = [_line(chosen, folder, order, each) for each in page.items]
        context["more"] = page.next and chosen.address(folder=folder, order=order, after=page.next)
    except LaganError as refusal:
        context["unreachable"] = refusal.sentence
    return render(request, "web/pages/create_path.html", context)


def _describe(request: HttpRequest, actor: Actor, chosen: Chosen) -> HttpResponse:
    """The name and the metadata; posting makes the dataset, or says all that stands against it."""
    if request.method != "POST":
        values = _first_values(request, actor, chosen)
        return _form(request, actor, chosen, asked(request, "name") or _proposed(chosen), values)
    name = request.POST.get("name", "").replace("\0", "")
    again = forms.reshaped(request.POST)
    if again is not None:
        return _form(request, actor, chosen, name, again)
    given = forms.read_form(request.POST)
    try:
        made = services.create_dataset(
            by=actor,
            name=name,
            group=chosen.group or 0,
            computer=chosen.computer,
            type=chosen.type,
            source_path=(chosen.path or "") if chosen.type == "automated" else "",
            metadata={key: each for key, each in given.items() if any(each)},
        )
    except NotCompliant as refusal:
        reasons = [each.as_dict() for each in refusal.reasons]
        return _form(request, actor, chosen, name, given, reasons=reasons)
    except (BadInput, Conflict, NotFound) as refusal:
        return _form(request, actor, chosen, name, given, refused=refusal.sentence)
    said = (
        _("The dataset is created; its files are being fetched, and then it closes by itself.")
        if chosen.type == "automated"
        else _("The dataset is created and open. Close it when all of its files are there.")
    )
    messages.success(request, said)
    return redirect(f"/datasets/{made.pk}/")


def _form(
    request: HttpRequest,
    actor: Actor,
    chosen: Chosen,
    name: str,
    values: Mapping[str, Sequence[str]],
    *,
    reasons: Sequence[Mapping[str, str]] = (),
    refused: str = "",
) -> HttpResponse:
    assert chosen.group is not None  # noqa: S101
    effective = tree.effective_template(chosen.group, "DATASET")
    context = {
        "chosen": chosen,
        "name": name,
        "group_path": tree.full_path([chosen.group])[chosen.group],
        "computer": computers.computer(actor, chosen.computer) if chosen.computer else None,
        "fields": forms.form_fields(effective, values, reasons),
        "presets": metadata.presets_at(chosen.group, "DATASET"),
        "earlier": queries.of_owner(actor.entity) if actor.entity else [],
        "refused": refused,
        "reasons": reasons,
        "back": chosen.address(**({"folder": _above(chosen)} if chosen.path else {"step": "1"})),
    }
    status = 400 if refused or reasons else 200
    return render(request, "web/pages/create_metadata.html", context, status=status)


def _first_values(request: HttpRequest, actor: Actor, chosen: Chosen) -> dict[str, list[str]]:
    """What the form proposes: an earlier dataset's metadata when one is named, else the creator."""
    source = _number(asked(request, "copy"))
    if source is not None:
        return metadata.metadata(actor, source)
    full_name = getattr(request.user, "full_name", "") or actor.name
    return {".Creator": [full_name], ".Description": [""]}


def _proposed(chosen: Chosen) -> str:
    """The last part of what is fetched, or today's date."""
    last = (chosen.path or "").strip("/").rpartition("/")[2]
    return last if last not in ("", ".") else f"{datetime.now(UTC):%Y-%m-%d} "


def _above(chosen: Chosen) -> str:
    return (chosen.path or "").rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Line:
    """A name in a folder; `open` leads into a folder, `choose` takes it; neither for what cannot
    be archived."""

    name: str
    kind: str
    size: int
    changed: datetime
    open: str
    choose: str


def _line(chosen: Chosen, folder: str, order: str, item: Item) -> Line:
    path = f"{folder}/{item.name}" if folder else item.name
    name = item.name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    usable = name == item.name and item.kind in ("file", "folder")
    return Line(
        name,
        item.kind,
        item.size,
        datetime.fromtimestamp(item.mtime_ns // 10**9, UTC),
        chosen.address(folder=path, order=order) if usable and item.kind == "folder" else "",
        chosen.address(path=path) if usable else "",
    )


def _crumbs(chosen: Chosen, folder: str, order: str) -> list[presented.Crumb]:
    parts = [each for each in folder.split("/") if each]
    return [
        presented.Crumb(part, chosen.address(folder="/".join(parts[: place + 1]), order=order))
        for place, part in enumerate(parts)
    ]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None

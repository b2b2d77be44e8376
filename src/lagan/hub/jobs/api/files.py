"""Files of sites over HTTP: looking into folders, and running workflows on paths.

A folder is answered by a worker of the site: in front of Django by `look`, which holds no thread
while it waits; behind it, where there is no front, by `show_folder`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import parse_qs

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from ninja.errors import ValidationError
from pydantic import Field
from pydantic import ValidationError as PydanticError

from lagan.hub.accounts.exchanges import asker as asker_of
from lagan.hub.base.api import asker
from lagan.hub.base.problems import about, of_validation
from lagan.hub.base.raw import Exchange, Handler, in_thread
from lagan.hub.jobs import browsing
from lagan.hub.jobs.api.bodies import In, described, json_answer, json_body
from lagan.hub.jobs.browsing import Folder
from lagan.hub.jobs.wire import ask
from lagan.hub.jobs.workflows import services
from lagan.hub.jobs.workflows.running import RECURSIVE
from lagan.kit.errors import BadInput

router = Router(tags=["files"])
ADDRESS = "/api/file/"
BYTES = "surrogateescape"
"""A path in an address may hold bytes that are no UTF-8."""
Text = Annotated[str, Field(max_length=32_768)]


class Asked(Schema):
    """Which folder of which site; without a `path` the site's roots. `details` also asks for the
    state of each file, `hidden` for names that begin with a dot."""

    site: Text
    path: Text = ""
    details: bool = False
    hidden: bool = False
    after: Text | None = None
    size: Annotated[int, Field(ge=1, le=1000)] = browsing.USUAL_SIZE


class EntryOut(Schema):
    """Something in a folder; `size` in bytes, times in seconds since the epoch. `pinned`: until
    when its content stays here (`ever`, or a time), null when it may go."""

    name: str
    path: str
    type: str
    size: int | None
    mtime: float | None
    ctime: float | None
    mode: int | None
    owner: str
    target: str | None
    status: str | None
    pinned: str | None


class FolderOut(Schema):
    """A page of a folder; `next` is what `after` is for the page after it."""

    site: str
    path: str
    children: list[EntryOut]
    next: str | None


class RunIn(In):
    """A workflow to be run on paths of a site. Without `discovery` all files beneath the paths are
    found (`recursive`), with null the paths are taken as they are, `snapdiff` finds what changed
    since the last time. `job` gives the work to a job of the same workflow."""

    paths: list[str]
    site: str
    workflow: str
    discovery: str | None = RECURSIVE
    fields: dict[str, Any] | None = None
    filters: dict[str, Any] | None = None
    job: int | None = None
    grouped: bool = False


class RunOut(Schema):
    """What was started, with the number of its job."""

    paths: list[str]
    site: str
    workflow: str
    discovery: str | None
    fields: dict[str, Any]
    job: int


class StageOut(Schema):
    """What would run where."""

    step: str
    site: str
    args: dict[str, Any]


class PreviewOut(Schema):
    """What a run would be."""

    stages: list[StageOut]


@router.get("", response=FolderOut)
def show_folder(request: HttpRequest, asked: Query[Asked]) -> HttpResponse:
    """What is in a folder of a site, folders first, by name; links are not followed."""
    words = parse_qs(request.META.get("QUERY_STRING", ""), errors=BYTES, max_num_fields=50)
    path = words.get("path", [""])[0]
    told = browsing.folder(actor=asker(request), **{**asked.dict(), "path": path})
    return json_answer(_shown(told))


@router.get("test/", response=dict[str, str])
def test(request: HttpRequest) -> Any:
    """Whether these routes answer, and to whom."""
    return {"status": "ok", "user": asker(request).name}


@router.post("workflow/", response={201: RunOut}, openapi_extra=described(RunIn))
def run_workflow(request: HttpRequest) -> HttpResponse:
    """Run a workflow on paths. Everything is checked before anything runs, and whatever is wrong is
    told at once, by field."""
    given = json_body(request)
    wanted, by = _wanted(given), asker(request)
    with about("job"):
        job = services.run_workflow(
            by=by, **wanted, job=_job(given), grouped=given.get("grouped") is True
        )
    told = {name: wanted[name] for name in ("paths", "site", "workflow", "discovery")}
    return json_answer({**told, "fields": job.fields, "job": job.pk}, 201)


@router.post("workflow/preview/", response=PreviewOut, openapi_extra=described(RunIn))
def preview_workflow(request: HttpRequest) -> HttpResponse:
    """What would run where; nothing is done."""
    submission = services.prepare(by=asker(request), **_wanted(json_body(request)))
    return json_answer({"stages": [stage.as_json() for stage in submission.stages]})


def route(method: str, path: str) -> Handler | None:
    """The handler of a request that waits for a site; None when it is none."""
    return look if (method, path) == ("GET", ADDRESS) else None


async def look(exchange: Exchange) -> None:
    """As `show_folder`."""
    actor = await in_thread(asker_of, exchange)
    asked = _asked({name: exchange.query(name) for name in Asked.model_fields})
    asked["path"] = exchange.query("path", BYTES) or ""
    args = await in_thread(lambda: browsing.question(actor=actor, **asked))
    answer = await ask(asked["site"], browsing.VERB, args)
    await exchange.reply_json(200, _shown(browsing.read(asked["site"], answer)))


def _asked(given: Mapping[str, str | None]) -> dict[str, Any]:
    """The parameters of the address as `show_folder` gets them."""
    known = {name: value for name, value in given.items() if value is not None}
    try:
        found = Asked.model_validate(known)
    except PydanticError as odd:
        wrong = [{**each, "loc": ("query", *each["loc"])} for each in odd.errors()]
        raise of_validation(ValidationError(wrong)) from None
    return found.dict()


def _shown(folder: Folder) -> dict[str, Any]:
    children = [asdict(each) for each in folder.entries]
    return {"site": folder.site, "path": folder.path, "children": children, "next": folder.next}


def _wanted(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be run; what is missing or of another kind is named by the workflow's rules."""
    usual = {"workflow": "", "site": "", "paths": [], "discovery": RECURSIVE}
    named = {name: given.get(name, value) for name, value in usual.items()}
    return {**named, "fields": given.get("fields"), "filters": given.get("filters")}


def _job(given: Mapping[str, Any]) -> int | None:
    job = given.get("job")
    if job is not None and (isinstance(job, bool) or not isinstance(job, int)):
        raise BadInput("The number of a job is expected.", field="job")
    return job

"""From a workflow, a site and paths to a job: everything is checked before anything runs."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils import timezone

from lagan.hub.base.actors import Actor
from lagan.hub.jobs.models import Job, Site, Workflow
from lagan.hub.jobs.site_rights import require_run
from lagan.hub.jobs.starting import start
from lagan.hub.jobs.submission import Stage, Submission
from lagan.hub.jobs.workflows import rules
from lagan.hub.jobs.workflows.errors import UnsoundRun
from lagan.hub.jobs.workflows.fields import Value, is_printable
from lagan.hub.jobs.workflows.paths import settle
from lagan.hub.jobs.workflows.queries import definition, named
from lagan.hub.tree import browsing
from lagan.hub.tree.permissions import Permission
from lagan.hub.tree.services import require
from lagan.kit.errors import BadInput, NotFound
from lagan.worker.catalogue import step_kind
from lagan.worker.site.filters import check as check_filters

RECURSIVE, SNAPDIFF = "recursive", "snapdiff"
DISCOVERIES = (RECURSIVE, SNAPDIFF)
"""The walks that a workflow can begin with; None takes the paths as they are."""

LONGEST_DATASET_NAME = 400
"""Characters: a job's number may be added."""

Reasons = defaultdict[str, list[str]]

_PLACES: Mapping[str, tuple[str, str, Permission]] = {
    "dataset.archive": ("group", "GROUP", Permission.DATASET_CREATE),
    "dataset.put": ("dataset", "DATASET", Permission.DATASET_READ),
}
"""Of steps that act in the tree: the argument that names where, what must be there, and what
whoever starts the job must hold."""


def run_workflow(
    *,
    by: Actor,
    workflow: str,
    site: str,
    paths: Sequence[str],
    discovery: str | None = RECURSIVE,
    fields: Mapping[str, Any] | None = None,
    filters: Mapping[str, Any] | None = None,
    job: int | None = None,
    grouped: bool = False,
) -> Job:
    """Start the workflow called `workflow` on `paths` of a site: as a new job, as more work of
    `job` or, `grouped`, of this hour's job of the same workflow, site and person.

    UnsoundRun with every reason at once; Forbidden where `by` may not run something at a site that
    is named; JobOfAnother when `job` was started with other steps or fields.
    """
    submission = prepare(
        by=by,
        workflow=workflow,
        site=site,
        paths=paths,
        discovery=discovery,
        fields=fields,
        filters=filters,
    )
    key = hourly_key(submission, by) if grouped and job is None else None
    return start(submission=submission, by=by, key=key, job=job)


def prepare(
    *,
    by: Actor,
    workflow: str,
    site: str,
    paths: Sequence[str],
    discovery: str | None = RECURSIVE,
    fields: Mapping[str, Any] | None = None,
    filters: Mapping[str, Any] | None = None,
) -> Submission:
    """What `run_workflow` would start, checked the same way; nothing is done. Its `stages` say
    what would run where."""
    row = _workflow(workflow)
    reasons: Reasons = defaultdict(list)
    stages, filled = _filled(row, fields, site, reasons)
    found, reasons["paths"] = settle(paths, walked=discovery is not None)
    reasons["discovery"] += _about_discovery(discovery, stages)
    reasons["filters"] += _about_filters(filters, discovery)
    _require_sites(by, site, stages, reasons)
    _refuse(reasons)
    stages = [_placed(by, stage, reasons) for stage in stages]
    _refuse(reasons)
    return Submission(
        kind=row.name,
        title=row.label,
        site=site,
        paths=found,
        stages=stages,
        discovery=discovery,
        fields=filled,
        filters=dict(filters or {}),
    )


def hourly_key(submission: Submission, by: Actor) -> str:
    """The same for what one person starts of a workflow, with the same steps and fields, at a
    site within an hour (UTC)."""
    hour = timezone.now().strftime("%Y-%m-%dT%H")
    stages = [stage.as_json() for stage in submission.stages]
    asked = [stages, submission.discovery, dict(submission.filters)]
    mark = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]
    return f"{submission.kind}:{submission.site}:{by.entity}:{hour}:{mark}"


def _workflow(name: Any) -> Workflow:
    row = named(name) if isinstance(name, str) else None
    if row is None:
        raise UnsoundRun({"workflow": [f"There is no workflow called {ascii(name)[:120]}."]})
    return row


def _filled(
    row: Workflow, given: Any, site: Any, reasons: Reasons
) -> tuple[list[Stage], dict[str, Value]]:
    names = set(Site.objects.values_list("name", flat=True))
    if not isinstance(site, str) or site not in names:
        reasons["site"].append(f"There is no site called {ascii(site)[:120]}.")
        return [], {}
    if not isinstance(given or {}, Mapping):
        reasons["fields"].append("An object of fields and their values is expected.")
        return [], {}
    stages, filled, about = rules.fill(definition(row), given or {}, site, names)
    reasons["fields"] += about
    return stages, filled


def _about_discovery(discovery: Any, stages: Sequence[Stage]) -> Iterator[str]:
    if discovery is None:
        return
    if discovery not in DISCOVERIES:
        yield f"One of {', '.join(DISCOVERIES)} and null is expected."
    for stage in stages:
        if step_kind(stage.step).folders:
            yield f"{stage.step} takes folders as they are given: null is expected."


def _about_filters(given: Any, discovery: Any) -> Iterator[str]:
    if not isinstance(given or {}, Mapping):
        yield "An object of filters and their values is expected."
        return
    if given and discovery is None:
        yield "Without a discovery the paths are taken as they are; nothing can be filtered."
    try:
        check_filters(given or {})
    except BadInput as odd:
        yield odd.sentence
    patterns = [each for value in (given or {}).values() for each in _listed(value)]
    if any(isinstance(each, str) and not is_printable(each) for each in patterns):
        yield "A filter has characters that cannot be shown."


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _require_sites(by: Actor, site: Any, stages: Sequence[Stage], reasons: Reasons) -> None:
    """What one may not see of sites looks absent. Forbidden is raised: no other words would
    help."""
    if not stages:
        return
    for name in dict.fromkeys([site, *(stage.site for stage in stages)]):
        try:
            require_run(by, name)
        except NotFound as absent:
            reasons["site" if name == site else "fields"].append(absent.sentence)


def _placed(by: Actor, stage: Stage, reasons: Reasons) -> Stage:
    """A stage that acts in the tree, with the id of where; anything else as it is."""
    if stage.step not in _PLACES:
        return stage
    argument, type, permission = _PLACES[stage.step]
    name = str(stage.args.get("dataset_name", ""))
    if "/" in name or len(name) > LONGEST_DATASET_NAME:
        said = f"A name has no slash and at most {LONGEST_DATASET_NAME} characters."
        reasons["fields"].append(f"{stage.step}, dataset_name: {said}")
    if by.entity is None:
        reasons["workflow"].append(f"{stage.step} acts for a person, and nobody asks for it.")
        return stage
    try:
        node = browsing.resolve(by, str(stage.args[argument]))
        if node.type != type:
            raise BadInput(f"{node.name} is no {type}.")
        require(actor=by, permission=permission, entity=node.id)
    except (BadInput, NotFound) as odd:
        reasons["fields"].append(f"{stage.step}, {argument}: {odd.sentence}")
        return stage
    return replace(stage, args={**stage.args, argument: str(node.id)})


def _refuse(reasons: Reasons) -> None:
    if found := {field: those for field, those in reasons.items() if those}:
        raise UnsoundRun(found)

"""What is done to policies: made, changed, removed, run. Each by who administers sites."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from lagan.hsm.policy.definition import FIELDS, check
from lagan.hsm.policy.errors import UnsoundPolicy
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.jobs.site_rights import require_administer, require_browse
from lagan.hub.policies import queries, rules
from lagan.hub.policies.models import Policy, Run
from lagan.hub.policies.rules import Cause
from lagan.hub.policies.running import begin
from lagan.kit.errors import BadInput, Forbidden, NotFound

OWN = ("site", "title", "every", "enabled")
"""What a policy has beside its definition."""


def make_policy(*, by: Actor, **given: Any) -> Policy:
    """A new policy of `site` with a `title`, perhaps `every` (see `rules.when`), `enabled`, and
    what `lagan.hsm.policy.definition` reads. UnsoundPolicy with every reason at once."""
    require_administer(by)
    row = Policy()
    _set(row, by, {"site": None, "title": "", "every": "", "enabled": True, **given})
    with transaction.atomic():
        row.save()
        record(kind=Kind.POLICY_CREATED, by=by, data=_facts(row))
    return row


def change_policy(*, by: Actor, policy: int, **changes: Any) -> Policy:
    """Change what `make_policy` takes; what is not given stays. From then on it runs as `by`."""
    with transaction.atomic():
        row = _locked(by, policy)
        own = {"site": row.site.name, "title": row.title, "every": row.every}
        _set(row, by, {**row.definition, **own, "enabled": row.enabled, **changes})
        row.save()
        data = {**_facts(row), "fields": sorted(changes)}
        record(kind=Kind.POLICY_CHANGED, by=by, data=data)
    return row


def remove_policy(*, by: Actor, policy: int) -> None:
    """Remove a policy and what is known of its runs; their jobs stay, also one that is open."""
    with transaction.atomic():
        row = _locked(by, policy)
        record(kind=Kind.POLICY_REMOVED, by=by, data=_facts(row))
        row.delete()


def run_policy(*, by: Actor, policy: int, dry: bool = False) -> Run:
    """Run a policy at once; `dry`: only look, and report what it would do. PolicyRuns while the
    last one goes on. One that is switched off runs when it is asked to."""
    with transaction.atomic():
        return begin(_locked(by, policy), by, Cause.PERSON, dry)


def _set(row: Policy, by: Actor, given: dict[str, Any]) -> None:
    """Put checked values into a row."""
    if by.entity is None:
        raise Forbidden("A policy runs as a person.")
    reasons: dict[str, list[str]] = {}
    own = {name: given.pop(name) for name in OWN}
    for name, set_one in (("title", _title), ("enabled", _enabled), ("every", _every)):
        try:
            set_one(row, own[name])
        except BadInput as odd:
            reasons[name] = [odd.sentence]
    try:
        row.site = require_browse(by, own["site"] if isinstance(own["site"], str) else "")
    except NotFound:
        reasons["site"] = [f"There is no site called {ascii(own['site'])[:80]}."]
    try:
        row.definition = check(given).as_json()
    except UnsoundPolicy as odd:
        reasons |= odd.reasons
    if reasons:
        raise UnsoundPolicy(reasons)
    row.created_by, row.created_by_name, row.last_error = by.entity, by.name, ""


def _title(row: Policy, title: Any) -> None:
    if not isinstance(title, str) or not title.strip():
        raise BadInput("This is required.")
    if not title.isprintable() or len(title) > rules.LONGEST_TITLE:
        raise BadInput(
            f"A text of one line and at most {rules.LONGEST_TITLE} characters is expected."
        )
    row.title = title.strip()


def _enabled(row: Policy, enabled: Any) -> None:
    if not isinstance(enabled, bool):
        raise BadInput("true or false is expected.")
    if enabled and not row.enabled and row.every:
        row.next_run = rules.when(row.every, timezone.now())  # nothing is made up for
    row.enabled = enabled


def _every(row: Policy, every: Any) -> None:
    if not isinstance(every, str) or len(every) > 200:
        raise BadInput("Five cron fields in UTC, a span, or nothing is expected.")
    every = every.strip()
    if every != row.every or row.next_run is None:
        row.next_run = rules.when(every, timezone.now())
    row.every = every


def _facts(row: Policy) -> dict[str, Any]:
    return {"policy": row.pk, "title": row.title, "site": row.site.name}


def _locked(by: Actor, id: int) -> Policy:
    queries.policy(by, id)
    require_administer(by)
    rows = Policy.objects.select_for_update(of=("self",), no_key=True).select_related("site")
    return rows.get(pk=id)


KNOWN = (*OWN, *FIELDS)
"""Every field of a policy."""

"""A hub with one of everything that the documented requests name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lagan.hub.accounts.services import create_client_key, issue_tokens, set_password
from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs.keys import make_site_key
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import FileStatusType, Workflow
from lagan.hub.jobs.services import (
    Stage,
    Submission,
    TaskSpec,
    create_job,
    ensure_site,
    note_outside,
    start,
)
from lagan.hub.jobs.workflows.services import ensure_defaults
from lagan.hub.tree.services import create_entity, ensure_root
from lagan.worker.ledger import Outcome
from tests.hub.jobs.api.asking import Town
from tests.hub.jobs.api.reference import Documented

PASSWORD = "seven quiet herons"


@dataclass(frozen=True, slots=True)
class Scene:
    """`town`, and what its requests name."""

    town: Town
    names: Mapping[str, str]

    def address(self, request: Documented) -> str:
        """The address with its names filled in."""
        return request.path.format(**self.names)

    def body(self, request: Documented) -> Any:
        """The body, likewise."""
        if request.body is None:
            return None
        text = json.dumps(request.body)
        for name in ("password", "refresh"):
            text = text.replace(f"{{{name}}}", self.names[name])
        return json.loads(text)


def build(town: Town) -> Scene:
    """One of everything, the administrator's."""
    ensure_defaults()
    by = town.admin.actor
    set_password(by=SYSTEM, username="admin", password=PASSWORD)
    town.admin.user.refresh_from_db()
    stages = [Stage("hsm.recall", "lab")]
    ended = start(submission=Submission("recall", "Recall", "lab", ["/data/a"], stages), by=by)
    ledger = DatabaseLedger()
    (held,) = ledger.claim(["lab"], "w")
    ledger.finish(held, Outcome(done=1))
    job = create_job(kind="copy", title="C", by=by, tasks=[TaskSpec("s", "lab", items=["a"])])
    root = ensure_root().root.id
    made = {
        "password": PASSWORD,
        "refresh": issue_tokens(town.admin.user)["refresh"],
        "key": create_client_key(by=by, name="k")[0].pk,
        "status": FileStatusType.objects.order_by("id")[0].key,
        "job": job.pk,
        "ended": ended.pk,
        "outside": note_outside(by=by, kind="sync", site="lab").pk,
        "site": ensure_site(name="lab").pk,
        "empty": ensure_site(name="empty").pk,
        "sitekey": make_site_key(site="lab", name="k", by=SYSTEM)[0].pk,
        "task": job.tasks.get().pk,
        "user": "stranger",
        "workflow": Workflow.objects.order_by("id")[0].pk,
        "group": create_entity(by=SYSTEM, type="GROUP", name="team", parent=root).id,
    }
    return Scene(town, {name: str(value) for name, value in made.items()})

"""People, sites and a ledger for the tests of jobs."""

from __future__ import annotations

import pytest

from lagan.hub.base.actors import Actor
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Job, Site
from lagan.hub.jobs.services import TaskSpec, create_job, ensure_site


@pytest.fixture
def owner() -> Actor:
    return Actor(101, "owner", "session")


@pytest.fixture
def stranger() -> Actor:
    return Actor(103, "stranger", "session")


@pytest.fixture
def site(db: None) -> Site:
    return ensure_site(name="lab", limit=3)


@pytest.fixture
def ledger() -> DatabaseLedger:
    return DatabaseLedger()


@pytest.fixture
def job(site: Site, owner: Actor) -> Job:
    """Two tasks of three items each."""
    specs = [
        TaskSpec("test.copy", site.name, items=[f"{batch}/{n}" for n in range(3)]) for batch in "ab"
    ]
    return create_job(kind="copy", title="Copy", by=owner, tasks=specs)

"""People, sites and a ledger for the tests of jobs. Rooms are imported when a fixture is made:
this file is read before Django is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lagan.hub.base.actors import Actor

if TYPE_CHECKING:
    from lagan.hub.jobs.ledger import DatabaseLedger
    from lagan.hub.jobs.models import Job, Site


@pytest.fixture
def owner() -> Actor:
    return Actor(101, "owner", "session")


@pytest.fixture
def stranger() -> Actor:
    return Actor(103, "stranger", "session")


@pytest.fixture
def site(db: None) -> Site:
    from lagan.hub.jobs.services import ensure_site

    return ensure_site(name="lab", limit=3)


@pytest.fixture
def ledger() -> DatabaseLedger:
    from lagan.hub.jobs.ledger import DatabaseLedger

    return DatabaseLedger()


@pytest.fixture
def job(site: Site, owner: Actor) -> Job:
    """Two tasks of three items each."""
    from lagan.hub.jobs.services import TaskSpec, create_job

    specs = [
        TaskSpec("test.copy", site.name, items=[f"{batch}/{n}" for n in range(3)]) for batch in "ab"
    ]
    return create_job(kind="copy", title="Copy", by=owner, tasks=specs)

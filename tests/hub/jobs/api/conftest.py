from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lagan.hub.jobs.models import Job, Site
    from tests.hub.jobs.api.asking import Town


@pytest.fixture
def town(site: Site) -> Town:
    from tests.hub.jobs.api.asking import settle  # models may be imported once Django is set up

    return settle()


@pytest.fixture
def their_job(town: Town) -> Job:
    """The owner's, of three items in two tasks."""
    from lagan.hub.jobs.services import TaskSpec, create_job

    specs = [TaskSpec("s", "lab", items=["a", "b"]), TaskSpec("s", "lab", items=["c"])]
    return create_job(kind="copy", title="Copy", by=town.owner.actor, tasks=specs)

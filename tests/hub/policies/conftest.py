"""A team's site with a full filesystem, who administers it, who may browse it, and a stranger.
Rooms are imported when a fixture is made: this file is read before Django is set up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.hub.jobs.api.asking import Person

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Scene:
    """`admin` administers sites, `mate` may browse the site `lab`, `stranger` may nothing."""

    admin: Person
    mate: Person
    stranger: Person

    def fill(
        self, percent: float, path: str = "/data", roots: tuple[str, ...] = ("/data",)
    ) -> None:
        """A worker of `lab` tells how full the filesystem at `path` is."""
        from lagan.hub.jobs.presence import note
        from lagan.worker.ledger import WorkerFacts

        used = int(percent * GIB)
        told = {"path": path, "used": used, "free": 100 * GIB - used, "percent": percent,
                "keeps_read_times": True}  # fmt: skip
        note(WorkerFacts("w", ["lab"], roots=roots, filesystems=[told]))

    def policy(self, **changes: Any) -> Any:
        """A policy of `lab`, the administrator's."""
        from lagan.hub.policies.services import make_policy

        given = {"site": "lab", "title": "Room", "high": 80, "low": 70, "unread_for": "90 d"}
        return make_policy(by=self.admin.actor, **{**given, **changes})


@pytest.fixture
def scene(db: None) -> Scene:
    from lagan.hub.accounts.services import bootstrap, create_user
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.jobs.services import ensure_site
    from lagan.hub.tree.services import create_entity, ensure_root, set_grants
    from tests.hub.jobs.api.asking import Person

    bootstrap()
    root = ensure_root().root.id
    team = create_entity(by=SYSTEM, type="GROUP", name="team", parent=root)
    site = ensure_site(name="lab")
    site.place = team.id
    site.save()
    names = ("admin", "mate", "stranger")
    made = {name: create_user(by=SYSTEM, username=name, admin=name == "admin") for name in names}
    set_grants(by=SYSTEM, subject=made["mate"].entity_id, object=team.id, grant=["TASK_READ"])
    return Scene(**{name: Person(user) for name, user in made.items()})


@pytest.fixture
def work() -> Callable[..., None]:
    """Do the oldest task of a job as a worker would: its walk tells `report` and finds `found`."""

    def do(report: dict[str, Any], found: list[str] | None = None) -> None:
        from lagan.hub.jobs.ledger import DatabaseLedger
        from lagan.worker.ledger import Outcome

        ledger = DatabaseLedger()
        (claimed,) = ledger.claim(["lab"], "w")
        if found:
            ledger.found(claimed, found, 1)
        ledger.finish(claimed, Outcome(done=len(claimed.items), result=report))

    return do

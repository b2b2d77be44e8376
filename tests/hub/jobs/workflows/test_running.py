"""A workflow is run as a whole or refused as a whole, with every reason, before it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs import packing
from lagan.hub.jobs.errors import JobOfAnother
from lagan.hub.jobs.models import Job, Task
from lagan.hub.jobs.rules import WALK
from lagan.hub.jobs.workflows.errors import UnsoundRun
from lagan.hub.jobs.workflows.services import make_workflow, prepare, run_workflow
from lagan.kit.errors import Forbidden

if TYPE_CHECKING:
    from tests.hub.jobs.workflows.conftest import Scene

pytestmark = pytest.mark.django_db
PATHS = ["/data/run1", "/data/run2"]


def _reasons(**asked: Any) -> dict[str, list[str]]:
    with pytest.raises(UnsoundRun) as refused:
        run_workflow(**asked)
    assert not Job.objects.exists()
    return {field: list(those) for field, those in refused.value.reasons.items()}


def test_a_job_begins_with_a_walk_over_its_paths(scene: Scene) -> None:
    job = run_workflow(by=scene.people.owner, workflow="migrate", site="lab", paths=PATHS)
    assert (job.kind, job.title, job.site, job.discovery) == (
        "migrate",
        "Migrate",
        "lab",
        "recursive",
    )
    task = Task.objects.get(job=job)
    assert (task.step, task.stage, task.site_id) == ("discover.recursive", WALK, "lab")
    assert packing.unpack_items(task.items) == PATHS


def test_without_discovery_the_paths_are_taken_as_they_are(scene: Scene) -> None:
    job = run_workflow(
        by=scene.people.owner, workflow="migrate", site="lab", paths=PATHS * 2, discovery=None
    )
    task = Task.objects.get(job=job)
    assert (task.step, job.total, packing.unpack_items(task.items)) == ("hsm.migrate", 2, PATHS)
    assert task.args["premigrate"] is False


def test_send_goes_on_at_the_site_of_its_field(scene: Scene) -> None:
    fields = {"target_site": "london", "hydrate": True}
    asked: Any = {"workflow": "send", "site": "lab", "paths": PATHS, "fields": fields}
    here, there = prepare(by=scene.people.owner, **asked).stages
    assert (here.step, here.site, here.args["verify"]) == ("hsm.send", "lab", False)
    assert (there.step, there.site, there.args["hydrate"]) == ("hsm.receive", "london", True)
    assert not Job.objects.exists()
    job = run_workflow(by=scene.people.owner, **asked)
    assert job.stages == [here.as_json(), there.as_json()]
    assert job.fields == fields


def test_every_reason_is_told_before_anything_runs(scene: Scene) -> None:
    reasons = _reasons(
        by=scene.people.owner,
        workflow="send",
        site="lab",
        paths=["data", "/ok"],
        discovery="psychic",
        fields={"target": "london"},
    )
    assert set(reasons) == {"paths", "discovery", "fields"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"workflow": "nothing"}, "workflow"),
        ({"workflow": 3}, "workflow"),
        ({"site": "nowhere"}, "site"),
        ({"site": None}, "site"),
        ({"paths": []}, "paths"),
        ({"paths": "/data"}, "paths"),
        ({"fields": [1]}, "fields"),
        ({"filters": "*.txt"}, "filters"),
        ({"filters": {"include": ["*.txt"]}, "discovery": None}, "filters"),
        ({"filters": {"min_size": "huge"}}, "filters"),
        ({"filters": {"include": ["\udc80*"]}}, "filters"),
        ({"discovery": ""}, "discovery"),
    ],
)
def test_what_is_wrong_is_named(scene: Scene, change: dict[str, Any], field: str) -> None:
    asked: dict[str, Any] = {"workflow": "recall", "site": "lab", "paths": PATHS, **change}
    assert list(_reasons(by=scene.people.owner, **asked)) == [field]


def test_who_may_only_look_runs_nothing_and_the_stranger_finds_no_site(scene: Scene) -> None:
    asked: dict[str, Any] = {"workflow": "recall", "site": "lab", "paths": PATHS}
    with pytest.raises(Forbidden):
        run_workflow(by=scene.people.mate, **asked)
    told = _reasons(by=scene.people.stranger, **asked)
    assert told == {"site": ["There is no site called 'lab'."]}


def test_rights_are_asked_at_every_site_that_a_step_names(scene: Scene) -> None:
    asked: dict[str, Any] = {"workflow": "send", "site": "lab", "paths": PATHS}
    told = _reasons(by=scene.people.owner, **asked, fields={"target_site": "attic"})
    assert told == {"fields": ["There is no site called 'attic'."]}
    root = scene.people.ground.root.id
    scene.grant(scene.people.owner, root, "TASK_READ")
    with pytest.raises(Forbidden):
        run_workflow(by=scene.people.owner, **asked, fields={"target_site": "attic"})
    assert run_workflow(by=scene.admin, **asked, fields={"target_site": "attic"}).stages


def test_folders_that_are_filled_are_not_walked(scene: Scene) -> None:
    steps = [{"name": "dataset.put", "dataset": "1"}]
    make_workflow(by=scene.admin, name="put", label="Put", steps=steps)
    told = _reasons(by=scene.people.owner, workflow="put", site="lab", paths=PATHS)
    assert told["discovery"] == ["dataset.put takes folders as they are given: null is expected."]


def test_more_work_is_given_to_a_job_of_the_same_kind(scene: Scene) -> None:
    asked: dict[str, Any] = {"by": scene.people.owner, "site": "lab", "discovery": None}
    first = run_workflow(**asked, workflow="migrate", paths=["/a"])
    again = run_workflow(**asked, workflow="migrate", paths=["/b", "/c"], job=first.pk)
    assert (again.pk, again.total) == (first.pk, 3)
    with pytest.raises(JobOfAnother):
        run_workflow(**asked, workflow="recall", paths=["/b"], job=first.pk)


def test_recalls_of_one_hour_are_one_job_of_each_person(scene: Scene) -> None:
    asked: dict[str, Any] = {"workflow": "recall", "site": "lab", "discovery": None}
    first = run_workflow(by=scene.people.owner, **asked, paths=["/a"], grouped=True)
    again = run_workflow(by=scene.people.owner, **asked, paths=["/b"], grouped=True)
    other = run_workflow(by=scene.admin, **asked, paths=["/b"], grouped=True)
    alone = run_workflow(by=scene.people.owner, **asked, paths=["/c"])
    assert again.pk == first.pk
    assert again.total == 2
    assert len({first.pk, other.pk, alone.pk}) == 3


def test_a_dataset_goes_where_whoever_asks_may_make_one(scene: Scene) -> None:
    steps = [{"name": "dataset.archive", "group": "&group"}]
    fields = [{"name": "group", "label": "Group", "type": "enum[group]"}]
    make_workflow(by=scene.admin, name="keep", label="Keep", steps=steps, fields=fields)
    owner, team = scene.people.owner, scene.people.team
    asked: dict[str, Any] = {"by": owner, "workflow": "keep", "site": "lab", "paths": PATHS}
    told = _reasons(**asked, fields={"group": "/nowhere"})
    assert "dataset.archive, group" in told["fields"][0]
    held = ["TASK_READ", "TASK_CREATE", "GROUP_READ"]
    scene.grant(owner, team.id, *held)
    with pytest.raises(Forbidden):
        run_workflow(**asked, fields={"group": str(team.id)})
    held.append("DATASET_CREATE")
    scene.grant(owner, team.id, *held)
    job = run_workflow(**asked, fields={"group": "/team"})
    assert job.stages[0]["args"]["group"] == str(team.id)
    told_system = {**asked, "by": SYSTEM}
    with pytest.raises(UnsoundRun, match="acts for a person"):
        run_workflow(**told_system, fields={"group": str(team.id)})

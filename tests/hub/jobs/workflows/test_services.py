"""Administrators make, change, remove and restore workflows; what Lagan brings is there from the
first start and stays as people left it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lagan.hub.audit.models import Event
from lagan.hub.jobs.models import FileStatusType
from lagan.hub.jobs.workflows import queries, services
from lagan.hub.jobs.workflows.defaults import STATUS_TYPES
from lagan.hub.jobs.workflows.errors import UnsoundStatusType, UnsoundWorkflow
from lagan.kit.errors import Forbidden, NotFound

if TYPE_CHECKING:
    from tests.hub.jobs.workflows.conftest import Scene

pytestmark = pytest.mark.django_db
STEPS: list[dict[str, Any]] = [{"name": "dynamo.tasks.migrate"}]


def test_a_workflow_is_kept_as_it_was_written(scene: Scene) -> None:
    row = services.make_workflow(by=scene.admin, name="mine", label="My own", steps=STEPS)
    kept = queries.workflow(row.pk)
    assert (kept.name, kept.label, kept.steps, kept.fields) == ("mine", "My own", STEPS, [])
    assert queries.names()[-1] == "mine"
    assert Event.objects.filter(kind="workflow.created").count() == 1


def test_only_who_looks_after_workflows_changes_them(scene: Scene) -> None:
    people = scene.people
    for actor in (people.owner, people.mate, people.stranger):
        with pytest.raises(Forbidden):
            services.make_workflow(by=actor, name="mine", label="Mine", steps=STEPS)
        with pytest.raises(Forbidden):
            services.remove_workflow(by=actor, workflow=queries.workflows()[0].pk)
        with pytest.raises(Forbidden):
            services.change_status_type(by=actor, key="migrated", label="Away")
    assert queries.names() == ["migrate", "premigrate", "recall", "send", "delete"]


def test_a_name_is_given_once(scene: Scene) -> None:
    services.make_workflow(by=scene.admin, name="mine", label="Mine", steps=STEPS)
    with pytest.raises(UnsoundWorkflow) as refused:
        services.make_workflow(by=scene.admin, name="mine", label="Mine", steps=STEPS)
    assert refused.value.reasons == {"name": ["There is a workflow called mine already."]}


def test_what_is_not_given_stays(scene: Scene) -> None:
    row = services.make_workflow(by=scene.admin, name="mine", label="Mine", steps=STEPS, icon="<i>")
    services.change_workflow(by=scene.admin, workflow=row.pk, label="Ours", name="ours")
    kept = queries.workflow(row.pk)
    assert (kept.name, kept.label, kept.icon, kept.steps) == ("ours", "Ours", "<i>", STEPS)
    with pytest.raises(UnsoundWorkflow):
        services.change_workflow(by=scene.admin, workflow=row.pk, steps=[])
    assert queries.workflow(row.pk).steps == STEPS


def test_a_removed_one_is_gone(scene: Scene) -> None:
    row = services.make_workflow(by=scene.admin, name="mine", label="Mine", steps=STEPS)
    services.remove_workflow(by=scene.admin, workflow=row.pk)
    for act in (queries.workflow, lambda id: services.remove_workflow(by=scene.admin, workflow=id)):
        with pytest.raises(NotFound):
            act(row.pk)


def test_a_start_neither_brings_back_nor_changes_back_what_people_did(scene: Scene) -> None:
    migrate, delete = queries.named("migrate"), queries.named("delete")
    assert migrate
    assert delete
    services.change_workflow(by=scene.admin, workflow=migrate.pk, label="Move away")
    services.remove_workflow(by=scene.admin, workflow=delete.pk)
    services.change_status_type(by=scene.admin, key="migrated", label="Away")
    services.ensure_defaults()
    assert queries.names() == ["migrate", "premigrate", "recall", "send"]
    assert queries.workflow(migrate.pk).label == "Move away"
    assert queries.status_type("migrated").label == "Away"
    assert [row.name for row in queries.removed_defaults()] == ["delete"]


def test_what_lagan_brings_can_be_restored(scene: Scene) -> None:
    migrate, delete = queries.named("migrate"), queries.named("delete")
    assert migrate
    assert delete
    services.change_workflow(by=scene.admin, workflow=migrate.pk, steps=[{"name": "hsm.delete"}])
    services.remove_workflow(by=scene.admin, workflow=delete.pk)
    services.restore_workflow(by=scene.admin, name="migrate")
    services.restore_workflow(by=scene.admin, name="delete")
    assert queries.workflow(migrate.pk).steps == [{"name": "hsm.migrate"}]
    assert queries.named("delete")
    with pytest.raises(NotFound):
        services.restore_workflow(by=scene.admin, name="mine")


def test_what_lagan_brings_keeps_its_name(scene: Scene) -> None:
    migrate = queries.named("migrate")
    assert migrate
    with pytest.raises(UnsoundWorkflow, match="keeps its name"):
        services.change_workflow(by=scene.admin, workflow=migrate.pk, name="move")


def test_the_name_of_a_removed_one_may_be_given_to_another(scene: Scene) -> None:
    delete = queries.named("delete")
    assert delete
    services.remove_workflow(by=scene.admin, workflow=delete.pk)
    row = services.make_workflow(by=scene.admin, name="delete", label="Delete", steps=STEPS)
    services.ensure_defaults()
    assert queries.workflow(row.pk).steps == STEPS


def test_the_colours_that_lagan_brings_can_be_read(scene: Scene) -> None:
    for key, _, background, text in STATUS_TYPES:
        assert services.contrast(background, text) >= 4.5, key


def test_a_state_gets_other_words_and_colours(scene: Scene) -> None:
    services.change_status_type(by=scene.admin, key="migrated", text_color="#fff")
    row = FileStatusType.objects.get(key="migrated")
    assert (row.label, row.text_color) == ("Offline", "#fff")
    assert services.contrast("#fff", "#000000") == pytest.approx(21)


@pytest.mark.parametrize(
    ("field", "value"),
    [("text_color", "red"), ("background_color", "#12345g"), ("label", " "), ("label", "a\nb")],
)
def test_what_no_page_could_show_is_refused(scene: Scene, field: str, value: str) -> None:
    with pytest.raises(UnsoundStatusType) as refused:
        services.change_status_type(by=scene.admin, key="migrated", **{field: value})
    assert list(refused.value.reasons) == [field]
    with pytest.raises(NotFound):
        services.change_status_type(by=scene.admin, key="sunk", label="Sunk")

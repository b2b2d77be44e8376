"""What becomes of a dataset is told to the volumes' journals, and comes back from them alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.hub.datasets.conftest import told_of


def note_of(dataset):
    from lagan.hub.datasets.keeping import notes

    (note,) = notes([dataset])
    return note


def forget(dataset):
    """As a database that never knew it."""
    from lagan.hub.datasets.models import Dataset, LogLine

    LogLine.objects.filter(dataset=dataset).delete()
    Dataset.objects.filter(pk=dataset).delete()


def facts(dataset):
    from lagan.hub.datasets.models import Dataset

    row = Dataset.objects.get(pk=dataset)
    return (
        row.type, row.computer_id, row.source_path, row.state,
        row.closed_at, row.removed_at, row.expires_at,
    )  # fmt: skip


@pytest.fixture
def people_with_users(bench):
    from lagan.hub.accounts import services as accounts

    owner = bench.people.owner
    assert owner.entity is not None
    accounts.restore_user(entity=owner.entity, username="owner", full_name="Owner")
    return bench


@pytest.mark.parametrize("state", ["open", "closed", "removed"])
def test_type_origin_state_and_date_come_back(people_with_users, state):
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.datasets.keeping import adopt
    from lagan.hub.datasets.services import close_dataset, remove_dataset, set_expiry

    bench = people_with_users
    dataset = bench.make(type="automated", computer=bench.computer, source_path="run")
    first = note_of(dataset)
    if state != "open":
        close_dataset(by=SYSTEM, dataset=dataset)
    set_expiry(by=SYSTEM, dataset=dataset, date="2040-01-01")
    if state == "removed":
        remove_dataset(by=SYSTEM, dataset=dataset)
    before, last = facts(dataset), note_of(dataset)
    forget(dataset)
    adopt([first, last])
    assert facts(dataset) == before
    adopt([first, last])
    assert facts(dataset) == before


def test_an_older_note_takes_nothing_back(people_with_users):
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.datasets.keeping import adopt
    from lagan.hub.datasets.services import close_dataset

    dataset = people_with_users.make()
    first = note_of(dataset)
    close_dataset(by=SYSTEM, dataset=dataset)
    before = facts(dataset)
    adopt([first])
    assert facts(dataset) == before


def test_a_close_is_told_to_the_journals_of_all_volumes(people_with_users, tmp_path):
    from lagan.hub.archive import services as archive
    from lagan.hub.archive.services.volumes import forget_opened
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.datasets.keeping import keep_states
    from lagan.hub.datasets.services import close_dataset
    from lagan.store.journal import NoteLine

    forget_opened()
    volumes = []
    for name, role in (("a", "main"), ("b", "copy")):
        (tmp_path / name).mkdir()
        volumes.append(
            archive.add_volume(
                by=SYSTEM, location=f"posix:{tmp_path / name}", name=name, storage_set="s",
                role=role,
            )
        )  # fmt: skip
    dataset = people_with_users.make()
    close_dataset(by=SYSTEM, dataset=dataset)
    keep_states([each for each in told_of(dataset) if each.kind == "dataset.closed"])
    for each in volumes:
        notes = [
            line.data
            for line in archive.journal(each).entries()
            if isinstance(line, NoteLine) and line.kind == "dataset"
        ]
        assert [note["state"] for note in notes if note["id"] == dataset] == ["closed"]
    forget_opened()


def test_an_old_note_without_states_makes_an_open_manual_dataset(people_with_users):
    from lagan.hub.datasets.keeping import adopt

    dataset = people_with_users.make()
    note = note_of(dataset)
    known = ("id", "name", "created", "line", "owner", "owner_name", "owner_line", "owner_type")
    old = type(note)(note.kind, {key: note.data[key] for key in known}, note.at)
    forget(dataset)
    adopt([old])
    assert facts(dataset) == ("manual", None, "", "open", None, None, None)
    assert timezone.now() - timedelta(hours=1) < row_created(dataset)


def row_created(dataset):
    from lagan.hub.datasets.models import Dataset

    return Dataset.objects.get(pk=dataset).created_at

"""The log of a dataset: by level, for those who may read it, told of what happens elsewhere."""

from __future__ import annotations

import pytest

from lagan.kit.errors import BadInput, Forbidden, NotFound
from tests.hub.datasets.conftest import told_of


def texts(actor, dataset, level="INFO"):
    from lagan.hub.datasets import queries

    return [each.text for each in queries.log(actor, dataset, level=level).items]


@pytest.fixture
def told(bench):
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.datasets.services import write_log

    dataset = bench.make()
    for level in ("DEBUG", "INFO", "WARN", "ERROR", "FATAL"):
        write_log(dataset=dataset, by=SYSTEM, level=level, text=level.lower())
    return dataset


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("DEBUG", ["fatal", "error", "warn", "info", "debug", "Created."]),
        ("INFO", ["fatal", "error", "warn", "info", "Created."]),
        ("warn", ["fatal", "error", "warn"]),
        ("FATAL", ["fatal"]),
    ],
)
def test_a_level_shows_itself_and_what_is_graver(bench, told, level, shown):
    assert texts(bench.people.owner, told, level) == shown


def test_who_may_read_it(bench, told):
    with pytest.raises(Forbidden):
        texts(bench.people.mate, told)
    with pytest.raises(NotFound):
        texts(bench.people.stranger, told)
    with pytest.raises(BadInput):
        texts(bench.people.owner, told, "LOUD")


def test_changes_of_metadata_and_names_are_told_once(bench):
    from lagan.hub.datasets.reactions import tell
    from lagan.hub.tree import services as tree

    dataset, owner = bench.make(), bench.people.owner
    tree.set_metadata(by=owner, entity=dataset, values={".Sample": ["7"]})
    tree.rename(by=owner, entity=dataset, name="renamed")
    kinds = ("metadata.set", "entity.renamed")
    events = [each for each in told_of(dataset) if each.kind in kinds]
    tell(events)
    expected = ["Renamed from d to renamed.", "Metadata changed: .Sample.", "Created."]
    assert sorted(texts(owner, dataset)) == sorted(expected)
    tell(events)
    assert len(texts(owner, dataset)) == 3


def test_damage_and_healing_are_told_to_every_dataset_that_has_the_file(bench):
    from django.utils import timezone

    from lagan.hub.archive.models import File
    from lagan.hub.audit.kinds import Kind
    from lagan.hub.audit.rules import EventRow
    from lagan.hub.datasets.models import Entry
    from lagan.hub.datasets.reactions import tell

    dataset, now = bench.make(), timezone.now()
    file = File.objects.create(
        file_id="f", version=1, name="n", size=1, crc32=0, crc32c=0, stored_at=now
    )
    Entry.objects.create(
        dataset_id=dataset, path="run/a.txt", stored=file, file_id="f", version=1, size=1,
        crc32=0, mtime_ns=0, added_at=now,
    )  # fmt: skip
    data = {"volume": "north-1", "files": [str(file.pk)]}
    for number, kind in enumerate((Kind.FILE_DAMAGED, Kind.FILE_HEALED)):
        tell([EventRow(number, number, now, kind, "system", None, None, data, "done")])
    from lagan.hub.datasets import queries

    lines = [(each.level, each.text) for each in queries.log(bench.people.owner, dataset).items]
    assert ("WARN", "A copy is damaged on north-1: run/a.txt.") in lines
    assert (
        "INFO",
        "A damaged copy was replaced by a good one on north-1: run/a.txt.",
    ) in lines

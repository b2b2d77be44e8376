"""On random datasets, metadata, permissions and conditions a search finds what a naive filter
does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lagan.hub.base.actors import Actor
from lagan.hub.datasets.models import Dataset
from lagan.hub.datasets.search import compiling, documents, drivers, finding
from lagan.hub.datasets.search.asking import Query, query
from lagan.hub.tree.metadata.values import comparable
from lagan.hub.tree.models import Entity, Grant, Metadata
from lagan.hub.tree.rules import path_of
from tests.hub.datasets.search.reference import NOON, Group, Sample, found

pytestmark = pytest.mark.django_db

LONG = "long " * 20
VALUES = [
    "quartz", "Quartz", "feldspar", "5", "5.0", "12", "1e3", "-3", "2024-03-01", "Straße",
    "2024-03-01T12:00:00Z", "1709294400", "warm quartz, sample_7", LONG + "a", LONG + "b", "50%",
    "12345678901234567", "12345678901234568", "ǅ", "x*y", "[z]",
]  # fmt: skip
KEYS = [".Sample", ".Note", ".Size"]
NAMES = ["retina 1", "Retina_2", "beads", "mouse 4711 MRI", "STRASSE"]
WHERE = [
    ".Sample = quartz", ".Sample != quartz", ".Sample like *QUART*", ".Sample not like q*",
    ".Sample like strasse", ".Note like long*b", f".Note = {LONG}a", f".Note > {LONG}a",
    f".Note <= {LONG}a", ".Note < f", ".Note >= quartz", ".Size = 5", ".Size != 5", ".Size > 4",
    ".Size < 100", ".Size > size:0.9K", ".Size <= size:1K", ".Sample >= time:2024-03-01",
    ".Sample < time:2024-03-02", ".Note = time:2024-03-01 12:00", ".Sample = 12345678901234567",
    ".Sample has", ".Sample has not", ".Note like x*y", ".Note like [z]", ".Size >= -3",
    "system.dataset.name like *retina*", "system.dataset.name like retina*1",
    "system.dataset.name not like *e*", "system.dataset.name = beads",
    "system.dataset.name >= b", "system.dataset.name < mouse 5",
    "system.dataset.status = closed", "system.dataset.status != open",
    "system.dataset.size > 1K", "system.dataset.size <= 2 KB", "system.dataset.size = 1000",
    "system.dataset.time.closed >= 2024-03-01 11", "system.dataset.time.closed has not",
    "system.dataset.time.closed != 2024-03-01 12", "system.dataset.time.closed < 2024-03-01 12:30",
    "system.dataset.owner = ann", "system.dataset.owner != ann", "system.dataset.owner like A*",
    "system.dataset.group = g1", "system.dataset.group like /g0/*", "system.dataset.group != g2",
    "system.dataset.group = /g0/g1", "system.dataset.within = /g0/g1",
    "system.dataset.within != /g0/g1", "system.dataset.id >= 1012",
]  # fmt: skip
TEXTS = ["", "quartz", "quart*", "retina", "strasse", "5", "warm 7", "mri mouse*", "nothing"]


@st.composite
def samples(draw: st.DrawFn) -> list[dict[str, Any]]:
    return draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "group": st.integers(0, 3),
                    "name": st.sampled_from(NAMES),
                    "state": st.sampled_from(["open", "closed", "closed", "removed"]),
                    "size": st.sampled_from([0, 999, 1000, 2000, 10**12]),
                    "owner": st.sampled_from(["ann", "bea"]),
                    "closed": st.sampled_from([None, -90, 0, 45]),
                    "metadata": st.dictionaries(
                        st.sampled_from(KEYS),
                        st.lists(st.sampled_from(VALUES), min_size=1, max_size=3),
                    ),
                }
            ),
            min_size=6,
            max_size=14,
        )
    )


queries = st.builds(
    lambda where, match, removed, text, order, size: query(
        where, match=match, removed=removed, text=text, order=order, size=size
    ),
    st.lists(st.sampled_from(WHERE), max_size=3),
    st.sampled_from(["all", "any"]),
    st.booleans(),
    st.sampled_from([*TEXTS, *[""] * 12]),
    st.sampled_from(["newest", "newest", "oldest", "name", "largest", "smallest"]),
    st.integers(1, 4),
)
EVERYTHING = {(0, False, False), (0, True, False)}
GRANTS = st.sets(st.tuples(st.integers(0, 3), st.booleans(), st.booleans())).flatmap(
    lambda some: st.sampled_from([some, some | EVERYTHING, EVERYTHING])
)


@contextmanager
def built(
    given: list[dict[str, Any]], grants: set[tuple[int, bool, bool]]
) -> Iterator[list[Sample]]:
    """Groups g0 > g1 > g2 and g0 > g3; the asker is entity 1000, ann and bea 1001 and 1002."""
    with transaction.atomic():
        yield _build(given, grants)
        transaction.set_rollback(True)


def _build(given: list[dict[str, Any]], grants: set[tuple[int, bool, bool]]) -> list[Sample]:
    groups: list[Group] = []
    entities: list[Entity] = []
    for number, parent in enumerate((0, 0, 1, 0)):
        above = groups[parent] if number else None
        path = path_of(number + 10, above.path if above else "")
        names = f"{above.names if above else ''}/g{number}"
        groups.append(Group(number + 10, f"g{number}", path, names))
        entities.append(_entity(number + 10, "GROUP", f"g{number}", parent + 10, path))
    for number, name in enumerate(("asker", "ann", "bea")):
        path = path_of(1000 + number, groups[0].path)
        entities.append(_entity(1000 + number, "USER", name, 10, path))
    made = [_sample(number, each, groups) for number, each in enumerate(given)]
    for each in made:
        path = path_of(each.id, each.group.path)
        entities.append(_entity(each.id, "DATASET", each.name, each.group.id, path))
    Entity.objects.bulk_create(entities)
    Dataset.objects.bulk_create(_row(each) for each in made)
    Metadata.objects.bulk_create(row for each in made for row in _values(each))
    documents.index([each.id for each in made])
    for place, metadata, deny in grants:
        permission = "DATASET_METADATA_READ" if metadata else "DATASET_READ"
        Grant.objects.create(
            subject_id=1000, object_id=place + 10, permission=permission, deny=deny
        )
    for each in made:
        each.readable = _may(each.group, grants, False)
        each.metadata_readable = _may(each.group, grants, True)
    return made


def _entity(id: int, type: str, name: str, parent: int, path: str) -> Entity:
    return Entity(id=id, type=type, name=name, parent_id=parent, path=path)


def _sample(number: int, given: dict[str, Any], groups: list[Group]) -> Sample:
    closed = NOON + timedelta(minutes=given["closed"]) if given["closed"] is not None else None
    return Sample(
        2000 + number, f"{given['name']} {number}" if number % 3 else given["name"] + "." * number,
        groups[given["group"]], given["state"], given["size"], given["owner"], closed,
        given["metadata"],
    )  # fmt: skip


def _row(each: Sample) -> Dataset:
    return Dataset(
        entity_id=each.id, owner_id={"ann": 1001, "bea": 1002}[each.owner], state=each.state,
        created_at=timezone.now(), closed_at=each.closed, bytes=each.size,
    )  # fmt: skip


def _values(each: Sample) -> Iterator[Metadata]:
    for key, texts in each.metadata.items():
        for place, text in enumerate(texts):
            value = comparable(text)
            yield Metadata(
                entity_id=each.id, key=key, position=place, text=text,
                number=value.number, time=value.time,
            )  # fmt: skip


def _may(group: Group, grants: set[tuple[int, bool, bool]], metadata: bool) -> bool:
    """The nearest mark decides, a grant before a denial."""
    line = [int(name[1:]) for name in group.names.split("/")[1:]]
    for place in reversed(line):
        if (place, metadata, False) in grants:
            return True
        if (place, metadata, True) in grants:
            return False
    return False


def paged(asker: Actor, sought: Query, most: int = finding.MOST_CANDIDATES) -> list[int]:
    """All pages, one after the other."""
    after, ids = None, []
    for _ in range(100):
        page = finding.find(asker, sought, after=after, most=most)
        assert len(page.ids) <= sought.size
        ids += page.ids
        after = page.next
        if after is None:
            return ids
    raise AssertionError("the pages never end")


ASKER = Actor(1000, "asker", "jwt")


@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(samples(), GRANTS, st.lists(queries, min_size=6, max_size=6), st.booleans())
def test_search_and_reference_agree(
    db: None,
    given: list[dict[str, Any]],
    grants: set[tuple[int, bool, bool]],
    sought: list[Query],
    crowded: bool,
) -> None:
    with built(given, grants) as made, pytest.MonkeyPatch.context() as patch:
        if crowded:  # as if there were too many to gather, and too many values to look through
            patch.setattr(drivers, "FEW", 1)
            patch.setattr(drivers, "ENOUGH", 0)
            patch.setattr(compiling, "MOST_VALUES", 1)
            patch.setattr(finding, "_PATIENCE", 1)
        for each in sought:
            assert paged(ASKER, each) == found(each, made), each
            assert paged(ASKER, each, most=2) == found(each, made), each

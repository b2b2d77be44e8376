"""What is asked often is answered as the query itself would answer it."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from lagan.hub.archive.models import File, Replica, Volume
from lagan.hub.base.prepared import Prepared

pytestmark = pytest.mark.django_db

COLUMNS = ("id", "name", "size", "stored_at", "belongs", "replicas__volume__name")


def files(name: str, version: int) -> QuerySet[File, tuple[Any, ...]]:
    return File.objects.filter(name=name, version=version).values_list(*COLUMNS)


@pytest.fixture
def some() -> list[UUID]:
    volume = Volume.objects.create(id=uuid4(), name="main", location="/nowhere")
    made = []
    for name in ("run 1", "it's", "100 %s", "café ☃"):
        file = File.objects.create(
            file_id=name, version=3, name=name, size=2**40, crc32c=1, crc32=2,
            stored_at=timezone.now(), belongs={"dataset": 7, "path": name},
        )  # fmt: skip
        Replica.objects.create(
            file=file, volume=volume, object=name, length=1, made_at=timezone.now(), line=uuid4()
        )
        made.append(file.id)
    return made


def test_rows_are_those_of_the_query_type_by_type(some: list[UUID]) -> None:
    asked = Prepared(files, "like", 12345)
    for name in ("run 1", "it's", "100 %s", "café ☃", "unknown"):
        assert asked.rows(name, 3) == list(files(name, 3))
    assert asked.rows("run 1", 4) == []


def test_uuids_are_asked_for_as_the_database_keeps_them(some: list[UUID]) -> None:
    asked = Prepared(lambda id: File.objects.filter(id=id).values_list("id"), UUID(int=7))
    assert [asked.rows(id) for id in some] == [[(id,)] for id in some]


def test_a_statement_is_built_once(some: list[UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Prepared(files, "like", 12345)
    asked.rows("run 1", 3)
    monkeypatch.setattr(asked, "_build", None)
    assert asked.rows("it's", 3) == list(files("it's", 3))


def test_an_example_that_is_not_sent_is_found_out() -> None:
    with pytest.raises(AssertionError):
        Prepared(lambda name, _: files(name, 3), "like", 12345).rows("run 1", 1)

"""Owner, team-mate and stranger with accounts, and a dataset with files whose bytes are nowhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from lagan.hub.base.actors import Actor

FILES = {"raw/one.dcm": b"1" * 10, "raw/deep/two.fits": b"2" * 20, "read me.txt": b"3" * 30}


@dataclass(frozen=True, slots=True)
class Stage:
    """The three, the group that the dataset is in, the groups above it, and the dataset."""

    owner: Actor
    mate: Actor
    stranger: Actor
    root: int
    faculty: int
    group: int
    dataset: int


@pytest.fixture
def stage(db: None) -> Stage:
    from lagan.hub.accounts import services as accounts
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.datasets import services
    from lagan.hub.tree import services as tree

    ground = accounts.bootstrap()
    owner, mate, stranger = (
        Actor(user.entity_id, user.username, "session")
        for user in (
            accounts.create_user(by=SYSTEM, username=name, full_name=full)
            for name, full in (
                ("olga", "Olga Owner"), ("mats", "Mats Mate"), ("sten", "Sten Stranger"),
            )
        )
    )  # fmt: skip
    faculty = tree.create_entity(by=SYSTEM, type="GROUP", name="NV", parent=ground.root.pk)
    group = tree.create_entity(by=SYSTEM, type="GROUP", name="IFY", parent=faculty.pk)
    made = services.create_dataset(by=SYSTEM, name="crystals", group=group.pk, owner=owner.entity)
    assert mate.entity is not None
    tree.set_grants(
        by=SYSTEM, subject=mate.entity, object=made.pk, grant={"DATASET_READ", "DATASET_LIST"}
    )
    fill(made.pk, FILES)
    return Stage(owner, mate, stranger, ground.root.pk, faculty.pk, group.pk, made.pk)


def fill(dataset: int, files: Mapping[str, bytes]) -> list[object]:
    """Catalogue and attach files, as the writer's transaction does; what became of each."""
    from lagan.hub.archive.models import File
    from lagan.hub.datasets.services import Arrival, attach
    from lagan.kit.digests import Digester
    from lagan.kit.ids import new_id

    now, arrivals, rows = timezone.now(), [], []
    for path, content in files.items():
        digester = Digester()
        digester.update(content)
        digests = digester.result()
        id = new_id()
        arrivals.append(Arrival(dataset, path, id, digests, 1_700_000_000_000_000_000))
        rows.append(
            File(
                id=id, file_id=id.hex, version=1, name=path, size=len(content), crc32c=0, crc32=0,
                sha256=hashlib.sha256(content).hexdigest(), stored_at=now,
            )
        )  # fmt: skip
    with transaction.atomic():
        File.objects.bulk_create(rows)
        return list(attach(arrivals, at=now))


@pytest.fixture
def client_of() -> Callable[[Actor], Client]:
    """A client with the person's session."""
    from lagan.hub.accounts.queries import find_user

    def made(actor: Actor) -> Client:
        user = find_user(username=actor.name)
        assert user is not None
        client = Client()
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return client

    return made

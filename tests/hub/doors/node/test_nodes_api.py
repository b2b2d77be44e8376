"""Nodes, volumes, subscriptions and checks over REST: for an administrator, not for a member or a
stranger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from lagan.hub.accounts import services as accounts
from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.models import Event
from lagan.hub.base.actors import SYSTEM
from lagan.hub.doors.node.models import (
    Delivery,
    Disk,
    DiskEvent,
    Host,
    Proof,
    StoredFile,
    Subscriber,
)
from lagan.hub.tree import services as tree
from tests.services.hub import until

pytestmark = pytest.mark.django_db
Ask = Callable[..., Any]
MIB = 1 << 20
PLACES = (
    *("/api/nodes/", "/api/nodes/vm:7777/", "/api/nodes/volumes/", "/api/nodes/volumes/d1/"),
    *("/api/nodes/volumes/d1/events/", "/api/nodes/subscriptions/", "/api/nodes/checks/"),
    "/api/nodes/checks/events/",
)


@pytest.fixture
def ask(settings: Any) -> Ask:
    """`ask("admin", path)` as one of three people; a path that answers gives its JSON."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    tree.ensure_root()
    users = {
        name: accounts.create_user(
            by=SYSTEM, username=name, email=f"{name}@example.org", admin=name == "admin"
        )
        for name in ("admin", "mate")
    }

    def of(who: str, path: str, status: int = 200) -> Any:
        client = Client()
        if who in users:
            client.force_login(users[who], "django.contrib.auth.backends.ModelBackend")
        reply = client.get(path)
        assert reply.status_code == status, reply.content
        return reply.json()

    return of


@pytest.fixture
def cluster() -> None:
    Host.objects.create(
        host_id="vm:7777", ip_address="10.0.0.1", srv_port=7777, srv_state="ONLINE",
        srv_version="x", cluster_name="vm:7777", srv_archive=1, srv_retrieve=1, srv_remove=0,
        srv_data_checking=1, srv_checked_mb=2.0, srv_check_files=3,
        srv_check_start="2026-11-21T19:51:53.795",
    )  # fmt: skip
    for n in (1, 2, 3):
        Disk.objects.create(
            disk_id=f"d{n}", logical_name=f"M-00000{n}", host_id="vm:7777" if n < 3 else "",
            mounted=int(n < 3), slot_id=f"volume{n}", number_of_files=2, bytes_stored=100,
            available_mb=10, capacity_mb=20,
        )  # fmt: skip
    for n in (1, 2):
        DiskEvent.objects.create(
            disk_id="d1", hist_date=f"2026-11-2{n}", hist_origin="vm", hist_synopsis=f"event {n}"
        )
    for n, status in enumerate(("00000000", "10000000", "10000000")):
        StoredFile.objects.create(
            disk_id="d1", file_id=f"f{n}", file_version=1, file_name=f"saf/{n}", file_size=n,
            uncompressed_file_size=n, file_status=status,
        )  # fmt: skip
    Proof.objects.create(
        disk_id="d1", file_id="f2", file_version=1, line=uuid4(), crc32c=1, crc32=1,
        finding="its checksum is wrong", checked_at=datetime.now(UTC),
    )  # fmt: skip
    Subscriber.objects.create(
        subscr_id="copy", host_id="vm:7777", subscr_url="http://me:secret@other:7777/QARCHIVE"
    )
    for n, queued in enumerate((-2, -2, -1, 0, 3)):
        Delivery.objects.create(
            subscr_id="copy", file_id=f"f{n}", file_version=1, disk_id="d1", file_name="x",
            status=queued, status_date=f"2026-11-2{n}", comment="no route" if queued > 0 else "",
        )  # fmt: skip


@pytest.mark.parametrize("path", PLACES)
def test_only_administrators_may(ask: Ask, cluster: None, path: str) -> None:
    ask("admin", path)
    ask("mate", path, 403)
    ask("nobody", path, 401)


def test_a_node_says_what_it_is_and_what_is_mounted(ask: Ask, cluster: None) -> None:
    (node,) = ask("admin", "/api/nodes/")["results"]
    assert node == ask("admin", "/api/nodes/vm:7777/")
    assert (node["id"], node["state"], node["address"]) == ("vm:7777", "ONLINE", "10.0.0.1:7777")
    assert node["may"] == ["archive", "retrieve"]
    assert (node["volumes"], node["files"], node["bytes"]) == (2, 4, 200)
    assert (node["check"]["running"], node["check"]["bytes"]) == (True, 2 * MIB)


@pytest.mark.parametrize("path", ["/api/nodes/other:1/", "/api/nodes/volumes/d9/"])
def test_what_is_not_there_is_not_found(ask: Ask, cluster: None, path: str) -> None:
    assert ask("admin", path, 404)["status"] == 404


def test_volumes_come_by_key(ask: Ask, cluster: None) -> None:
    first = ask("admin", "/api/nodes/volumes/?size=2")
    rest = ask("admin", f"/api/nodes/volumes/?size=2&after={first['next']}")
    assert [each["id"] for each in first["results"] + rest["results"]] == ["d1", "d2", "d3"]
    assert rest["next"] is None
    mine = ask("admin", "/api/nodes/volumes/?host=vm:7777")["results"]
    assert [each["id"] for each in mine] == ["d1", "d2"]
    assert (mine[0]["available"], mine[0]["capacity"], mine[0]["damaged"]) == (
        10 * MIB,
        20 * MIB,
        2,
    )


def test_a_volume_tells_its_history_the_last_first(ask: Ask, cluster: None) -> None:
    found = ask("admin", "/api/nodes/volumes/d1/events/")["results"]
    assert [each["what"] for each in found] == ["event 2", "event 1"]


def test_a_subscription_tells_its_queue_and_no_secret(ask: Ask, cluster: None) -> None:
    (found,) = ask("admin", "/api/nodes/subscriptions/")["results"]
    assert (found["waiting"], found["sending"], found["failed"]) == (2, 1, 1)
    assert found["error"] == "no route"
    assert found["url"] == "http://other:7777/QARCHIVE"


def test_damaged_copies_are_told_with_what_was_found(ask: Ask, cluster: None) -> None:
    found = ask("admin", "/api/nodes/checks/")["results"]
    assert [(each["file_id"], each["finding"]) for each in found] == [
        ("f1", ""),
        ("f2", "its checksum is wrong"),
    ]
    assert ask("admin", "/api/nodes/checks/?volume=d2")["results"] == []


@pytest.mark.usefixtures("transactional_db")
def test_what_was_healed_is_in_the_record(ask: Ask, cluster: None) -> None:
    for kind in (Kind.NODE_DAMAGED, Kind.NODE_STORED, Kind.NODE_HEALED):
        audit.record(kind=kind, by=SYSTEM, data={"file": "f1"})
    # A transaction elsewhere may hold a seal back for a moment.
    until(lambda: not audit.seal() and not Event.objects.filter(sequence=None).exists())
    page = ask("admin", "/api/nodes/checks/events/?size=1")
    (last,) = page["results"]
    assert (last["what"], last["data"]) == ("healed", {"file": "f1"})
    rest = ask("admin", f"/api/nodes/checks/events/?size=1&after={page['next']}")
    assert [each["what"] for each in rest["results"]] == ["damaged"]
    assert ask("admin", "/api/nodes/checks/events/?after=x", 400)["status"] == 400


@pytest.mark.parametrize("rows", [1, 40])
def test_more_rows_cost_no_more_readings(
    ask: Ask, cluster: None, rows: int, django_assert_max_num_queries: Any
) -> None:
    for n in range(rows):
        Disk.objects.create(disk_id=f"more{n}", logical_name=f"m{n}")
        Subscriber.objects.create(subscr_id=f"s{n}", subscr_url="http://x/Q")
    from lagan.hub.doors.node import queries

    with django_assert_max_num_queries(2):
        queries.volumes()
    with django_assert_max_num_queries(4):
        queries.subscriptions()
    with django_assert_max_num_queries(2):
        queries.nodes()

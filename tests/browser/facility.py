"""A facility as its manager would have it: four instruments, of which one sends, one is silent, one
asks to be let in and one was never heard of; files that came, are missing, were not taken in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lagan.hub.base.actors import Actor

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPXIXYFRUIm4O+YwhQfKJ6GK5Ngu0NQk6FdFpkHjVgvy EM-PC-3"
FACTS = {
    "user_agent_name": "MyData", "user_agent_version": "0.9.2", "os_platform": "win32",
    "user_agent_install_location": "C:\\Program Files\\MyData", "os_system": "Windows",
    "os_release": "10", "os_version": "10.0.19045", "os_username": "instrument",
    "machine": "AMD64", "architecture": "('64bit', 'WindowsPE')", "memory": "63.8G", "cpus": 24,
    "processor": "Intel64 Family 6 Model 85 Stepping 7, GenuineIntel", "data_path": "D:\\Data",
    "disk_usage": "", "default_user": "alice", "interface": "Ethernet 2",
    "mac_address": "00:1b:21:3a:5f:07", "ipv4_address": "192.0.2.17",
    "ipv6_address": "fe80::21b:21ff:fe3a:5f07", "subnet_mask": "255.255.255.0",
    "contact_name": "Alice Novák", "contact_email": "alice@example.org",
}  # fmt: skip
SETTINGS = {
    "instrument_name": "Krios G4", "facility_name": "Electron microscopy", "locked": "False",
    "contact_name": "Alice Novák", "data_directory": "D:\\Data", "schedule_type": "Timer",
    "timer_minutes": "15", "timer_from_time": "06:00:00", "ignore_new_files": "True",
    "folder_structure": "Username / Dataset", "max_upload_threads": "5", "vendor_mode": "burst",
}  # fmt: skip
PERMISSIONS = {
    "GROUP_READ", "COMPUTER_CREATE", "COMPUTER_READ", "COMPUTER_CHANGE", "COMPUTER_PERM_SET",
    "DATASET_CREATE", "DATASET_READ", "DATASET_CHANGE",
}  # fmt: skip


def furnish(root: int, manager: Actor, reader: int) -> tuple[int, int, int]:
    """Make it, managed by `manager`, of which `reader` may only read the instruments. The ids of
    the facility, of the instrument that sends, and of its uploader."""
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.instruments import services, silence
    from lagan.hub.instruments.models import Registration, Watch
    from lagan.hub.tree import services as tree

    facility = tree.create_entity(
        by=SYSTEM, type="GROUP", name="Electron microscopy", parent=root
    ).id
    assert manager.entity is not None
    tree.set_grants(by=SYSTEM, subject=manager.entity, object=facility, grant=PERMISSIONS)
    tree.set_grants(by=SYSTEM, subject=reader, object=facility, grant={"COMPUTER_READ"})
    made = {
        name: services.make_instrument(by=manager, facility=facility, name=name).id
        for name in ("Krios G4", "Talos Arctica", "JEM-1400", "Helios FIB-SEM")
    }
    krios = _uploader(manager, made["Krios G4"], "EM-PC-1")
    _uploader(manager, made["Talos Arctica"], "EM-PC-2", silent=timedelta(days=3))
    third = _uploader(manager, made["JEM-1400"], "EM-PC-3")
    services.note_settings(by=manager, uploader_id=krios, pairs=list(SETTINGS.items()))
    services.note_report(
        by=manager,
        uploader_id=krios,
        report=services.Report(
            214, 209, 2,
            [("alice/2026-11-21 grid 4/mov_0117.tiff", "It grew while it was sent"),
             ("jan/2026-11-21 test/notes.docx", "There is no user jan at the hub")],
        ),
    )  # fmt: skip
    for uploader, number in ((krios, 1), (third, 2)):
        _key(manager, uploader, number)
    Registration.objects.filter(uploader=krios).update(
        state="approved", decided_at=datetime.now(UTC), decided_by=manager.entity,
        comment="Compared with the label on the computer",
    )  # fmt: skip
    _files(manager, made["Krios G4"], krios, facility)
    _days(made)
    silence.set_alarm(by=manager, instrument=made["Talos Arctica"], hours=24)
    Watch.objects.update(set_at=datetime.now(UTC) - timedelta(days=9))
    silence.look()
    return facility, made["Krios G4"], krios


def _uploader(
    manager: Actor, instrument: int, host: str, silent: timedelta = timedelta(minutes=2)
) -> int:
    from lagan.hub.instruments import services
    from lagan.hub.instruments.models import Uploader

    row = services.note_uploader(
        by=manager, uuid=f"6f2a3c10-0000-11ee-8c99-{host}", name=host, address="192.0.2.17",
        facts={**FACTS, "hostname": host}, instrument_id=instrument,
    )  # fmt: skip
    Uploader.objects.filter(pk=row.pk).update(seen_at=datetime.now(UTC) - silent)
    return row.pk


def _key(manager: Actor, uploader: int, number: int) -> None:
    from lagan.hub.instruments import services

    services.ask_for_approval(
        by=manager,
        uploader_id=uploader,
        wish=services.Wish(
            fingerprint=f"SHA256:n7mXa7YJ3kGdEw0lqzS5nQ5qJ8vYvV0Yw3hKc2Jx{number}Zk",
            public_key=KEY, name="MyData Key", requester_name="Alice Novák",
            requester_email="alice@example.org",
        ),
    )  # fmt: skip


def _files(manager: Actor, instrument: int, uploader: int, facility: int) -> None:
    """Of a dataset: stored ones, one that is on its way, one that never came, one that differs."""
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.datasets import services as datasets
    from lagan.hub.instruments.models import DataFile

    assert manager.entity is not None
    dataset = datasets.create_dataset(
        by=SYSTEM, name="2026-11-21 grid 4", group=facility, owner=manager.entity,
        computer=instrument,
    )  # fmt: skip
    now = datetime.now(UTC)
    rows = [
        ("Atlas/Atlas_1.mrc", "", "", 0), ("Images-Disc1/GridSquare_7/mov_0113.tiff", "", "", 0),
        ("Images-Disc1/GridSquare_7/mov_0114.tiff", "s/mov_0114.tiff", "", 0),
        ("Images-Disc1/GridSquare_7/mov_0115.tiff", "s/mov_0115.tiff", "", 30),
        ("Images-Disc1/GridSquare_7/mov_0116.tiff", "s/mov_0116.tiff",
         "What came has the MD5 0cc175b9c0f1b6a831c399e269772661, not the announced one.", 5),
    ]  # fmt: skip
    for path, staged, problem, hours in rows:
        DataFile.objects.create(
            dataset_id=dataset.pk, path=path, size=37_748_736, md5="9" * 32, by_id=manager.entity,
            instrument=instrument, uploader_id=uploader, staged=staged, problem=problem,
            announced_at=now - timedelta(hours=hours), stored_at=None if staged else now,
        )  # fmt: skip


def _days(made: dict[str, int]) -> None:
    """Two weeks of files."""
    from lagan.hub.instruments.models import Day

    today = datetime.now(UTC).date()
    for name, counts in {
        "Krios G4": (120, 340, 310, 0, 0, 402, 390, 415, 20, 388, 0, 0, 376, 209),
        "Talos Arctica": (80, 95, 90, 0, 0, 102, 77, 81, 64, 70, 0, 0, 0, 0),
        "JEM-1400": (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 3),
    }.items():
        for place, files in enumerate(reversed(counts)):
            Day.objects.create(
                instrument_id=made[name], day=today - timedelta(days=place), files=files
            )

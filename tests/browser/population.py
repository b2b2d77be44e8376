"""A small hub as people would have it: alice and bob, their datasets, two volumes with real bytes,
one bad copy,
jobs in three states. Run as a program it makes one in LAGAN_DATA."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.browser.facility import furnish
from tests.browser.packaging import deposit_all, judge_now
from tests.previewed import SAMPLES, sample

if TYPE_CHECKING:
    from lagan.hub.base.actors import Actor

PASSWORD = "correct horse battery staple"
LONG_AGO = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
KINDS = "One file of every kind"
RETINA, MRI = "2026-11-20 retina z-stack", "2026-11-18 mouse 4711 MRI T2"
PLANES = {f"raw/retina_z{plane:03d}.ome.tif": bytes([plane]) * 20_000 for plane in range(4)}
FILES = {"acquisition.xml": b"<acquisition/>", **PLANES}


@dataclass(frozen=True, slots=True)
class Population:
    """The ids of what was made."""

    retina: int
    beads: int
    mri: int
    kinds: int
    """Holds a file of every kind that is previewed."""
    running: int
    failed: int
    link: str
    """A link that no test uses up."""
    spare_link: str
    """One that a test may set a password with."""
    microscopes: int
    """A group of alice's with a template for computers."""
    template: int
    confocal: int
    lab: int
    """A group in which alice may make datasets and register computers."""
    shared: str
    """The page of a share link."""
    guarded: str
    """That of one with a password."""
    computer: int
    fetched: int
    optics: int
    role: int
    """A research group that alice administers, and the role group of its members."""
    site: int
    """A site without a worker that alice may browse and use, with a key and addresses."""
    workflow: int
    """Send, with its two fields."""
    schedule: int
    moved: int
    """A job of alice's that ran a workflow at the site; names in it are no text."""
    moved_task: int
    policy: int
    """One of a site whose filesystem is too full, which was looked at."""
    policy_run: int
    """The look."""
    facility: int
    """One that alice manages, whose instruments bob may read."""
    instrument: int
    uploader: int
    """An instrument of it with files in every state, and the program on it."""
    preservation: int
    """A group in which alice deposits packages, bob may read, and dan may nothing."""
    package: int
    package_before: int
    package_refused: int
    package_awaited: int
    package_preparing: int
    package_ready: int
    package_damaged: int


def populate(folder: Path, *, samples: bool = False) -> Population:
    """Make it all in a database that has its tables and holds nothing; volumes beneath `folder`.
    `samples`: also the files of every kind, which take a second to make."""
    from lagan.hub.accounts import services as accounts
    from lagan.hub.archive.services.volumes import add_volume, tally_volumes
    from lagan.hub.base.actors import SYSTEM, Actor
    from lagan.hub.datasets import services as datasets
    from lagan.hub.tree import services as tree

    root = accounts.bootstrap().root
    lab = tree.create_entity(by=SYSTEM, type="GROUP", name="Imaging facility", parent=root.pk)
    alice, bob, carol, dan = (
        accounts.create_user(
            by=SYSTEM, username=name, email=f"{name}@example.org", full_name=full, password=password
        )
        for name, full, password in (
            ("alice", "Alice Novák", PASSWORD),
            ("bob", "Bob Svensson", PASSWORD),
            ("carol", "Carol Ng", None),
            ("dan", "Dan Okafor", None),
        )
    )
    for name, role in (("north-1", "main"), ("south-1", "copy")):
        (folder / name).mkdir(parents=True)
        add_volume(
            by=SYSTEM, location=f"posix:{folder / name}", name=name, storage_set="disks", role=role
        )
    made = [
        datasets.create_dataset(by=SYSTEM, name=name, group=lab.pk, owner=owner.entity_id).pk
        for name, owner in ((MRI, bob), ("2026-11-19 calibration beads", alice), (RETINA, alice))
    ]
    stored = _archive(made[2], FILES)
    _spoil(stored["raw/retina_z001.ome.tif"], "south-1", "bad")
    _spoil(stored["raw/retina_z002.ome.tif"], "south-1", "missing")
    owner = Actor(alice.entity_id, "alice", "session")
    datasets.close_dataset(by=owner, dataset=made[1])
    running, failed = _jobs(owner)
    tally_volumes()
    kinds = datasets.create_dataset(by=SYSTEM, name=KINDS, group=lab.pk, owner=alice.entity_id).pk
    if samples:
        _archive(kinds, {name: sample(name) for name in SAMPLES})
    links = [accounts.make_password_link(each, by=SYSTEM) for each in (carol, dan)]
    optics, role_group = _research_group(root.pk, alice.entity_id, dan.entity_id)
    shared = _citizens(owner, lab.pk, retina=made[2], beads=made[1])
    microscopes = _microscopes(root.pk, owner)
    _administration()
    _nodes()
    computer, fetched = _computer(owner, lab.pk, made[2])
    site, schedule = _site(owner, lab.pk)
    moved, moved_task = _moved(owner)
    policy, policy_run = _policy(lab.pk)
    facility, instrument, uploader = furnish(root.pk, owner, bob.entity_id)
    packaged = deposit_all(owner, bob.entity_id, root.pk, _archive)
    return Population(
        retina=made[2],
        beads=made[1],
        mri=made[0],
        kinds=kinds,
        running=running,
        failed=failed,
        link=links[0],
        spare_link=links[1],
        microscopes=microscopes[0],
        template=microscopes[1],
        confocal=microscopes[2],
        lab=lab.pk,
        shared=shared[0],
        guarded=shared[1],
        computer=computer,
        fetched=fetched,
        optics=optics,
        role=role_group,
        site=site,
        workflow=_send(),
        schedule=schedule,
        moved=moved,
        moved_task=moved_task,
        policy=policy,
        policy_run=policy_run,
        facility=facility,
        instrument=instrument,
        uploader=uploader,
        **asdict(packaged),
    )


def _nodes() -> None:
    """Two archive nodes: one that checks its data, one that is away; a damaged copy, a subscriber
    that cannot be reached."""
    from lagan.hub.doors.node.models import Delivery, Disk, Host, StoredFile, Subscriber

    Host.objects.create(
        host_id="north:7777", ip_address="10.0.0.1", srv_port=7777, srv_state="ONLINE",
        srv_version="0.1/2026-11-22", srv_data_checking=1, srv_check_files=1234,
    )  # fmt: skip
    Host.objects.create(
        host_id="south:7777", ip_address="10.0.0.2", srv_port=7777, srv_state="NOT-RUNNING",
        srv_version="0.1/2026-11-22", srv_check_end="2026-11-21T19:51:53.795", srv_check_files=99,
    )  # fmt: skip
    for n, (host, used) in enumerate((("north:7777", 4000), ("north:7777", 9000), ("", 100))):
        Disk.objects.create(
            disk_id=f"4927bc1a8f3b4e7f9d31f3c41c2a7a1{n}", logical_name=f"BULK-M-00000{n}",
            host_id=host, last_host_id="south:7777", mounted=int(bool(host)),
            slot_id=f"volume{n}" if host else "", number_of_files=used, completed=int(n == 1),
            bytes_stored=used << 20, available_mb=10_000 - used, capacity_mb=10_500,
        )  # fmt: skip
    StoredFile.objects.create(
        disk_id="4927bc1a8f3b4e7f9d31f3c41c2a7a10", file_id="TEST.2001-05-08T15:25:00.123",
        file_version=1, file_name="saf/2001-05-08/1/TEST.2001-05-08T15:25:00.123.fits",
        file_size=2880, uncompressed_file_size=2880, file_status="10000000",
    )  # fmt: skip
    Subscriber.objects.create(
        subscr_id="mirror", host_id="north:7777", subscr_url="http://mirror.example.org/QARCHIVE"
    )
    Delivery.objects.create(
        subscr_id="mirror", file_id="x", file_version=1, disk_id="d", file_name="x", status=2,
        comment="connection refused",
    )  # fmt: skip


def _citizens(owner: Actor, lab: int, *, retina: int, beads: int) -> tuple[str, str]:
    """A published dataset, two share links (their pages), a quota."""
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.datasets import quotas
    from lagan.hub.datasets import services as datasets
    from lagan.hub.tree import services as tree

    told = {
        ".Description": ["Beads of 100 nm, imaged once a month to know the microscope."],
        ".Creator": ["Novák, Alice (0000-0002-1825-0097)"],
        ".Keywords": ["calibration", "beads"],
        ".License": ["CC-BY-4.0"],
        ".Publisher": ["Imaging facility"],
    }
    tree.set_metadata(by=SYSTEM, entity=beads, values=told)
    datasets.publish(by=owner, dataset=beads, files=True)
    quotas.set_quota(by=SYSTEM, group=lab, bytes=1_000_000, files=500)
    assert owner.entity is not None
    tree.set_grants(by=SYSTEM, subject=owner.entity, object=lab, grant={"GROUP_READ"})
    one = datasets.create_link(by=owner, dataset=retina, note="the reviewers")
    other = datasets.create_link(by=owner, dataset=retina, note="Prof. Ng", password=PASSWORD)
    return f"/s/{one[1]}/", f"/s/{other[1]}/"


def _research_group(within: int, administrator: int, member: int) -> tuple[int, int]:
    """With one of each, of whom the administrator may make more groups in it."""
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.tree import services as tree

    made = tree.make_research_group(by=SYSTEM, within=within, name="Optics")
    tree.add_member(by=SYSTEM, member=administrator, group=made.roles["_adm"].pk)
    tree.add_member(by=SYSTEM, member=member, group=made.roles["_member"].pk)
    own = ["GROUP_CREATE", "GROUP_PERM_SET"]
    tree.set_grants(by=SYSTEM, subject=administrator, object=made.group.pk, grant=own)
    return made.group.pk, made.roles["_member"].pk


def _microscopes(root: int, owner: Actor) -> tuple[int, int, int]:
    """A group, its template, and a computer that is described as that asks."""
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.tree import services as tree
    from lagan.hub.tree.permissions import ALL
    from lagan.hub.tree.queries import Field

    group = tree.create_entity(by=SYSTEM, type="GROUP", name="Microscopes", parent=root).pk
    tree.set_grants(by=SYSTEM, subject=owner.entity or 0, object=group, grant=ALL)
    lamps = ("Laser", "LED", "Halogen")
    fields = [
        Field(".Location", regex="[A-Z][0-9]{3}", mandatory=True, most=1, comment="The room"),
        Field(".Lamp", defaults=lamps, mandatory=True, singular=True, nonoverride=True),
        Field(".Modes", defaults=("Widefield", "Confocal", "TIRF"), multiple=True),
        Field(".SerialNumber", persistent=True),
        Field("system.gatekeeper.protocols.VNC", defaults=("5900",)),
    ]
    template = tree.create_template(by=owner, name="Microscope", parent=group, fields=fields).pk
    general = [Field(".Location"), Field(".Lamp", comment="What lights it")]
    other = tree.create_template(by=owner, name="Any computer", parent=group, fields=general).pk
    for each in (other, template):
        tree.assign_template(by=owner, group=group, type="COMPUTER", template=each)
    values = {".Location": ["B117"], ".Modes": ["TIRF"], ".SerialNumber": ["4711"], ".note": ["x"]}
    confocal = tree.create_entity(
        by=owner, type="COMPUTER", name="Confocal 2", parent=group, metadata=values
    )
    return group, template, confocal.pk


def _administration() -> None:
    """Ada, who may do everything, and an institution at which people may log in."""
    from lagan.hub.accounts import services as accounts
    from lagan.hub.base.actors import SYSTEM

    accounts.create_user(by=SYSTEM, username="ada", password=PASSWORD, admin=True)
    campus = {"name": "campus", "label": "Campus", "issuer": "https://login.campus.example"}
    accounts.set_provider(by=SYSTEM, given={**campus, "client_id": "lagan"}, secret="x")


def _computer(owner: Actor, lab: int, managed: int) -> tuple[int, int]:
    """A computer that the owner may do everything with, and a dataset that waits for it."""
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.computers.models import Connection
    from lagan.hub.computers.services import register_computer
    from lagan.hub.datasets.services import create_dataset
    from lagan.hub.tree import services as tree
    from lagan.hub.tree.permissions import DATASET_CREATOR
    from lagan.transfer import make_key, public_part

    assert owner.entity is not None
    rights = {"GROUP_READ", "DATASET_CREATE"}
    rights |= {"COMPUTER_READ", "COMPUTER_CREATE", "COMPUTER_CHANGE"}
    rights |= {"TASK_READ", "TASK_CREATE"}  # at sites whose place this is
    tree.set_grants(by=SYSTEM, subject=owner.entity, object=lab, grant=rights)
    grant = DATASET_CREATOR | {"DATASET_DELETE"}
    tree.set_grants(by=SYSTEM, subject=owner.entity, object=managed, grant=grant)
    facts = {
        "name": "NMR400", "need": "200 GB", "period": "monthly", "os": "Debian 12",
        "responsible": "Carol Ng", "department": "Physics", "building": "B2", "room": "2.13",
        "ip": "127.0.0.1", "port": "9", "path": "/data/nmr", "protocol": "sftp", "user": "lab",
    }  # fmt: skip
    computer = register_computer(by=owner, group=lab, name="nmr-400-b2", facts=facts)
    Connection.objects.filter(computer=computer).update(
        offered_key=public_part(make_key("shown")),
        words="It answers. Compare its host key with what it says of itself, and confirm it.",
    )
    fetched = create_dataset(
        by=owner, name="2026-11-21 benzene", group=lab, type="automated", computer=computer,
        source_path="2026-11/benzene",
    )  # fmt: skip
    return computer, fetched.pk


def _archive(dataset: int, files: Mapping[str, bytes]) -> dict[str, UUID]:
    """Write each file to both volumes, and both copies into the catalogue."""
    from django.db import transaction
    from django.utils import timezone

    from lagan.hub.archive.models import File, Replica, Volume
    from lagan.hub.archive.services.volumes import open_store
    from lagan.hub.datasets.services import Arrival, attach
    from lagan.kit.ids import new_id

    now, arrivals = timezone.now(), []
    with transaction.atomic():
        for path, content in files.items():
            id = new_id()
            name = f"files/{id}-{path.rpartition('/')[2]}"
            for volume in Volume.objects.order_by("name"):
                store = open_store(volume)
                incoming = store.receive(id.hex)
                incoming.write([content])
                digests = incoming.digests()
                incoming.checkpoint()
                store.publish([(incoming, name)])
                if volume.name == "north-1":
                    File.objects.create(
                        id=id,
                        file_id=id.hex,
                        version=1,
                        name=path,
                        size=digests.size,
                        sha256=digests.sha256,
                        crc32c=digests.crc32c,
                        crc32=digests.crc32,
                        stored_at=now,
                    )
                Replica.objects.create(
                    file_id=id,
                    volume=volume,
                    object=name,
                    length=digests.size,
                    verified_at=now,
                    made_at=now,
                    line=id,
                )
            arrivals.append(Arrival(dataset, path, id, digests, 0))
        attach(arrivals, at=now)
    return {each.path: each.id for each in arrivals}


def _spoil(file: UUID, volume: str, state: str) -> None:
    from lagan.hub.archive.models import Replica

    Replica.objects.filter(file=file, volume__name=volume).update(state=state)


def _jobs(owner: Actor) -> tuple[int, int]:
    """A job with one of two tasks done, and one whose second item failed."""
    from lagan.hub.jobs.ledger import DatabaseLedger
    from lagan.hub.jobs.services import TaskSpec, create_job, ensure_site
    from lagan.worker.ledger import ItemFailure, Outcome

    ensure_site(name="lab")
    batches = [["z000", "z001"], ["z002", "z003"]]
    specs = [TaskSpec("lab.copy", "lab", items=batch) for batch in batches]
    failed = create_job(kind="copy", title="Check of volume north-1", by=owner, tasks=specs[:1])
    ledger = DatabaseLedger()
    (claimed,) = ledger.claim(["lab"], "lab-1")
    reason = "SHA-256 is 9c1e, the catalogue says 3a7b."
    ledger.finish(
        claimed, Outcome(done=1, failed=1, failures=[ItemFailure("z001", "failed", reason)])
    )
    running = create_job(kind="copy", title="Copy to volume south-1", by=owner, tasks=specs)
    (claimed,) = ledger.claim(["lab"], "lab-1")
    ledger.finish(claimed, Outcome(done=2))
    return running.pk, failed.pk


def _site(owner: Actor, place: int) -> tuple[int, int]:
    """London, where nobody is at work just now, and what runs there every night."""
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.jobs import keys, presence, sites
    from lagan.hub.jobs.models import SiteWorker
    from lagan.hub.jobs.workflows.schedules import make_schedule
    from lagan.hub.jobs.workflows.services import ensure_defaults
    from lagan.worker.ledger import WorkerFacts

    ensure_defaults()
    addresses = ["192.0.2.7", "london.example.org"]
    row = sites.add_site(by=SYSTEM, name="london", title="London", place=place, addresses=addresses)
    keys.make_site_key(site="london", name="worker 1", by=SYSTEM)
    facts = WorkerFacts("w1", ["london"], "l-node-1", "0.5", "hub", 10, 0, 0.25, ["/mmfs1/data"])
    presence.note(facts)
    SiteWorker.objects.update(seen=LONG_AGO)
    nightly = make_schedule(
        by=owner, title="Nightly copy", every="0 2 * * *", workflow="premigrate", site="london",
        paths=["/mmfs1/data/new"], discovery="snapdiff",
    )  # fmt: skip
    return row.pk, nightly.pk


def _send() -> int:
    from lagan.hub.jobs.workflows.queries import named

    row = named("send")
    assert row is not None
    return row.pk


def _moved(owner: Actor) -> tuple[int, int]:
    """Three paths: one moved, one already there, one that somebody had open."""
    from lagan.hub.jobs import queries
    from lagan.hub.jobs.ledger import DatabaseLedger
    from lagan.hub.jobs.workflows.services import run_workflow
    from lagan.worker.ledger import ALREADY, ItemFailure, Outcome

    paths = ["/mmfs1/data/z1.tif", "/mmfs1/data/line\nbreak", "/mmfs1/data/latin-\udcff.txt"]
    job = run_workflow(by=owner, workflow="migrate", site="london", paths=paths, discovery=None)
    ledger = DatabaseLedger()
    (claimed,) = ledger.claim(["london"], "w1")
    kept = ItemFailure(paths[1], ALREADY, "It is migrated.")
    failed = ItemFailure(paths[2], "failed.target", "The target refused it.")
    ledger.finish(claimed, Outcome(done=1, skipped=1, failed=1, failures=[kept, failed], bytes=9))
    (task,) = queries.tasks(owner, job.pk).items
    return job.pk, task.id


def _policy(place: int) -> tuple[int, int]:
    """Bergen, whose filesystem is 86 % full, and a policy that was looked at and has run."""
    from lagan.hub.accounts.queries import find_user
    from lagan.hub.base.actors import SYSTEM, Actor
    from lagan.hub.jobs import presence, sites
    from lagan.hub.jobs.ledger import DatabaseLedger
    from lagan.hub.jobs.models import SiteWorker
    from lagan.hub.policies import running, services
    from lagan.worker.ledger import Outcome, WorkerFacts

    ada = find_user(username="ada")
    assert ada is not None
    by = Actor(ada.entity_id, "ada", "session")
    sites.add_site(by=SYSTEM, name="bergen", title="Bergen", place=place)
    disk = {"path": "/data", "used": 86 << 40, "free": 14 << 40, "percent": 86.0,
            "keeps_read_times": False}  # fmt: skip
    facts = WorkerFacts("b1", ["bergen"], roots=["/data"], filesystems=[disk])
    presence.note(facts)
    SiteWorker.objects.filter(name="b1").update(seen=datetime.now(UTC) + timedelta(days=1))
    row = services.make_policy(
        by=by, site="bergen", title="Keep room on /data", paths=["/data"], unread_for="90 d",
        high=80, low=70, target="archive", exclude=["*.tmp", "scratch"], every="0 3 * * *",
        stub_size="64 KiB", enabled=False,
    )  # fmt: skip
    services.make_policy(by=by, site="bergen", title="Copy ahead", action="premigrate", every="6 h",
                         enabled=False)  # fmt: skip
    runs = []
    for dry in (False, True):
        runs.append(services.run_policy(by=by, policy=row.pk, dry=dry))
        ledger = DatabaseLedger()
        (claimed,) = ledger.claim(["bergen"], "b1")
        ledger.finish(claimed, Outcome(done=len(claimed.items), result=_report(disk)))
    running.settle_open(row)
    return row.pk, runs[-1].pk


def _report(disk: Mapping[str, Any]) -> dict[str, Any]:
    """What a worker tells of forty files in five folders."""
    from lagan.hsm.policy.report import DAY, LeftOut, report
    from lagan.hsm.policy.selection import Candidate

    chosen = [
        Candidate(0.0, f"/data/run {n % 5}/raw/z\udcff{n}.tif", n << 34, n << 34,
                  (2000 - n * 45) * DAY, n % 3, f"/data/run {n % 5}/raw")
        for n in range(1, 41)
    ]  # fmt: skip
    left_out = LeftOut()
    for reason, files in (("not-needed", 812), ("read", 4211), ("pinned", 37), ("small", 90_122)):
        left_out.add(reason, files << 24, files)
    told = {
        **disk,
        "percent_after": 73.2,
        "frees": sum(each.frees for each in chosen),
        "full": True,
    }
    return report(chosen, left_out, [told], lambda n: ("ann", "ben", "cleo")[n], limited=True)


def advance(job: int) -> None:
    """Finish what is left of a job, as a worker would."""
    from lagan.hub.jobs.ledger import DatabaseLedger
    from lagan.worker.ledger import Outcome

    ledger = DatabaseLedger()
    for claimed in ledger.claim(["lab"], "lab-1", 100):
        assert claimed.job == job
        ledger.finish(claimed, Outcome(done=len(claimed.items)))


def set_up_provider(given: dict[str, str]) -> None:
    """An identity provider that really runs."""
    from lagan.hub.accounts import services as accounts
    from lagan.hub.base.actors import SYSTEM

    secret = given.pop("secret")
    accounts.set_provider(by=SYSTEM, given=given, secret=secret)


def main(act: str, argument: str) -> None:
    """`populate FOLDER`, `advance JOB`, `judge PACKAGE` or `provider FACTS` (JSON with a
    secret)."""
    import django
    from django.core.management import call_command

    django.setup()
    if act == "populate":
        call_command("migrate", verbosity=0)
        json.dump(asdict(populate(Path(argument), samples=True)), sys.stdout)
    elif act == "judge":
        judge_now(int(argument))
    elif act == "provider":
        set_up_provider(json.loads(argument))
    else:
        advance(int(argument))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The agent against a MyTardis server: the same engine, the server's own words."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lagan.agent.mytardis import facts
from lagan.agent.progress import Quiet
from lagan.agent.renaming import rename
from lagan.agent.rows import Condition
from lagan.agent.sync import sync
from lagan.kit.errors import Conflict, NotFound, NotSignedIn
from tests.agent.conftest import Bench
from tests.agent.hub import TestHub
from tests.agent.mytardis import KEY, MyTardisServer
from tests.agent.observer import Kept
from tests.services import ssh
from tests.services.process import Running, running

SIZE = (2 << 20) + 17


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MyTardisServer]:
    staging = tmp_path / "staging"
    staging.mkdir()
    with MyTardisServer(staging) as served:
        yield served


@pytest.fixture
def desk(tmp_path: Path, server: MyTardisServer, hub: TestHub) -> Bench:
    bench = Bench(tmp_path, hub)
    bench.given |= {
        "hub_url": server.url, "username": "facility", "api_key": KEY, "upload_method": "POST",
        "verification_delay": 0.01, "connection_timeout": 20,
    }  # fmt: skip
    return bench


def run(bench: Bench, **changes: object) -> Kept:
    kept = Kept()
    sync(bench.settings(**changes), Quiet(), threading.Event(), observer=kept)
    return kept


def test_a_run_by_form_and_a_second_one(desk: Bench, server: MyTardisServer) -> None:
    desk.file("anna/scan 1/a.tif", b"first")
    desk.file("anna/scan 1/deep/er/b \u00e5\u0301.tif", b"second")
    desk.file("anna/scan 1/empty", b"")
    desk.file("zoe/scan 2/large.raw", os.urandom(SIZE))
    kept = run(desk)
    assert kept.report is not None
    assert (kept.report.exit, kept.report.sent, kept.report.verified) == (0, 4, 4), kept.report
    assert server.contents() == {
        path.partition("/")[2]: content for path, content in desk.local().items()
    }
    assert [row["title"] for row in server.rows["mydata_experiment"]] == [
        "Microscope - Anna A",
        "Microscope - zoe (USER NOT FOUND IN MYTARDIS)",
    ]
    users = {row.username: row.name for row in kept.rows["users"].values()}
    assert users == {"anna": "Anna A", "zoe": ""}
    grants = [(row["pluginId"], row["entityId"]) for row in server.rows["objectacl"]]
    assert grants == [("django_group", "3"), ("django_user", "2"), ("django_group", "3")]
    server.requests.clear()
    again = run(desk)
    assert again.report is not None
    assert (again.report.sent, again.report.already, again.report.from_cache) == (0, 4, 4)
    assert server.asked("mydata_dataset_file") == 0
    fresh = run(desk, cache_datafile_lookups=False)
    assert fresh.report is not None
    assert (fresh.report.sent, fresh.report.verified) == (0, 4)
    assert not [path for method, path in server.requests if method == "POST"]


GROUP, PERSON = ("django_group", "7"), ("django_user", "2")
STRUCTURES = [
    ("Username / Dataset", "anna/d", "Microscope - Anna A", "anna", None, PERSON),
    ("Email / Dataset", "a@x.org/d", "Microscope - Anna A", "a@x.org", None, PERSON),
    ("Username / Experiment / Dataset", "anna/e/d", "e", "anna", None, PERSON),
    ("Email / Experiment / Dataset", "a@x.org/e/d", "e", "a@x.org", None, PERSON),
    ('Username / "MyTardis" / Experiment / Dataset', "anna/mytardis/e/d",
     "e", "anna", None, PERSON),
    ("User Group / Instrument / Full Name / Dataset", "smith/Microscope/Kim K/d",
     "Microscope - Kim K", "Kim K", "smith", GROUP),
    ("Experiment / Dataset", "e/d", "e", "facility", None, None),
    ("Dataset", "d", "Microscope - Fac Ility", "facility", None, None),
    ("User Group / Dataset", "smith/d", "smith", None, "smith", GROUP),
    ("User Group / Experiment / Dataset", "smith/e/d", "smith - e", None, "smith", GROUP),
]  # fmt: skip


@pytest.mark.parametrize(("structure", "folder", "title", "user", "group", "owner"), STRUCTURES)
def test_every_folder_structure_as_the_uploader_has_it(
    desk: Bench, server: MyTardisServer, structure: str, folder: str, title: str,
    user: str | None, group: str | None, owner: tuple[str, str] | None,
) -> None:  # fmt: skip
    desk.file(f"{folder}/in/a.tif", b"x")
    changes = {"folder_structure": structure, "group_prefix": "lab-"}
    kept = run(desk, **changes)
    assert kept.conditions() == {"a.tif": Condition.COMPLETED}
    (experiment,) = server.rows["mydata_experiment"]
    noted = {each["name"]: each["value"] for each in experiment["parameter_sets"][0]["parameters"]}
    assert experiment["title"] == title
    assert (noted["user_folder_name"], noted.get("group_folder_name")) == (user, group)
    assert noted["uploader"]
    grants = [(row["pluginId"], row["entityId"]) for row in server.rows["objectacl"]]
    assert grants == [("django_group", "3"), *([owner] if owner else [])]
    assert run(desk, **changes, cache_datafile_lookups=False).report.sent == 0  # type: ignore[union-attr]
    assert len(server.rows["mydata_experiment"]) == len(server.rows["dataset"]) == 1


def test_the_kind_of_server_is_found_out(desk: Bench, hub: TestHub, server: MyTardisServer) -> None:
    from lagan.agent.mytardis import MyTardis
    from lagan.agent.targets import connect
    from lagan.client import Hub

    for url, key, kind in ((server.url, KEY, MyTardis), (hub.url, "wrong", Hub)):
        found = connect(desk.settings(hub_url=url, api_key=key))
        assert isinstance(found, kind)
        found.close()


def test_a_wrong_key_and_a_wrong_facility_are_said(desk: Bench) -> None:
    desk.file("anna/d/a.tif")
    with pytest.raises(NotSignedIn):
        desk.sync(api_key="0" * 40, server_kind="mytardis")
    with pytest.raises(NotFound) as caught:
        desk.sync(facility_name="Elsewhere")
    assert caught.value.facts["facilities"] == ["Imaging"]


def test_unverified_is_never_complete(desk: Bench, server: MyTardisServer) -> None:
    desk.file("anna/d/a.tif", b"x")
    server.verifies = False
    kept = run(desk)
    assert kept.report is not None
    assert kept.conditions() == {"a.tif": Condition.UNVERIFIED}
    assert [each.condition for each in kept.report.left] == [Condition.UNVERIFIED]
    assert kept.report.archived == 0
    server.verifies = True
    run(desk)
    assert run(desk).conditions("verifications") == {"a.tif": Condition.VERIFIED}


def test_other_content_is_refused_and_named(desk: Bench, server: MyTardisServer) -> None:
    desk.file("anna/d/a.tif", b"one!")
    desk.file("anna/d/b.tif", b"same")
    run(desk)
    desk.file("anna/d/a.tif", b"two!", age=1800)
    desk.file("anna/d/b.tif", b"same", age=1800)
    kept = run(desk)
    assert kept.report is not None
    assert kept.conditions() == {"a.tif": Condition.OTHER}
    assert (kept.report.exit, kept.report.already) == (11, 1)
    assert server.contents()["d/a.tif"] == b"one!"


@pytest.mark.parametrize(
    ("status", "condition"),
    [
        (413, Condition.TOO_LARGE),
        (500, Condition.BROKEN),
        (507, Condition.FULL),
        (503, Condition.BUSY),
        (403, Condition.FORBIDDEN),
        (0, Condition.NO_ANSWER),
        (401, None),
    ],
)
@pytest.mark.parametrize("size", [5, SIZE])
def test_an_error_status_is_never_a_success(
    desk: Bench, server: MyTardisServer, size: int, status: int, condition: Condition | None
) -> None:
    desk.file("anna/d/a.tif", os.urandom(size))
    server.refusals += [("POST", "/api/v1/mydata_dataset_file/", status)] * 9
    if condition is None:
        with pytest.raises(NotSignedIn):
            run(desk)
        return
    assert run(desk).conditions() == {"a.tif": condition}
    assert not server.files


def test_an_answer_that_was_lost_is_found_out(desk: Bench, server: MyTardisServer) -> None:
    """The server has the file, but we heard nothing: the second try meets its 409."""
    desk.file("anna/d/a.tif", b"once")
    run(desk)
    (desk.folder / "state" / "state.sqlite3").unlink()
    server.files[0].facts["directory"] = "elsewhere"
    lost = server.files[0]

    def appear(name: str) -> None:
        lost.facts["directory"] = ""

    server.on_file = appear
    server.refusals.append(("POST", "/api/v1/mydata_dataset_file/", 503))
    kept = run(desk)
    assert kept.conditions() == {"a.tif": Condition.COMPLETED}


def test_a_file_that_grows_while_it_is_sent_leaves_nothing(
    desk: Bench, server: MyTardisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = desk.file("anna/d/a.raw", os.urandom(SIZE))
    from lagan.agent.mytardis.sending import Delivery

    post = Delivery._post

    def grow(self: Delivery, *given: object) -> str:
        with made.open("ab") as file:
            file.write(b"more")
        return post(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Delivery, "_post", grow)
    assert run(desk).conditions() == {"a.raw": Condition.GREW}
    assert not server.files


@pytest.fixture
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(ssh.start, tmp_path_factory.mktemp("sshd")) as service:
        yield service


def test_staging_by_sftp_once_approved(desk: Bench, server: MyTardisServer, sshd: Running) -> None:
    desk.given["upload_method"] = "ParallelSSH"
    desk.file("anna/first/a.tif", b"before approval")
    run(desk)
    request = server.rows["mydata_uploaderregistrationrequest"][0]
    assert request["requester_public_key"].startswith("ssh-ed25519 ")
    assert server.files[0].target is None
    uploader = server.rows["mydata_uploader"][0]
    assert KEY not in str(uploader)
    assert len(uploader) == 27 + 2
    with (sshd.folder / "authorized_keys").open("a") as keys:
        keys.write(request["requester_public_key"])
    address = sshd.address
    server.approve(address["host"], address["port"], address["user"])
    desk.file("anna/second/in/small.tif", b"small")
    desk.file("anna/second/large.raw", os.urandom(SIZE))
    kept = run(desk)
    assert set(kept.conditions().values()) == {Condition.COMPLETED}, kept.rows["uploads"]
    assert server.contents() == {
        path.partition("/")[2]: content for path, content in desk.local().items()
    }
    target = server.files[-1].target
    assert target is not None
    assert target.stat().st_mode & 0o777 == 0o660
    assert target.parent.stat().st_mode & 0o7777 == 0o2770
    assert (len(server.rows["mydata_uploader"]), server.asked("mydata_uploader", "PUT")) == (1, 1)
    (desk.folder / "state" / "staging_host").write_text(request["requester_public_key"])
    desk.file("anna/third/a.tif", b"another host")
    assert run(desk).conditions() == {"a.tif": Condition.REFUSED}


def test_an_instrument_is_renamed_unless_the_name_is_taken(
    desk: Bench, server: MyTardisServer
) -> None:
    desk.file("anna/d/a.tif")
    run(desk)
    before = desk.given["instrument_name"]
    rename(desk.settings(instrument_name="Telescope"), before)
    assert [row["name"] for row in server.rows["instrument"]] == ["Telescope"]
    with pytest.raises(Conflict):
        rename(desk.settings(instrument_name="Telescope"), before)
    assert [row["name"] for row in server.rows["instrument"]] == ["Telescope"]


def test_a_staged_file_is_gone_on_with(desk: Bench, server: MyTardisServer, sshd: Running) -> None:
    desk.given["upload_method"] = "ParallelSSH"
    made = desk.file("anna/d/large.raw", os.urandom(4 * SIZE))
    from lagan.agent.mytardis.uploader import Uploader
    from lagan.transfer.keys import public_part

    settings = desk.settings(bandwidth_limit=8)
    settings.state.mkdir()
    key = Uploader(None, settings, settings.state).private_key()  # type: ignore[arg-type]
    with (sshd.folder / "authorized_keys").open("a") as keys:
        keys.write(public_part(key) + "\n")
    address = sshd.address
    server.approve(address["host"], address["port"], address["user"])
    stopped = threading.Event()
    sync(settings, Quiet(), stopped, observer=_StopAt(stopped, SIZE // 2))
    target = server.files[0].target
    assert target is not None
    begun = target.stat().st_size
    assert 0 < begun < 4 * SIZE
    assert run(desk).conditions() == {"large.raw": Condition.COMPLETED}
    assert target.read_bytes() == made.read_bytes()
    assert len(server.files) == 1


class _StopAt(Kept):
    """Stops the run once so many bytes of a file went."""

    def __init__(self, stop: threading.Event, size: int) -> None:
        super().__init__()
        self._stop_it, self._size = stop, size

    def uploads(self, rows: Iterable[Any]) -> None:
        if any(row.sent >= self._size for row in rows):
            self._stop_it.set()


def test_chunks_resume_where_the_server_has_got_to(desk: Bench, server: MyTardisServer) -> None:
    server.approve("127.0.0.1", "22", "nobody")
    made = desk.file("anna/d/large.raw", os.urandom(SIZE))
    server.refusals.append(("POST", "/api/v1/mydata_upload/0/upload/", 503))
    changes = {"upload_method": "Chunked", "max_upload_retries": 0}
    assert run(desk, **changes).conditions() == {"large.raw": Condition.BUSY}
    server.files[0].chunks += made.read_bytes()[: 1 << 20]
    assert run(desk, **changes).conditions() == {"large.raw": Condition.COMPLETED}
    assert server.asked("mydata_upload/0/upload", "POST") == 3
    assert server.contents() == {"d/large.raw": made.read_bytes()}


def test_names_in_a_form_cannot_leave_their_field() -> None:
    record = facts.of_file("1", 'a/x"\r\nb.tif', 1, "0" * 32, 10**18)
    _, before, _ = facts.form(record)
    head = before.decode().splitlines()[-3]
    assert head.endswith('filename="x\\"__b.tif"')

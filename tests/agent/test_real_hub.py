"""The same agent against a whole hub in processes of its own: real files in, the same bytes out."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import threading
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from lagan.agent.cleanup import candidates, clear
from lagan.agent.progress import Quiet
from lagan.agent.renaming import rename
from lagan.agent.report import Report
from lagan.agent.settings import read
from lagan.agent.turn import turn
from lagan.client import Hub as Client
from lagan.kit.errors import Conflict
from tests.agent.conftest import Bench
from tests.agent.strange import names
from tests.services.hub import PASSWORD, Hub, until

pytestmark = [pytest.mark.slow, pytest.mark.once]


@pytest.fixture
def whole_hub(running_hub: Hub) -> Hub:
    running_hub.facility("Imaging", "manager")
    for name in ("anna", "ben"):
        running_hub.add_user(name)
    return running_hub


@pytest.fixture
def real(tmp_path: Path, whole_hub: Hub) -> Bench:
    """A bench of an instrument of its own, which speaks to the whole hub."""
    made = Bench(tmp_path, whole_hub)  # type: ignore[arg-type]
    made.given |= {
        "instrument_name": f"Microscope {tmp_path.name}", "username": "manager",
        "api_key": whole_hub.key("manager"),
    }  # fmt: skip
    return made


def archived(bench: Bench, whole_hub: Hub) -> dict[str, bytes]:
    """Everything in the bench's datasets, fetched as zips by the people who own them."""
    found: dict[str, bytes] = {}
    base = sqlite3.connect(bench.folder / "state/state.sqlite3")
    rows = base.execute("SELECT root, dataset FROM datasets").fetchall()
    base.close()
    for root, dataset in rows:
        owner = root.partition("/")[0]
        key = whole_hub.key(owner if owner in ("anna", "ben") else "manager")
        target = bench.folder / f"{dataset}.zip"
        with closing(Client(whole_hub.url, api_key=key)) as client:
            client.download_zip(dataset, target)
        with zipfile.ZipFile(target) as held:
            # The zip's only folder is the dataset.
            above = root.rpartition("/")[0]
            found |= {f"{above}/{name}": held.read(name) for name in held.namelist()}
    return found


def test_a_run_and_a_second_one(real: Bench, whole_hub: Hub) -> None:
    real.file("anna/scan/a.tif", b"first")
    real.file("anna/scan/empty", b"")
    real.file("anna/scan/deep/er/b.tif", os.urandom(900_000))
    real.file("ben/scan/large.raw", os.urandom(9 << 20))
    real.file("zoe/scan/who.tif", b"who")
    report = real.sync()
    assert (report.exit, report.sent, report.archived) == (0, 5, 5), report
    assert archived(real, whole_hub) == real.local()
    again = real.sync()
    assert (again.exit, again.sent, again.already) == (0, 0, 5), again
    os.utime(real.data / "anna/scan/a.tif", (1_500_000_000,) * 2)
    real.file("anna/scan/deep/er/b.tif", b"other", age=1800)
    changed = real.sync()
    assert (changed.exit, changed.sent, changed.already) == (0, 1, 4), changed
    assert archived(real, whole_hub) == real.local()


def test_a_password_and_a_wrong_one(real: Bench) -> None:
    code, _, err = real.run("sync", api_key=None, password="nonsense")
    assert (code, len(err.splitlines())) == (3, 1), err
    assert real.run("check", api_key=None, password=PASSWORD)[0] == 0


def test_odd_names(real: Bench, whole_hub: Hub) -> None:
    for n, name in enumerate(names()):
        real.file(f"anna/odd/{name}", f"content {n}".encode())
    report = real.sync()
    assert report.failed == []
    refused = {each.path for each in report.refused}
    assert report.archived + len(refused) == report.found
    kept = archived(real, whole_hub)
    assert set(kept.values()) <= set(real.local().values())
    assert len(kept) == report.archived


@pytest.mark.fault
@pytest.mark.parametrize("seconds", [0.3, 0.6, 0.9, 1.2, 1.6, 2.2])
def test_killed_and_run_again(real: Bench, whole_hub: Hub, seconds: float) -> None:
    rng = random.Random(seconds)
    for n in range(60):
        real.file(f"anna/small/{n}.tif", rng.randbytes(5000 + n))
    real.file("ben/large/one.raw", rng.randbytes(24 << 20))
    ended = threading.Event()
    with real.start("sync", max_upload_threads=2) as process:
        ended.wait(seconds)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    code, out, err = real.run("sync", max_upload_threads=2)
    assert code == 0, out + err
    assert archived(real, whole_hub) == real.local()
    assert real.uploads_kept() == 0
    assert real.sync().sent == 0


def test_a_turn_with_the_hubs_settings_and_a_clean_up(real: Bench, whole_hub: Hub) -> None:
    said: list[str] = []

    def take() -> Report:
        settings = read(real.config)
        return turn(settings, real.config, Quiet(), threading.Event(), said.append)

    real.file("anna/keep/a.tif", b"first")
    real.config.write_text(real.text(dataset_filter="keep"))
    assert take().exit == 0, said
    with whole_hub.as_user("manager") as client:
        uuid = (real.folder / "state" / "uuid").read_text()
        rows = client.get("/api/instruments/uploaders/", params={"uuid": uuid}).json()["results"]
        assert [(each["found"], each["sent"], each["failed"]) for each in rows] == [(1, 1, 0)]
        address = f"/api/instruments/uploaders/{rows[0]['id']}/settings/"
        assert client.get(address).json()["settings"]["dataset_filter"] == "keep"
        changed = client.patch(address, json={"settings": {"dataset_filter": "more"}})
        assert changed.status_code == 200, changed.text
    real.file("anna/more/b.tif", b"second")
    real.file("anna/more/c.tif", b"third")
    assert take().sent == 2, said
    assert read(real.config).dataset_filter == "more"
    assert [line for line in said if "not known" in line or "not told" in line] == []

    def proven() -> bool:
        return all(row.verified for row in candidates(read(real.config)))

    until(proven)
    (real.data / "anna/more/c.tif").write_bytes(b"THIRD")
    done = clear(read(real.config))
    assert done.removed == ["anna/more/b.tif"], done
    assert sorted(real.local()) == ["anna/keep/a.tif", "anna/more/c.tif"]


def _killed_ten_times(
    real: Bench, whole_hub: Hub, *, small: int, large: int, longest: float, seed: int
) -> int:
    """`small` files and four of `large` bytes, the agent killed after random times up to `longest`
    seconds; how often it was really at work then. Afterwards everything is there once."""
    print(f"seed {seed}")
    rng = random.Random(seed)
    for n in range(small):
        real.file(f"anna/small {n % 50}/{n % 997}/{n}.tif", rng.randbytes(200 + n % 4000))
    for n in range(4):
        pieces = (
            rng.randbytes(1 << 20) for _ in range(0, large, 1 << 20)
        )  # more at once overflows
        real.file(f"ben/large/{n}.raw", b"".join(pieces) + rng.randbytes(n))
    ended, killed = threading.Event(), 0
    for _ in range(10):
        with real.start("sync") as process:
            ended.wait(rng.uniform(0.5, longest))
            killed += process.poll() is None
            process.send_signal(signal.SIGKILL)
            process.communicate()
    code, out, err = real.run("sync", "--fresh")
    assert code == 0, out + err
    assert archived(real, whole_hub) == real.local()
    assert real.uploads_kept() == 0
    again = real.sync(fresh=True)
    assert (again.exit, again.sent, again.archived) == (0, 0, small + 4)
    return killed


def test_an_instrument_gets_another_name_and_keeps_what_it_sent(real: Bench) -> None:
    real.file("anna/scan/a.tif", b"sent before")
    assert real.sync().sent == 1
    before = real.given["instrument_name"]
    real.given["instrument_name"] = f"New {before}"
    rename(real.settings(), before)
    again = real.sync(fresh=True)
    assert (again.exit, again.sent, again.archived) == (0, 0, 1), again
    real.given["instrument_name"] = f"Other {before}"
    assert real.sync(fresh=True).exit == 0  # another instrument
    with pytest.raises(Conflict):
        rename(real.settings(), f"New {before}")


@pytest.mark.soak
def test_a_hundred_thousand_files_killed_ten_times(real: Bench, whole_hub: Hub) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    assert _killed_ten_times(real, whole_hub, small=100_000, large=256 << 20, longest=15, seed=seed)

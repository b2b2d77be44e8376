"""A run sends what the hub lacks, once, and says what became of everything."""

from __future__ import annotations

import os
import threading

import pytest

from lagan.agent.errors import AlreadyRunning, BadSetting
from lagan.agent.lock import held
from lagan.kit.errors import NotFound, NotSignedIn, Unavailable
from tests.agent.conftest import Bench
from tests.agent.hub import TestHub

LARGE = os.urandom(3 << 20)


def test_everything_arrives_as_it_is(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/scan 1/a.tif", b"first")
    bench.file("anna/scan 1/deep/er/b.tif", b"second")
    bench.file("anna/scan 1/.hidden", b"h")
    bench.file("anna/scan 1/empty", b"")
    bench.file("ben/scan 2/large.raw", LARGE)
    report = bench.sync()
    assert report.exit == 0, report
    assert (report.found, report.sent, report.archived, report.datasets) == (5, 5, 5, 2)
    assert hub.contents() == bench.local()
    assert not hub.uploads
    assert bench.uploads_kept() == 0


def test_a_second_run_asks_once_and_sends_nothing(bench: Bench, hub: TestHub) -> None:
    for n in range(30):
        bench.file(f"anna/d{n % 3}/{n}.tif", str(n).encode())
    bench.sync()
    hub.requests.clear()
    report = bench.sync()
    assert (report.sent, report.already, report.archived, report.exit) == (0, 30, 30, 0)
    assert [path for _, path in hub.requests].count("/api/ingest/lookup/") == 1
    assert not [path for _, path in hub.requests if path.startswith("/api/uploads")]


def test_files_seen_verified_are_not_asked_about_until_told(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/a.tif")
    bench.sync()
    hub.verified = True
    assert bench.sync().verified == 1
    hub.requests.clear()
    cached = bench.sync()
    assert (cached.from_cache, cached.already, cached.verified) == (1, 1, 1)
    assert "/api/ingest/lookup/" not in [path for _, path in hub.requests]
    hub.files["d0"].clear()
    assert bench.sync(fresh=True).sent == 1
    assert bench.sync(cache_datafile_lookups=False).from_cache == 0


def test_a_new_time_alone_sends_nothing_and_reads_once(bench: Bench, hub: TestHub) -> None:
    made = bench.file("anna/d/a.tif", b"same")
    bench.sync()
    os.utime(made, (1_600_000_000, 1_600_000_000))
    report = bench.sync()
    assert (report.sent, report.already, report.archived) == (0, 1, 1)
    made.chmod(0)
    assert bench.sync().already == 1


def test_other_content_becomes_a_new_version(bench: Bench, hub: TestHub) -> None:
    made = bench.file("anna/d/a.tif", b"one!")
    bench.sync()
    bench.file("anna/d/a.tif", b"two!", age=1800)
    assert bench.sync().sent == 1
    bench.file("anna/d/a.tif", b"longer than before", age=900)
    assert bench.sync().sent == 1
    assert hub.files["d0"]["a.tif"].version == 3
    assert hub.contents()["anna/d/a.tif"] == made.read_bytes()


def test_fresh_files_are_left(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/new.tif", age=5)
    bench.file("anna/d/old.tif", age=500)
    report = bench.sync()
    assert [each.path for each in report.left] == ["anna/d/new.tif"]
    assert (report.sent, report.exit) == (1, 0)
    assert bench.sync(ignore_new_files=False).sent == 1


def test_an_unknown_users_folder_goes_to_the_account_or_is_named(
    bench: Bench, hub: TestHub
) -> None:
    bench.file("zoe/d/a.tif")
    refused = bench.sync(upload_invalid_user_folders=False)
    assert [(each.path, each.reason) for each in refused.refused] == [
        ("zoe/d", "There is no user zoe.")
    ]
    assert refused.exit == 11
    assert bench.sync().exit == 0
    assert hub.datasets == {"d0": ("facility", "Microscope - zoe (USER NOT FOUND)", "d")}


def test_a_closed_dataset_takes_nothing(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/a.tif")
    bench.sync()
    hub.states["d0"] = "closed"
    bench.file("anna/d/b.tif")
    report = bench.sync()
    assert [(each.path, each.reason) for each in report.refused] == [
        ("anna/d/b.tif", "Its dataset is closed")
    ]
    assert (report.already, report.exit) == (1, 11)


def test_a_wrong_password_ends_the_run(bench: Bench) -> None:
    bench.file("anna/d/a.tif")
    with pytest.raises(NotSignedIn, match="password is wrong"):
        bench.sync(api_key=None, password="wrong")
    assert bench.sync(api_key=None, password="secret").exit == 0


def test_a_wrong_key_ends_the_run(bench: Bench) -> None:
    with pytest.raises(NotSignedIn):
        bench.sync(api_key="nonsense")


def test_an_unknown_facility_ends_the_run(bench: Bench) -> None:
    with pytest.raises(NotFound, match="no facility Nowhere"):
        bench.sync(facility_name="Nowhere")


def test_a_hub_that_is_not_there_ends_the_run(bench: Bench) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        bench.sync(hub_url="http://127.0.0.1:9")


def test_a_data_folder_that_is_not_there_is_named(bench: Bench) -> None:
    with pytest.raises(BadSetting, match="data_directory"):
        bench.sync(data_directory=bench.folder / "none")


def test_two_agents_at_once_are_refused(bench: Bench) -> None:
    settings = bench.settings()
    with held(settings.state, bench.data), pytest.raises(AlreadyRunning):
        bench.sync()
    with held(bench.folder / "other state", bench.data), pytest.raises(AlreadyRunning):
        bench.sync()
    assert bench.sync().exit == 0


def test_told_to_stop_it_stops_and_goes_on_later(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/large.raw", LARGE)
    stop = threading.Event()
    hub.on_body = lambda count: stop.set() if count > 1 << 20 else None
    report = bench.sync(stop)
    assert (report.stopped, report.exit) == (True, 13)
    hub.settle()
    hub.received = 0
    assert bench.sync().exit == 0
    assert hub.received < len(LARGE), "what had arrived was sent again"
    assert hub.contents() == bench.local()


def test_the_report_is_kept(bench: Bench) -> None:
    bench.file("anna/d/a.tif")
    bench.sync()
    assert (bench.last()["sent"], bench.last()["exit"]) == (1, 0)

"""One turn: what the hub's people set is taken over, local files go when asked for, the hub is
told; nothing of that keeps a run from being made."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from lagan.agent import central
from lagan.agent.keys import KEYS
from lagan.agent.progress import Quiet
from lagan.agent.report import Report
from lagan.agent.settings import read
from lagan.agent.turn import turn
from tests.agent.conftest import Bench
from tests.agent.hub import TestHub


def take(bench: Bench, **changes: object) -> tuple[Report, list[str]]:
    said: list[str] = []
    bench.config.write_text(bench.text(**changes))
    settings = read(bench.config)
    report = turn(settings, bench.config, Quiet(), threading.Event(), said.append)
    return report, said


def later() -> str:
    return (datetime.now(UTC) + timedelta(minutes=5)).isoformat()


def test_the_hub_is_told_who_we_are_what_we_do_and_what_failed(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/a.tif", b"x")
    hub.refuse("POST", "/api/uploads/batch/", 413, "too-large", times=1)
    report, said = take(bench)
    assert (report.found, report.sent) == (1, 0)
    told = hub.uploaders[0]
    assert told["name"] == "Microscope"
    assert told["facts"]["user_agent_name"] == "Lagan"
    assert all(each["uuid"] == told["uuid"] for each in hub.uploaders)
    assert hub.reports == [
        {"found": 1, "sent": 0, "failed": 1,
         "problems": [["anna/d/a.tif", "Too large for the hub (413): As the test wants it."]]}
    ]  # fmt: skip
    assert any("anna/d/a.tif" in line for line in said)
    assert hub.settings["folder_structure"] == "Username / Dataset"


def test_no_secret_leaves_with_the_settings(bench: Bench, hub: TestHub) -> None:
    take(bench, password="s3cret-word")
    assert not {"api_key", "password", "username", "hub_url"} & set(hub.settings)
    assert "s3cret" not in str([hub.settings, hub.uploaders, hub.reports])
    assert bench.given["api_key"] not in str([hub.settings, hub.uploaders, hub.reports])


def test_what_was_changed_at_the_hub_is_taken_over_and_kept(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/keep/a.tif")
    bench.file("anna/drop/b.tif")
    hub.settings, hub.changed = {"dataset_filter": "keep", "contact_name": "Robin"}, later()
    report, said = take(bench)
    assert report.datasets == 1
    assert read(bench.config).contact_name == "Robin"
    assert "Taken over from the hub: contact_name, dataset_filter." in said


def test_an_older_change_at_the_hub_is_not(bench: Bench, hub: TestHub) -> None:
    hub.settings = {"dataset_filter": "keep"}
    hub.changed = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    take(bench)
    assert read(bench.config).dataset_filter == ""
    assert hub.settings["dataset_filter"] == ""


def test_nobody_at_the_hub_sends_the_agent_elsewhere(bench: Bench, hub: TestHub) -> None:
    bench.config.write_text(bench.text())
    before = own_values(bench)
    hub.settings = dict.fromkeys(central.OWN, "/elsewhere") | {"no_such_key": "x"}
    hub.changed = later()
    take(bench)
    assert own_values(bench) == before


def own_values(bench: Bench) -> dict[str, object]:
    values = read(bench.config).values
    return {key: values[key] for key in central.OWN}


def test_a_wrong_setting_of_the_hub_does_not_keep_a_run(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/a.tif")
    hub.settings, hub.changed = {"max_upload_threads": "many"}, later()
    report, said = take(bench)
    assert report.sent == 1
    assert any("max_upload_threads" in line for line in said)


def test_a_hub_without_such_settings_is_worked_with(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/a.tif")
    hub.refuse("POST", "/api/instruments/uploaders/", 404, "not-found", times=2)
    report, said = take(bench)
    assert report.sent == 1
    assert len([line for line in said if "not known" in line or "not told" in line]) == 2


def test_central_settings_can_be_switched_off(bench: Bench, hub: TestHub) -> None:
    take(bench, central_settings=False)
    assert not [path for _, path in hub.requests if "/instruments/uploaders" in path]


def test_old_files_go_after_a_run_when_the_settings_say_so(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/old.tif", age=3 * 86_400)
    bench.file("anna/d/new.tif")
    hub.verified = True
    _, said = take(bench, clean_up_days=2)
    assert list(bench.local()) == ["anna/d/new.tif"]
    assert "Removed here, verified at the server: anna/d/old.tif" in said
    assert len(hub.contents()) == 2


@pytest.mark.parametrize("key", sorted(KEYS))
def test_every_key_is_common_or_our_own(key: str) -> None:
    is_secret = KEYS[key].kind == "secret"
    assert not (is_secret and central._is_common(key))
    assert central._is_common(key) == (key not in central.OWN and not is_secret)


def test_the_id_stays(bench: Bench) -> None:
    from lagan.agent.identity import own_id

    first = own_id(bench.settings())
    assert own_id(bench.settings()) == first
    assert own_id(bench.settings(uuid="given")) == "given"
    assert (bench.folder / "state" / "uuid").stat().st_mode & 0o077 == 0

"""`lagan agent` as people and services call it: real processes, exit codes, one line for a
refusal."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading

import pytest

from tests.agent.conftest import Bench
from tests.agent.hub import KEY, TestHub


def test_init_check_test_run_scan_sync_status(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/a.tif", b"abc")
    bench.file("zoe/d/b.tif", b"de", age=3)
    bench.given["ignore_new_files_minutes"] = 30  # many programs are started meanwhile
    code, out, err = bench.run("check")
    assert code == 0, out + err
    assert "2 datasets with 2 files" in out
    assert "is an instrument of Imaging" in out

    code, out, _ = bench.run("scan", "--json")
    assert [row["owner"] for row in json.loads(out)["datasets"]] == ["anna", "zoe"]

    hub.requests.clear()
    code, out, _ = bench.run("test-run")
    assert code == 0
    assert "needs uploading: a.tif" in out
    assert "may still be written: b.tif" in out
    assert {path for method, path in hub.requests if method != "GET"} == set()
    assert hub.datasets == {}

    code, out, _ = bench.run("status")
    assert (code, "No run has ended" in out) == (0, True)

    code, out, err = bench.run("sync", "--json")
    assert code == 0, err
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines[-1]["event"] == "report"
    assert (lines[-1]["sent"], len(lines[-1]["left"])) == (1, 1)
    assert {"scanned", "looked_up", "progress", "proved"} <= {line["event"] for line in lines}

    code, out, _ = bench.run("status", "--json")
    assert (json.loads(out)["running"], json.loads(out)["last"]["sent"]) == (False, 1)

    hub.requests.clear()
    code, out, _ = bench.run("test-run", "--json")
    assert json.loads(out)["counts"] == {"archived": 1, "may still be written": 1}
    changing = {path for method, path in hub.requests if method != "GET"}
    assert changing == {"/api/ingest/lookup/"}


@pytest.mark.parametrize(
    ("changes", "code", "word"),
    [
        ({"api_key": "wrong"}, 3, "credential"),
        ({"api_key": None, "password": "wrong"}, 3, "password is wrong"),
        ({"hub_url": "http://127.0.0.1:9"}, 10, "cannot be reached"),
        ({"hub_url": "nonsense"}, 2, "address"),
        ({"data_directory": "/nonexistent"}, 2, "data_directory"),
        ({"max_upload_threads": "lots"}, 2, "max_upload_threads"),
        ({"facility_name": "Nowhere"}, 5, "Nowhere"),
    ],
)
def test_a_refusal_is_one_line_and_a_code(
    bench: Bench, changes: dict[str, str], code: int, word: str
) -> None:
    got, out, err = bench.run("sync", **changes)
    assert got == code, out + err
    (line,) = err.splitlines()
    assert word in line
    assert KEY not in out + err


def test_check_names_the_first_wrong_setting_in_the_documented_order(bench: Bench) -> None:
    given = dict(bench.given)
    order = (
        "instrument_name", "data_directory", "hub_url", "contact_name", "contact_email", "username",
        "api_key", "facility_name",
    )  # fmt: skip
    missing: dict[str, None] = dict.fromkeys(order)
    for name in order:
        _, _, err = bench.run("check", **missing)
        assert f"[{name}]" in err, err
        del missing[name]
    assert bench.given == given


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"data_directory": "/nonexistent"}, "data_directory"),
        ({"use_includes_file": True, "includes_file": "/nonexistent"}, "includes_file"),
        ({"hub_url": "http://127.0.0.1:9"}, "hub_url"),
        ({"api_key": "wrong"}, "api_key"),
        ({"facility_name": "Nowhere"}, "facility_name"),
        ({"contact_email": "kim"}, "contact_email"),
        ({"folder_structure": "Email / Dataset"}, "folder_structure"),
        ({"schedule_type": "Weekly", "scheduled_time": "10:00"}, "monday_checked"),
    ],
)
def test_check_names_the_setting(bench: Bench, changes: dict[str, str], setting: str) -> None:
    bench.file("anna/d/a")
    code, out, err = bench.run("check", "--json", **changes)
    last = json.loads(out.splitlines()[-1])
    assert (code, last["level"], last["setting"]) == (2, "error", setting), err


def test_init_writes_a_file_that_check_reads(bench: Bench) -> None:
    with bench.start("status") as process:
        process.communicate()
    bench.config.unlink()
    first = [sys.executable, "-c", "from lagan.cli import main; main()", "agent", "init"]
    done = subprocess.run(
        [*first, "--config", str(bench.config)], capture_output=True, text=True, check=True
    )
    assert "check" in done.stdout
    assert "hub_url" in bench.config.read_text()
    again = subprocess.run(
        [*first, "--config", str(bench.config)], capture_output=True, text=True, check=False
    )
    assert (again.returncode, "--force" in again.stderr) == (6, True)


def test_an_unreadable_file_and_folder_are_said_and_the_rest_goes(
    bench: Bench, hub: TestHub
) -> None:
    """Run without the power of root to read everything."""
    bench.file("anna/d/good.tif", b"good")
    bench.file("anna/d/secret.tif", b"secret").chmod(0)
    bench.file("anna/d/large.raw", os.urandom(2 << 20)).chmod(0)
    bench.file("anna/d/closed/x.tif", b"x")
    (bench.data / "anna/d/closed").chmod(0)
    bench.config.write_text(bench.text())
    lesser = []
    if os.getuid() == 0:
        setpriv = shutil.which("setpriv")
        assert setpriv, "util-linux is missing"
        lesser = [setpriv, "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    command = [
        sys.executable,
        "-c",
        "from lagan.cli import main; main()",
        "agent",
        "sync",
        "--json",
    ]
    done = subprocess.run(
        [*lesser, *command, "--config", str(bench.config)],
        capture_output=True,
        text=True,
        check=False,
    )
    (bench.data / "anna/d/closed").chmod(0o700)
    assert done.returncode == 11, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert {row["path"] for row in report["refused"]} == {
        "anna/d/secret.tif", "anna/d/large.raw", "anna/d/closed",
    }  # fmt: skip
    assert all("Permission denied" in row["reason"] for row in report["refused"])
    assert hub.contents() == {"anna/d/good.tif": b"good"}


def test_a_second_agent_is_refused_while_one_works(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/a.tif")
    reached, go_on = threading.Event(), threading.Event()

    def hold(method: str, path: str) -> None:
        if path == "/api/uploads/batch/":
            reached.set()
            go_on.wait(60)

    hub.before_answer = hold
    with bench.start("sync") as first:
        assert reached.wait(60)
        code, _, err = bench.run("sync")
        assert (code, "Another agent" in err) == (8, True)
        assert json.loads(bench.run("status", "--json")[1])["running"]
        go_on.set()
        first.communicate()
    assert first.returncode == 0


def test_sigterm_ends_a_run_cleanly_and_the_next_goes_on(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/large.raw", os.urandom(4 << 20))
    reached = threading.Event()
    hub.on_body = lambda count: reached.set() if count > 1 << 20 else None
    hub.before_answer = lambda method, path: None
    with bench.start("sync", small_file_limit=1000) as process:
        assert reached.wait(60)
        process.send_signal(signal.SIGTERM)
        process.communicate()
    hub.settle()
    assert process.returncode in (0, 13)
    assert bench.last()["stopped"] is (process.returncode == 13)
    assert bench.run("sync")[0] == 0
    assert hub.contents() == bench.local()


def test_the_service_runs_at_its_start_and_ends_on_sigterm(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/a.tif")
    looked = threading.Event()
    hub.before_answer = lambda method, path: looked.set() if path == "/api/ingest/lookup/" else None
    with bench.start("run", schedule_type="Manually") as process:
        assert process.stderr is not None
        assert "Schedule" in process.stderr.readline()
        process.send_signal(signal.SIGUSR1)
        assert looked.wait(60)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['lagan', 'agent', '--help']\n"
        "from lagan.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'urllib3', 'rich', 'sqlite3', 'django', 'lagan.agent.sync'} & set(sys.modules)\n"
        "sys.exit(str(sorted(heavy)) if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "test-run" in done.stdout

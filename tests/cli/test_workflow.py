"""`lagan migrate`, `premigrate`, `recall`, `send`, `run`, `workflows`: what they ask the hub for,
and how they end."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lagan.cli import main
from tests.client.workflow_hub import KEY, WorkflowHub, job_row, running


@pytest.fixture
def hub() -> Iterator[WorkflowHub]:
    with running(WorkflowHub({7: [job_row(7, processed=1)]})) as served:
        yield served


@pytest.fixture
def config(hub: WorkflowHub, tmp_path: Path) -> Path:
    path = tmp_path / "client.conf"
    path.write_text(
        f"[settings]\nbase_url = {hub.url}/api\nclient_key = {KEY}\nsite = north\nodd = 1\n"
    )
    return path


def call(config: Path, *words: str, code: int = 0) -> Result:
    done = CliRunner().invoke(main, [words[0], "--config", str(config), *words[1:]])
    assert done.exit_code == code, done.output
    return done


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["migrate", "/data/x"], {"workflow": "migrate"}),
        (["migrate", "/data/x", "-p", "-r"], {"workflow": "premigrate", "discovery": "recursive"}),
        (["premigrate", "/data/x"], {"workflow": "premigrate"}),
        (["recall", "/data/x", "-s", "south"], {"workflow": "recall", "site": "south"}),
        (["recall", "--recursive", "/data/x"], {"workflow": "recall", "discovery": "recursive"}),
        (
            ["send", "/data/x", "-t", "south"],
            {"workflow": "send", "fields": {"target_site": "south", "hydrate": False}},
        ),
        (
            ["send", "/data/x", "--target", "south", "-H"],
            {"workflow": "send", "fields": {"target_site": "south", "hydrate": True}},
        ),
        (
            ["run", "weed", "/data/x", "-f", "keep=3", "-f", "dry=Yes", "-f", "where=a=b"],
            {"workflow": "weed", "fields": {"keep": 3, "dry": True, "where": "a=b"}},
        ),
        (
            ["run", "weed", "/data/x", "--discovery", "snapdiff", "--job", "5"],
            {"workflow": "weed", "discovery": "snapdiff", "job": 5},
        ),
        (
            ["run", "weed", "/data/x", "--filter", "include=*.raw", "--filter", "min_size=10 MB",
             "--filter", "include=*.tif"],
            {"workflow": "weed", "filters": {"include": ["*.raw", "*.tif"], "min_size": "10 MB"}},
        ),
    ],
)  # fmt: skip
def test_what_is_submitted(
    hub: WorkflowHub, config: Path, words: list[str], asked: dict[str, Any]
) -> None:
    call(config, *words)
    assert hub.submitted == {"site": "north", "paths": ["/data/x"], "discovery": None, **asked}


def test_relative_paths_are_those_of_this_folder(
    hub: WorkflowHub, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    call(config, "migrate", "a", "./a", "b/../c", "//data//d/")
    assert hub.submitted["paths"] == [f"{tmp_path}/a", f"{tmp_path}/c", "/data/d"]


def test_names_of_any_bytes_arrive(hub: WorkflowHub, config: Path) -> None:
    odd = os.fsdecode(b"/data/\xff\n\xc3\xa6")
    call(config, "migrate", odd)
    assert hub.submitted["paths"] == [odd]


def test_flags_win_over_the_configuration(hub: WorkflowHub, config: Path) -> None:
    config.write_text(config.read_text() + "wait = no\nhydrate = YES\n")
    assert "submitted" in call(config, "send", "/x", "-t", "south").output
    assert hub.submitted["fields"]["hydrate"] is True
    hub.asked.clear()
    assert "SUCCESS" in call(config, "send", "/x", "-t", "s", "--no-hydrate", "--wait").output
    assert hub.submitted["fields"]["hydrate"] is False


def test_who_does_not_wait_asks_nothing_more(hub: WorkflowHub, config: Path) -> None:
    assert json.loads(call(config, "migrate", "/x", "-d", "--json").output) == {"job": 7}
    assert [path for _, path, _ in hub.asked] == ["/api/file/workflow/"]


def test_it_waits_for_the_end(hub: WorkflowHub, config: Path) -> None:
    hub.jobs[7] = [job_row(7, "PENDING"), job_row(7, "STARTED", processed=1),
                   job_row(7, processed=2, skipped=1)]  # fmt: skip
    told = call(config, "migrate", "/x").output
    assert told == "Job 7 (migrate at north) SUCCESS: 2 processed, 1 skipped, 0 failed of 3\n"


def test_a_job_that_failed_has_an_exit_code_of_its_own(hub: WorkflowHub, config: Path) -> None:
    hub.jobs[7] = [job_row(7, "FAILURE", processed=1, failed=25)]
    hub.failed = [
        {"path": f"/x/{n}\n", "state": "failed", "category": "failed.busy", "reason": "in use"}
        for n in range(25)
    ]
    lines = call(config, "migrate", "/x", code=20).output.splitlines()
    assert lines[1] == "failed\tfailed.busy\t/x/0\\n\tin use"
    assert lines[-2] == "and 5 more: lagan job 7 --files failed"
    assert lines[-1] == "lagan: Job 7 ended with FAILURE: 25 of 26 paths failed."


@pytest.mark.parametrize("how", ["flag", "configuration"])
def test_time_that_runs_out_has_an_exit_code_of_its_own(
    hub: WorkflowHub, config: Path, how: str
) -> None:
    hub.jobs[7] = [job_row(7, "STARTED")]
    if how == "configuration":
        config.write_text(config.read_text() + "timeout = 0.01\n")
    words = ["--timeout", "0.01"] if how == "flag" else []
    assert "it goes on" in call(config, "migrate", "/x", *words, code=124).output


def test_a_hub_that_is_away_for_a_moment_is_waited_for(
    hub: WorkflowHub, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lagan.kit.http.pause", lambda attempt, asked=None: 0.0)
    hub.jobs[7] = [job_row(7, "STARTED"), job_row(7)]
    submit = hub.answer

    def then_away(method: str, path: str, query: dict[str, str], given: Any) -> tuple[int, Any]:
        if path == "/api/file/workflow/":
            hub.away = 6  # more than the client's own tries for one request
        return submit(method, path, query, given)

    hub.answer = then_away  # type: ignore[method-assign]
    assert "SUCCESS" in call(config, "migrate", "/x").output
    assert hub.away == 0


def _as_in_a_terminal() -> None:
    """What a shell runs in the background ignores the interrupt, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupt_leaves_the_job_running(hub: WorkflowHub, config: Path) -> None:
    hub.jobs[7] = [job_row(7, "STARTED")]
    command = [sys.executable, "-m", "lagan", "migrate", "--config", str(config), "/x"]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, preexec_fn=_as_in_a_terminal
    )
    try:
        assert hub.looked.wait(60)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert "Job 7 goes on" in said
    assert not [path for _, path, _ in hub.asked if "cancel" in path]


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (["migrate"], 2, "PATHS"),
        (["send", "/x"], 2, "--target"),
        (["run", "weed", "/x", "-f", "keep"], 2, "--field"),
        (["run", "weed", "/x", "-f", "keep=many"], 2, "keep"),
        (["run", "weed", "/x", "-f", "dry=maybe"], 2, "dry"),
        (["run", "weed", "/x", "--filter", "colour=red"], 2, "colour"),
        (["run", "weed", "/x", "-r", "--discovery", "snapdiff"], 2, "--recursive"),
        (["run", "weed", "/x", "--preview", "--every", "0 3 * * *"], 2, "at a time"),
        (["run", "nothing", "/x", "-f", "a=b"], 5, "there are migrate, weed"),
        (["migrate", "/x", "--client-key", "wrong"], 3, "credential"),
        (["migrate", "/x", "--base-url", "http://127.0.0.1:9/api"], 10, "cannot be reached"),
    ],
)
def test_refusals_name_what_is_wrong(config: Path, words: list[str], code: int, named: str) -> None:
    said = call(config, *words, code=code).output
    assert named in said
    assert said.startswith("lagan: ")


def test_without_a_site_or_a_key_nothing_is_asked(hub: WorkflowHub, tmp_path: Path) -> None:
    bare = tmp_path / "bare.conf"
    bare.write_text(f"[settings]\nbase_url = {hub.url}\n")
    assert "--client-key" in call(bare, "migrate", "/x", code=3).output
    assert "--site" in call(bare, "migrate", "/x", "--client-key", KEY, code=2).output
    assert hub.asked == []


def test_people_at_a_terminal_see_a_bar(hub: WorkflowHub, config: Path) -> None:
    looking = {"dir_walk_complete": False}
    hub.jobs[7] = [{**job_row(7, "STARTED", processed=1), **looking}]
    hub.jobs[7] += [job_row(7, "STARTED", processed=2, failed=1)] * 3 + [job_row(7, processed=3)]
    terminal, theirs = pty.openpty()
    command = [sys.executable, "-m", "lagan", "migrate", "--config", str(config), "/x"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environment) as done:
        out, _ = done.communicate(timeout=60)
    os.close(theirs)
    seen = os.read(terminal, 1 << 16).decode()
    os.close(terminal)
    assert done.returncode == 0
    assert "3/3, 1 failed" in seen
    assert out == b"Job 7 (migrate at north) SUCCESS: 3 processed, 0 skipped, 0 failed of 3\n"


def test_a_preview_does_nothing(hub: WorkflowHub, config: Path) -> None:
    told = call(config, "run", "weed", "/x", "--preview").output
    assert told == 'hsm.delete\tnorth\t{"x": 1}\n'
    assert [path for _, path, _ in hub.asked] == ["/api/file/workflow/preview/"]


def test_a_schedule_is_made_and_looked_after(hub: WorkflowHub, config: Path) -> None:
    told = call(
        config, "run", "weed", "/x", "-r", "--every", "0 3 * * *", "--title", "Night"
    ).output
    assert told.split("\t")[:4] == ["5", "0 3 * * *", "weed at north", "Night"]
    assert hub.asked[-1][2] == {
        "workflow": "weed", "site": "north", "paths": ["/x"], "discovery": "recursive",
        "every": "0 3 * * *", "title": "Night",
    }  # fmt: skip
    assert call(config, "schedules").output == told
    assert "disabled" in call(config, "schedules", "--disable", "5").output
    assert call(config, "schedules", "--run", "5").output == "Job 9 was submitted.\n"
    call(config, "schedules", "--remove", "5")
    assert hub.asked[-1][:2] == ("DELETE", "/api/schedules/5/")
    call(config, "schedules", "--run", "5", "--remove", "5", code=2)


def test_workflows_are_listed_and_shown(config: Path) -> None:
    assert call(config, "workflows").output == "migrate\tMigrate\nweed\tWeed out\n"
    shown = call(config, "workflows", "weed").output
    assert "step\thsm.delete" in shown
    assert "field\tdry\tbool\tOnly say" in shown
    assert json.loads(call(config, "workflows", "weed", "--json").output)["id"] == 2


@pytest.mark.parametrize(
    "command", ["authenticate", "migrate", "recall", "send", "transparent-recall"]
)
def test_h_is_help(command: str) -> None:
    # In a process of its own: click remembers how a command was first called.
    done = subprocess.run([sys.executable, "-m", "lagan", command, "-h"], capture_output=True)
    assert (done.returncode, b"Usage:" in done.stdout) == (0, True)

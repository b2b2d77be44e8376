"""`lagan jobs`, `lagan job` and `lagan transparent-recall`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lagan.cli import main
from tests.client.workflow_hub import KEY, WorkflowHub, job_row, running


@pytest.fixture
def hub() -> Iterator[WorkflowHub]:
    jobs = {8: [job_row(8, "STARTED", processed=3)], 7: [job_row(7, processed=1)]}
    with running(WorkflowHub(jobs)) as served:
        yield served


def call(hub: WorkflowHub, *words: str, code: int = 0) -> str:
    given = {"LAGAN_URL": hub.url, "LAGAN_API_KEY": KEY}
    done = CliRunner(env=given).invoke(main, list(words))
    assert done.exit_code == code, done.output
    return done.output


def test_jobs_are_listed(hub: WorkflowHub) -> None:
    lines = call(hub, "jobs").splitlines()
    assert [line.split("\t")[1].split(" (")[0] for line in lines] == ["Job 8", "Job 7"]
    rows = [json.loads(line) for line in call(hub, "jobs", "--json", "--limit", "1").splitlines()]
    assert [row["id"] for row in rows] == [8]


def test_a_job_is_shown(hub: WorkflowHub) -> None:
    assert call(hub, "job", "8").startswith("Job 8 (migrate at north) STARTED: 3 processed")
    assert json.loads(call(hub, "job", "8", "--json"))["owner"] == "ada"


@pytest.mark.parametrize("verb", ["cancel", "pause", "resume", "retry", "resubmit"])
def test_what_is_done_to_a_job(hub: WorkflowHub, verb: str) -> None:
    call(hub, "job", "8", f"--{verb}")
    assert hub.asked[0] == ("POST", f"/api/jobs/8/{verb}/", {})


def test_a_job_is_removed(hub: WorkflowHub) -> None:
    assert call(hub, "job", "7", "--delete") == "Job 7 is removed.\n"
    assert hub.asked == [("DELETE", "/api/jobs/7/", None)]


def test_a_job_is_followed_to_its_end(hub: WorkflowHub) -> None:
    hub.jobs[8].append(job_row(8, "CANCELLED", processed=3))
    assert "CANCELLED" in call(hub, "job", "8", "--follow", code=20)


def test_paths_of_a_category(hub: WorkflowHub) -> None:
    hub.failed = [{"path": f"/x/{n}", "state": "failed", "category": "failed.gone", "reason": ""}
                  for n in range(20)]  # fmt: skip
    lines = call(hub, "job", "7", "--files", "failed").splitlines()
    assert lines == [f"failed\tfailed.gone\t/x/{n}" for n in range(20)]


def test_two_wishes_at_once_are_refused(hub: WorkflowHub) -> None:
    assert "--files" in call(hub, "job", "7", "--cancel", "--files", "failed", code=2)


def task(state: str, *paths: str, **counts: int) -> dict[str, Any]:
    named = {f"num{name}files": counts.get(name, 0) for name in ("processed", "skipped", "failed")}
    return {"taskid": f"{state}{paths}", "state": state, "paths": list(paths), **named}


class TestTransparentRecall:
    @pytest.fixture
    def config(self, hub: WorkflowHub, tmp_path: Path) -> Path:
        path = tmp_path / "client.conf"
        path.write_text(
            f"[settings]\nbase_url = {hub.url}/api\nclient_key = {KEY}\nsite = north\n"
            "recursive = yes\n"
        )
        return path

    def recall(self, hub: WorkflowHub, config: Path, code: int = 0) -> str:
        return call(hub, "transparent-recall", "/data/x", "--config", str(config), code=code)

    def test_it_waits_for_its_own_path_in_the_shared_job(
        self, hub: WorkflowHub, config: Path
    ) -> None:
        hub.tasks = {
            "others": [{**task("STARTED", "/data/y"), "taskid": "others"}],
            "mine": [
                {**task("PENDING", "/data/x"), "taskid": "mine"},
                {**task("STARTED", "/data/x"), "taskid": "mine"},
                {**task("SUCCESS", "/data/x", processed=1), "taskid": "mine"},
            ],
        }
        assert self.recall(hub, config) == ""
        assert hub.submitted == {
            "workflow": "recall", "site": "north", "paths": ["/data/x"], "discovery": None,
            "grouped": True,
        }  # fmt: skip

    def test_a_file_that_was_there_already_is_as_good(self, hub: WorkflowHub, config: Path) -> None:
        hub.tasks = {"mine": [{**task("SUCCESS", "/data/x", skipped=1), "taskid": "mine"}]}
        self.recall(hub, config)

    def test_a_later_try_counts(self, hub: WorkflowHub, config: Path) -> None:
        hub.tasks = {
            "again": [{**task("SUCCESS", "/data/x", processed=1), "taskid": "again"}],
            "mine": [{**task("SUCCESS", "/data/x"), "taskid": "mine"}],
        }
        hub.tasks = dict(reversed(hub.tasks.items()))
        self.recall(hub, config)

    def test_a_failure_says_why(self, hub: WorkflowHub, config: Path) -> None:
        gone = {"path": "/data/x", "category": "failed.gone", "reason": "is gone"}
        ended = {**task("FAILURE", "/data/x", failed=1), "results": {"failed": [gone]}}
        hub.tasks = {"mine": [{**ended, "taskid": "mine"}]}
        assert self.recall(hub, config, code=20) == "lagan: /data/x: is gone\n"

    def test_time_runs_out(self, hub: WorkflowHub, config: Path) -> None:
        config.write_text(config.read_text() + "timeout = 0.01\n")
        hub.tasks = {"mine": [{**task("STARTED", "/data/x"), "taskid": "mine"}]}
        assert "/data/x has not ended" in self.recall(hub, config, code=124)

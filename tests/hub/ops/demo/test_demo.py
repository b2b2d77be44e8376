"""`lagan demo` as its users meet it, and how it fails."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from lagan.hub.ops.demo import play as playing
from lagan.hub.ops.demo.errors import Broken
from lagan.hub.ops.demo.play import STEPS, _take
from lagan.hub.ops.demo.stage import Stage
from lagan.hub.ops.demo.telling import Teller
from lagan.kit.errors import NotFound

DEMO = [sys.executable, "-m", "lagan", "demo", "--exit"]


def _run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    foreign = {"POSTGRES_HOST": "db.example.org", "LAGAN_DATA": "/nowhere", "WORKERS": "nonsense"}
    return subprocess.run(
        [*DEMO, "--data", str(folder), *options],
        env={**os.environ, **foreign},  # another hub's settings must not reach the demo's
        text=True,
        capture_output=True,
        check=False,
    )


def test_a_port_that_is_taken_is_left_for_a_free_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(playing, "STEPS", ())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert playing.play(folder=tmp_path / "demo", port=port, stay=False) == 0
    assert f"Port {port} of 127.0.0.1 is taken" in capsys.readouterr().out


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_every_step_holds_though_the_port_is_taken(tmp_path: Path) -> None:
    """Without the taken port and the foreign settings this is `make demo`, a step of `.ci/run`."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = _run(tmp_path / "demo", "--port", str(port))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    lines = ended.stdout.splitlines()
    assert f"Port {port} of 127.0.0.1 is taken" in lines[0]
    held = [line for line in lines if line.startswith("✓ ")]
    assert [line[2:].split("  ")[0] for line in held] == [title for title, _, _ in STEPS]
    assert "Traceback" not in ended.stdout + ended.stderr
    assert not (tmp_path / "demo/hub/up.lock").read_text(), "the hub was ended"


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    ended = _run(tmp_path)
    assert ended.returncode == 6
    assert "is not a demo's" in ended.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path, 0)
    (made.hub.data / "logs").mkdir(parents=True)
    (made.hub.data / "logs/worker.log").write_text("")
    return made


def test_a_step_that_breaks_says_what_was_expected_and_where_the_logs_are(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    def check(_: Stage) -> str:
        raise Broken("scan.dcm, byte 5", expected="0x00", found="0x07")

    assert _take(("Two copies", "", check), stage, Teller()) is False
    said = capsys.readouterr().out
    for words in ("scan.dcm, byte 5", "expected: 0x00", "found:    0x07", "worker.log", "up.log"):
        assert words in said


def test_a_refusal_breaks_a_step_too(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    def check(_: Stage) -> str:
        raise NotFound("There is no dataset 7.")

    assert _take(("Closed", "", check), stage, Teller()) is False
    assert "There is no dataset 7." in capsys.readouterr().out


def test_a_hub_that_does_not_start_says_why(stage: Stage) -> None:
    (stage.hub.data / "hub.sqlite3").write_bytes(b"no database" * 1000)
    with pytest.raises(Broken, match="lagan up") as caught:
        stage.hub.start(0)
    assert "database" in caught.value.found
    stage.hub.stop()

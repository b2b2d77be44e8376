"""What a worker's configuration file may say, and how it is told when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from lagan.cli import main
from lagan.kit.errors import BadInput
from lagan.worker.settings import WorkerSettings, read_settings


def test_the_documented_file_is_read(tmp_path: Path) -> None:
    config = tmp_path / "worker.conf"
    config.write_text(
        "[settings]\nbroker_url = amqp://user:pass%40word@localhost\n"
        "result_backend = redis://:password@localhost:6379\n"
    )
    assert read_settings(config) == WorkerSettings(10, "amqp://user:pass%40word@localhost")


def test_without_a_file_everything_is_as_documented() -> None:
    assert read_settings(None) == WorkerSettings(threads=10, broker_url=None, lease=30.0)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("threads = 3\n", "no ini file"),
        ("[other]\n", r"\[settings\]"),
        ("[settings]\nthreads = many\n", "threads"),
        ("[settings]\nthreads = 0\n", "threads"),
        ("[settings]\nlease = nan\n", "lease"),
    ],
)
def test_a_wrong_file_is_refused_by_what_is_wrong(tmp_path: Path, text: str, named: str) -> None:
    config = tmp_path / "worker.conf"
    config.write_text(text)
    with pytest.raises(BadInput, match=named):
        read_settings(config)


def test_the_command_refuses_in_one_line(tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["worker", "--config", str(tmp_path / "none.conf")])
    assert told.exit_code == 2
    assert "none.conf" in told.output
    assert "Traceback" not in told.output

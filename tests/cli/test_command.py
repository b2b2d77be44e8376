"""The command line: quick help, one line for a refusal, documented exit codes, a hub started and
ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from lagan.cli import COMMANDS, SUMMARIES
from tests.services.hub import until
from tests.services.process import free_port

HIDDEN_SETTINGS = ("DJANGO_", "LAGAN_", "POSTGRES_")
LISTING = """
import sys
from lagan.cli import main
try:
    main(["--help"])
except SystemExit:
    print([name for name in sys.modules if name.startswith(("lagan.cli.", "django"))])
"""


def is_well(where: str) -> bool:
    """The scheduler starts after the pages answer: until then the hub says that it is not well."""
    try:
        with urllib.request.urlopen(f"{where}healthz") as answer:
            return bool(json.load(answer)["status"] == "well")
    except urllib.error.HTTPError as error:
        error.close()
        return False


def lagan(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: v for name, v in os.environ.items() if not name.startswith(HIDDEN_SETTINGS)}
    return subprocess.run(
        [sys.executable, "-m", "lagan", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**clean, **environment},
    )


def test_every_command_has_its_line_in_the_help() -> None:
    assert set(COMMANDS) == set(SUMMARIES)
    said = lagan("--help").stdout
    assert all(f"  {name} " in said for name in SUMMARIES)


def test_help_imports_no_command_and_no_django() -> None:
    said = subprocess.run(
        [sys.executable, "-c", LISTING], capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["no-such-command"], 2),
        (["up", "--no-such-option"], 2),
        (["hub", "--config", "/no/such/file", "status"], 5),
        (["hub", "--data", "/proc/no/such/folder", "migrate"], 10),
        (["serve", "--port", "70000"], 2),
    ],
)
def test_a_refusal_is_one_line_and_its_code(
    arguments: list[str], code: int, tmp_path: Path
) -> None:
    said = lagan(*arguments, LAGAN_DATA=str(tmp_path))
    assert said.returncode == code
    assert said.stdout == ""
    assert said.stderr.startswith("lagan: ")
    assert said.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_hub_is_set_up_started_asked_and_ended(tmp_path: Path) -> None:
    config, data = tmp_path / "lagan.env", tmp_path / "data"
    (tmp_path / "password").write_text("correct horse battery staple\n")
    assert lagan("hub", "createconfig", "--config", config, "--data", data).returncode == 0
    assert "WRONG database" in lagan("hub", "check", "--config", config).stdout
    for command in (
        ["migrate"],
        ["adduser", "--username", "ann", "--password-file", tmp_path / "password", "--admin"],
        ["addsite", "lab", "--limit", "3"],
    ):
        said = lagan("hub", *command, "--config", config)
        assert said.returncode == 0, said.stderr
    again = lagan("hub", "adduser", "--username", "ann", "--config", config)
    assert (again.returncode, again.stderr.count("\n")) == (6, 1)
    try:
        started = lagan("hub", "start", "--config", config, "--port", str(free_port()))
        assert started.returncode == 0, started.stderr
        where = started.stdout.split()[-1]
        until(lambda: is_well(where), limit=150)
        assert lagan("hub", "start", "--config", config, "--port", "0").returncode == 10
        seen = lagan("hub", "status", "--json", "--config", config).stdout
        assert json.loads(seen)["address"] == where
    finally:
        ended = lagan("hub", "stop", "--config", config)
    assert ended.stdout == "The hub has ended.\n"
    assert lagan("hub", "status", "--config", config).returncode == 10

"""`lagan authenticate` prints a client key and nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from lagan.cli import main
from tests.client.workflow_hub import WorkflowHub, running


@pytest.fixture
def hub() -> Iterator[WorkflowHub]:
    with running(WorkflowHub()) as served:
        yield served


def call(hub: WorkflowHub, *words: str, typed: str = "") -> Result:
    return CliRunner().invoke(
        main, ["authenticate", "--base-url", f"{hub.url}/api", *words], input=typed
    )


def name_of_key(hub: WorkflowHub) -> str:
    return str(hub.asked[-1][2]["name"])


def test_with_a_password(hub: WorkflowHub) -> None:
    done = call(hub, "-u", "ada", "-p", "engine", "-k", "my key")
    assert (done.exit_code, done.stdout) == (0, "made.key\n"), done.output
    assert name_of_key(hub) == "my key"


def test_the_password_is_asked_for_beside_the_key(hub: WorkflowHub) -> None:
    done = call(hub, "--username", "ada", typed="engine\n")
    assert (done.exit_code, done.stdout) == (0, "made.key\n"), done.output
    assert "ada's password:" in done.stderr


def test_with_an_access_token_and_a_name_of_its_own(hub: WorkflowHub) -> None:
    assert call(hub, "-T", "a.b.c").stdout == "made.key\n"
    assert str(uuid.UUID(name_of_key(hub))) == name_of_key(hub)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["-u", "ada", "-p", "wrong"], 3),
        (["-T", "worn.out.token"], 3),
        ([], 2),
        (["-u", "ada", "-T", "a.b.c"], 2),
    ],
)
def test_refusals_make_no_key(hub: WorkflowHub, words: list[str], code: int) -> None:
    done = call(hub, *words)
    assert (done.exit_code, done.stdout) == (code, "")

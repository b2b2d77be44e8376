"""`lagan dataset` as people script it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lagan.cli import main
from tests.agent.hub import KEY, TestHub


def run(server: TestHub, *arguments: str, **environ: str) -> Any:
    given = {"LAGAN_URL": server.url, "LAGAN_API_KEY": KEY, **environ}
    return CliRunner(env=given).invoke(main, ["dataset", *arguments])


def test_from_create_to_close(server: TestHub, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "a.txt").write_bytes(b"a")
    (source / "deep/large.raw").write_bytes(os.urandom(2 << 20))
    (source / "link").symlink_to("/etc/passwd")
    made = run(server, "create", "mine", "--group", "7", "--json")
    dataset = json.loads(made.output)["id"]
    sent = run(server, "put", dataset, str(source), "--under", "in", "--json")
    assert sent.exit_code == 0, sent.output
    rows = [json.loads(line) for line in sent.output.splitlines()]
    assert {(row["path"], row["status"]) for row in rows} == {
        ("in/a.txt", "stored"), ("in/deep/large.raw", "stored"),
    }  # fmt: skip
    again = run(server, "put", dataset, str(source), "--under", "in")
    assert {line.split("\t")[0] for line in again.output.splitlines()} == {"present"}

    assert "mine" in run(server, "list").output
    one = tmp_path / "one"
    run(server, "get", dataset, "in/a.txt", "-o", str(one))
    assert one.read_bytes() == b"a"
    got = run(server, "get", dataset, "-o", str(tmp_path / "all"))
    assert got.exit_code == 0, got.output
    for path in ("a.txt", "deep/large.raw"):
        assert (tmp_path / "all/in" / path).read_bytes() == (source / path).read_bytes()
    assert run(server, "zip", dataset, "-o", str(tmp_path / "z.zip")).exit_code == 0

    assert "closed" in run(server, "close", dataset).output
    (source / "late.txt").write_bytes(b"late")
    refused = run(server, "put", dataset, str(source / "late.txt"))
    assert refused.exit_code == 11
    assert "closed" in refused.output


@pytest.mark.parametrize(
    ("arguments", "environ", "code", "word"),
    [
        (["list"], {"LAGAN_API_KEY": "wrong"}, 3, "credential"),
        (["list"], {"LAGAN_URL": "http://127.0.0.1:9"}, 10, "cannot be reached"),
        (["get", "none", "x", "-o", "/nonexistent/y"], {}, 2, "Cannot write"),
        (["close", "a b"], {"LAGAN_URL": "nonsense"}, 2, "address"),
        (["--config", "/nonexistent/c", "list"], {}, 2, "/nonexistent/c"),
    ],
)
def test_a_refusal_is_one_line_and_a_code(
    server: TestHub, arguments: list[str], environ: dict[str, str], code: int, word: str
) -> None:
    done = run(server, *arguments, **environ)
    assert (done.exit_code, word in done.output) == (code, True), done.output
    assert len(done.output.splitlines()) == 1


def test_the_configuration_file(server: TestHub, tmp_path: Path) -> None:
    config = tmp_path / "client.conf"
    config.write_text(f"[settings]\nbase_url = {server.url}/api\nclient_key = {KEY}\n[x]\ny = 1\n")
    done = CliRunner().invoke(main, ["dataset", "--config", str(config), "list"])
    assert done.exit_code == 0, done.output

"""What is in deploy/ would run: every command is one of ours with options that it has, every
setting is documented and read, units are what systemd takes."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from lagan.cli import main
from lagan.hub.base import config as settings
from lagan.hub.ops.env_file import TEXT
from lagan.worker.settings import read_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
LAGAN = "/opt/lagan/.venv/bin/lagan"
ELSEWHERE = {
    "RABBITMQ_DEFAULT_USER", "RABBITMQ_DEFAULT_PASS", "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
}  # fmt: skip
"""Settings of the broker's own container."""
COMPOSE_ONLY = {
    "CONSUMER_TIMEOUT", "BROKER_LISTEN", "LAGAN_LISTEN", "LAGAN_SITE", "LAGAN_WORKER_CONF",
    "LAGAN_SITE_FOLDER", "LAGAN_TARGET_FOLDER", "RABBITMQ_DEFAULT_USER", "RABBITMQ_DEFAULT_PASS",
}  # fmt: skip
"""What the compose file itself asks of its environment; docs/administration/settings.md has it."""


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return document


def require_command(words: list[str]) -> None:
    """Parse as the program does, without running anything."""
    command: click.Command = main
    context = click.Context(main)
    while isinstance(command, click.Group):
        if command.invoke_without_command and (not words or words[0].startswith("-")):
            break
        name, found, words = command.resolve_command(context, words)
        assert found is not None, words
        command = found
    command.make_context(name, list(words), parent=context)


def test_a_wrong_command_would_be_noticed() -> None:
    with pytest.raises(click.NoSuchOption):
        require_command(["hub", "migrate", "--no-such-option"])
    with pytest.raises(click.UsageError):
        require_command(["hub", "no-such-command"])


def documented() -> set[str]:
    """The names in the table of settings."""
    text = (ROOT / "docs/administration/settings.md").read_text()
    cells = "".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    found = re.findall(r"`([A-Z_]+)`", cells)
    stems = [name for name in found if not name.startswith("_")]
    return set(stems) | {f"LAGAN_INSTITUTION{name}" for name in found if name.startswith("_")}


def written_commands(page: Path) -> Iterator[list[str]]:
    """The `lagan` commands in a page's blocks of code, without their comments."""
    for block in re.findall(r"^```\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            found = re.match(r"(?:\$ |sudo -u lagan )?lagan (.*)", line)
            found = found or re.match(r"docker compose .* run --rm prepare (.*)", line)
            for command in found[1].split(" && ") if found else ():
                simple = re.sub(r"\$\(.*?\)", "x", command.removeprefix("lagan "))
                words = shlex.split(simple, comments=True)
                yield words


def test_commands_in_the_documentation_are_ours() -> None:
    pages = [*(ROOT / "docs/administration").glob("*.md"), ROOT / "docs/guide/workflows.md"]
    found = [(page.name, words) for page in pages for words in written_commands(page)]
    assert len(found) > 30
    for name, words in found:
        if words[0] == "node":  # speaks the archive server's own command line
            continue
        try:
            require_command(words)
        except click.exceptions.Exit:  # --help
            pass
        except click.ClickException as error:
            pytest.fail(f"{name}: lagan {' '.join(words)}: {error.format_message()}")


def test_the_compose_file_is_whole(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {"database", "broker", "serve", "schedule", "worker", "site"} <= services.keys()
    for name, service in services.items():
        assert service.keys() & {"image", "build"}, name
        assert set(service.get("depends_on", {})) <= services.keys(), name
        for volume in service.get("volumes", ()):
            source = volume.rsplit(":", 2)[0] if volume.startswith("$") else volume.split(":")[0]
            assert source.startswith("$") or source in compose["volumes"], volume
        for about in ((service.get("build") or {}),):
            if about:
                assert (DEPLOY / about["context"] / about["dockerfile"]).is_file()


def test_its_commands_are_ours(compose: dict[str, Any]) -> None:
    ours = [each["command"] for each in compose["services"].values() if "command" in each]
    assert len(ours) == 5
    for words in ours:
        require_command([word.replace("${LAGAN_SITE:-local}", "local") for word in words])


def test_its_settings_are_known(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        given = set(service.get("environment", {}))
        known = ELSEWHERE if name == "broker" else documented()
        assert given <= known, name


def test_what_it_asks_of_its_environment_is_known() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text()))
    assert asked <= documented() | COMPOSE_ONLY
    assert asked >= COMPOSE_ONLY
    page = (ROOT / "docs/administration/settings.md").read_text()
    assert not [name for name in COMPOSE_ONLY if f"`{name}`" not in page]


def test_every_documented_setting_is_read() -> None:
    source = Path(settings.__file__).read_text()
    page = documented() - COMPOSE_ONLY - {"REDIS_HOST", "REDIS_PASSWORD"}
    unread = [
        name
        for name in page
        if name not in source and not name.startswith("LAGAN_INSTITUTION_")
    ]  # fmt: skip
    assert unread == []


@pytest.mark.parametrize("text", [TEXT, (DEPLOY / "lagan.env.example").read_text()])
def test_env_files_name_known_settings(text: str) -> None:
    names = re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE)
    known = documented() | COMPOSE_ONLY
    assert len(names) > 8
    assert [n for n in names if not {n, n.removesuffix("_FILE")} & known] == []


@pytest.mark.parametrize("all_lines", [False, True])
def test_the_worker_example_is_one(tmp_path: Path, all_lines: bool) -> None:
    text = (DEPLOY / "worker.conf.example").read_text()
    if all_lines:
        text = re.sub(r"^#(\w+ = |\[)", r"\1", text, flags=re.MULTILINE)
        text = text.replace("anna, ben", "root, nobody")  # who must be on the machine
    for real in ("/mmfs1/data", "/mmfs1/projects"):
        (tmp_path / real.strip("/")).mkdir(parents=True)
    for file in ("/etc/lagan/site-key", "/etc/ssl/certs/institute.pem"):
        (tmp_path / file.strip("/")).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file.strip("/")).write_text("lgs_abc_def\n")
    example = tmp_path / "worker.conf"
    example.write_text(re.sub(r"(?<![\w.:/])/(mmfs1|etc)", rf"{tmp_path}/\1", text))
    read = read_settings(example)
    assert (len(read.roots), list(read.targets)) == (
        2,
        ["large", "archive"] if all_lines else ["archive"],
    )
    assert (read.broker_url is not None) is all_lines


def starts(unit: Path) -> Iterator[list[str]]:
    for line in unit.read_text().splitlines():
        if line.startswith("ExecStart="):
            yield shlex.split(line.removeprefix("ExecStart=").replace("%i", "name"))


@pytest.mark.parametrize("unit", UNITS, ids=lambda each: each.name)
def test_units_start_our_commands(unit: Path) -> None:
    for program, *words in starts(unit):
        assert program == LAGAN
        if words[0] != "node":  # speaks the archive server's own command line
            require_command(words)


def test_units_are_what_systemd_takes(tmp_path: Path) -> None:
    ours = Path(sys.executable).with_name("lagan")
    for unit in UNITS:
        (tmp_path / unit.name).write_text(unit.read_text().replace(LAGAN, str(ours)))
    names = [name.replace("@.", "@north.") for name in (each.name for each in UNITS)]
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in names)],
        capture_output=True,
        text=True,
        check=False,
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
    )
    about_ours = [line for line in said.stderr.splitlines() if "lagan" in line]
    assert (said.returncode, about_ours) == (0, []), said.stderr

"""`lagan migrate`, `premigrate`, `recall`, `send`, `run`, `workflows`: workflows on paths of a
site.

Options and what they mean: seeds/workflow-hub.txt, the command-line client.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from lagan.cli.reaching import JSON, Reached, connected, reach, shown

RECURSIVE = "recursive"
DISCOVERIES = click.Choice([RECURSIVE, "snapdiff", "none"])
FILTERS = ("include", "exclude", "min_size", "max_size", "older_than", "newer_than")


def running(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options and arguments of every command that runs a workflow."""
    for option in (
        click.argument("paths", nargs=-1, required=True),
        click.option("--site", "-s", help="Site to run on; site of the configuration."),
        click.option(
            "--no-wait/--wait",
            "-d/ ",
            "no_wait",
            default=None,
            help="Exit after the job is submitted.",
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(min=0),
            help="Seconds to wait for the end; the job goes on. Exit code 124.",
        ),
        click.option("--recursive", "-r", is_flag=True, help="Folders with all they hold."),
        JSON,
    ):
        command = option(command)
    return connected(command)


@click.command()
@running
@click.option("--premigrate", "-p", is_flag=True, help="Keep the content here as well.")
def migrate(premigrate: bool, **given: Any) -> None:
    """Move the content of files to the site's target and free its space."""
    _run("premigrate" if premigrate else "migrate", **given)


@click.command()
@running
def premigrate(**given: Any) -> None:
    """Copy the content of files to the site's target and keep it here as well."""
    _run("premigrate", **given)


@click.command()
@running
def recall(**given: Any) -> None:
    """Bring the content of migrated files back."""
    _run("recall", **given)


@click.command()
@running
@click.option("--target", "-t", required=True, help="Site to send to.")
@click.option(
    "--hydrate/--no-hydrate", "-H/ ", default=None, help="Send the content too, not only stubs."
)
def send(target: str, hydrate: bool | None, **given: Any) -> None:
    """Make files of one site appear at another."""

    def fields(reached: Reached) -> dict[str, Any]:
        wish = reached.settings.hydrate if hydrate is None else hydrate
        return {"target_site": target, "hydrate": wish}

    _run("send", fields=fields, **given)


@click.command()
@click.argument("workflow")
@running
@click.option(
    "--field",
    "-f",
    "values",
    multiple=True,
    metavar="NAME=VALUE",
    help="A field of the workflow; repeat it for more.",
)
@click.option("--discovery", type=DISCOVERIES, help="How paths are found; --recursive is one.")
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="NAME=VALUE",
    help=f"Only some of what is found, by {', '.join(FILTERS)}; include and exclude may repeat.",
)
@click.option("--job", type=int, help="Add the paths to this job, which must be open.")
@click.option("--preview", is_flag=True, help="Only say what would run where.")
@click.option(
    "--every", metavar="CRON", help="Run it at these times (five fields, UTC) from now on."
)
@click.option("--title", help="What a schedule is called; the workflow's name unless given.")
def run(
    workflow: str,
    values: tuple[str, ...],
    discovery: str | None,
    filters: tuple[str, ...],
    job: int | None,
    preview: bool,
    every: str | None,
    title: str | None,
    **given: Any,
) -> None:
    """Run any workflow on paths of a site."""
    if sum((job is not None, preview, every is not None)) > 1:
        raise click.UsageError("One of --job, --preview and --every at a time.")
    texts, chosen = _pairs(values, "--field"), _filters(filters)

    def fields(reached: Reached) -> Mapping[str, Any]:
        from lagan.client.workflows import typed

        return typed(reached.hub.workflows.named(workflow)["fields"], texts) if texts else {}

    act = _preview if preview else None
    if every is not None:
        act = partial(_schedule, every, title or workflow)
    _run(workflow, fields=fields, discovery=discovery, filters=chosen, job=job, act=act, **given)


def _preview(reached: Reached, given: dict[str, Any], as_json: bool) -> None:
    for stage in reached.hub.workflows.preview(given):
        words = f"{stage['step']}\t{stage['site']}\t{json.dumps(stage['args'])}"
        click.echo(json.dumps(stage) if as_json else words)


def _schedule(
    every: str, title: str, reached: Reached, given: dict[str, Any], as_json: bool
) -> None:
    from lagan.cli.schedules import told

    row = reached.hub.schedules.make({**given, "every": every, "title": title})
    click.echo(json.dumps(row) if as_json else told(row))


@click.command()
@click.argument("name", required=False)
@JSON
@connected
def workflows(
    name: str | None,
    as_json: bool,
    base_url: str | None,
    client_key: str | None,
    config: Path | None,
) -> None:
    """List the workflows, or show the steps and fields of one."""
    found = reach(base_url, client_key, config).hub.workflows
    for row in found.all() if name is None else [found.named(name)]:
        if as_json:
            click.echo(json.dumps(row))
            continue
        click.echo(f"{row['name']}\t{row['label']}")
        if name is not None:
            _describe(row)


def _run(
    workflow: str,
    *,
    paths: tuple[str, ...],
    site: str | None,
    no_wait: bool | None,
    timeout: float | None,
    recursive: bool,
    as_json: bool,
    base_url: str | None,
    client_key: str | None,
    config: Path | None,
    fields: Callable[[Reached], Mapping[str, Any]] = lambda reached: {},
    discovery: str | None = None,
    filters: Mapping[str, Any] | None = None,
    job: int | None = None,
    act: Callable[[Reached, dict[str, Any], bool], None] | None = None,
) -> None:
    """Submit it and wait unless told not to; or do something else with what would be
    submitted."""
    from lagan.cli.following import follow
    from lagan.client.workflows import absolute, wanted

    if recursive and discovery not in (None, RECURSIVE):
        raise click.UsageError(f"--recursive is not --discovery {discovery}.")
    walk = RECURSIVE if recursive else None if discovery == "none" else discovery
    reached = reach(base_url, client_key, config)
    given = wanted(
        workflow, reached.site(site), absolute(paths), walk, fields(reached), filters
    )  # fmt: skip
    if act is not None:
        act(reached, given, as_json)
        return
    number = reached.hub.workflows.run(**given, job=job)
    settings = reached.settings
    if no_wait or (no_wait is None and not settings.wait):
        click.echo(json.dumps({"job": number}) if as_json else f"Job {number} was submitted.")
        return
    limit = settings.timeout if timeout is None else timeout
    follow(reached.hub.jobs, number, timeout=limit, as_json=as_json)


def _pairs(words: tuple[str, ...], option: str) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    for name, sign, _ in pairs:
        if not (name and sign):
            raise click.UsageError(f"{option} takes NAME=VALUE, not {name!r}.")
    return {name: value for name, _, value in pairs}


def _filters(words: tuple[str, ...]) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for word in words:
        ((name, value),) = _pairs((word,), "--filter").items()
        if name not in FILTERS:
            raise click.UsageError(f"--filter knows {', '.join(FILTERS)}, not {name!r}.")
        if name in ("include", "exclude"):
            chosen.setdefault(name, []).append(value)
        else:
            chosen[name] = value
    return chosen


def _describe(row: Mapping[str, Any]) -> None:
    for step in row["steps"]:
        rest = {name: value for name, value in step.items() if name != "name"}
        click.echo(f"step\t{step['name']}" + (f"\t{json.dumps(rest)}" if rest else ""))
    for field in row["fields"]:
        click.echo(f"field\t{field['name']}\t{field['type']}\t{shown(str(field['label']))}")

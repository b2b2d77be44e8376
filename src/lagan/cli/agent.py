"""`lagan agent`: the instrument's program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lagan.agent.progress import Progress
    from lagan.agent.settings import Settings

_CONFIG = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The settings file (an ini file).",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


@click.group()
def agent() -> None:
    """Find finished datasets, send what the hub lacks, prove that it arrived.

    Exit codes: 0 every finished file is archived; 2 the settings or the input are wrong; 3 the hub
    refuses the credential; 8 another agent is at work on the folder; 10 the hub cannot be reached;
    11 files or folders were refused or could not be read; 12 files could not be sent just now;
    13 the run was stopped; 14 the hub's certificate is not trusted.
    """


@agent.command()
@_CONFIG
@click.option("--force", is_flag=True, help="Replace a settings file that is there.")
def init(config: Path | None, force: bool) -> None:
    """Write a settings file with every key, its default and what it means."""
    from lagan.agent.settings import default_path
    from lagan.agent.template import write

    path = config or default_path()
    write(path, force)
    click.echo(f"Fill in {path}, then run: lagan agent check --config {path}")


@agent.command()
@_CONFIG
@_JSON
def check(config: Path | None, as_json: bool) -> None:
    """Judge the settings, here and at the hub, in the order in which they matter."""
    import json
    import sys
    from dataclasses import asdict

    from lagan.agent.check import check as findings
    from lagan.agent.schedule import local_now

    failed = False
    for finding in findings(_settings(config), local_now()):
        failed = failed or finding.level == "error"
        if as_json:
            click.echo(json.dumps(asdict(finding)))
        else:
            where = f" [{finding.setting}]" if finding.setting else ""
            hint = f" Did you mean {finding.suggestion!r}?" if finding.suggestion else ""
            click.echo(
                f"{finding.level:8}{finding.text}{where}{hint}", err=finding.level == "error"
            )
    sys.exit(2 if failed else 0)


@agent.command("test-run")
@_CONFIG
@_JSON
def test_run(config: Path | None, as_json: bool) -> None:
    """Tell what a run would do; nothing is made and nothing is sent."""
    import json

    from lagan.agent.preview import preview

    seen = preview(_settings(config))
    if as_json:
        click.echo(json.dumps(seen.document(), ensure_ascii=False))
        return
    for each in seen.datasets:
        kind = "dataset" if each.known else "new dataset"
        click.echo(f"{each.folder}: {kind} {each.name!r} of {each.owner}, {len(each.files)} files")
        for path, word in each.files.items():
            click.echo(f"  {word}: {path}")
    for remark in seen.remarks:
        click.echo(f"{remark.path}: {remark.reason}")
    told = ", ".join(f"{number} {word}" for word, number in sorted(seen.counts.items()))
    click.echo(f"Summary: {told or 'no files'}.")


@agent.command()
@_CONFIG
@_JSON
def scan(config: Path | None, as_json: bool) -> None:
    """List the datasets in the data folder without asking the hub."""
    import json
    import time

    from lagan.agent import filters
    from lagan.agent.names import shown
    from lagan.agent.scan import scan as look
    from lagan.kit.sizes import show_size

    settings = _settings(config)
    seen = look(settings, filters.from_settings(settings), time.time())
    rows: list[dict[str, Any]] = [
        {
            "folder": shown(each.root), "name": each.name, "owner": each.place.owner,
            "owner_kind": each.place.owner_kind, "experiment": each.place.experiment,
            "files": len(each.files), "bytes": sum(item.size for item in each.files),
        }
        for each in seen.folders
    ]  # fmt: skip
    if as_json:
        remarks = [{"path": each.path, "reason": each.reason} for each in seen.remarks]
        click.echo(
            json.dumps(
                {"datasets": rows, "filtered": seen.filtered, "remarks": remarks},
                ensure_ascii=False,
            )
        )
        return
    for row in rows:
        click.echo(f"{row['folder']}: {row['files']} files, {show_size(row['bytes'])}")
    for remark in seen.remarks:
        click.echo(f"{remark.path}: {remark.reason}", err=True)


@agent.command()
@_CONFIG
@_JSON
@click.option(
    "--fresh", is_flag=True, help="Ask the hub about every file, whatever was seen verified before."
)
def sync(config: Path | None, as_json: bool, fresh: bool) -> None:
    """Send what the hub lacks, once, and prove that it arrived."""
    import sys
    import threading

    from lagan.agent.progress import for_output
    from lagan.agent.service import on_signals
    from lagan.agent.sync import sync as work

    settings = _settings(config)
    stop = threading.Event()
    on_signals(stop)
    report = work(settings, for_output(as_json, settings.progress_poll_interval), stop, fresh)
    _show(report.document(), as_json)
    sys.exit(report.exit)


@agent.command()
@_CONFIG
@_JSON
def run(config: Path | None, as_json: bool) -> None:
    """Stay and run by the schedule of the settings, until told to end (SIGTERM); SIGUSR1 runs
    now."""
    import threading

    from lagan.agent.check import check_schedule
    from lagan.agent.progress import Quiet
    from lagan.agent.report import Report
    from lagan.agent.schedule import local_now
    from lagan.agent.service import Service, on_signals
    from lagan.agent.settings import default_path
    from lagan.agent.sync import sync as work

    stop = threading.Event()
    quiet: Progress = Quiet()

    def once(settings: Settings) -> Report:
        report = work(settings, quiet, stop)
        _show(report.document(), as_json)
        return report

    check_schedule(_settings(config), local_now())
    service = Service(config or default_path(), once, lambda text: click.echo(text, err=True), stop)
    on_signals(stop, service.run_now)
    service.serve()


@agent.command()
@_CONFIG
@click.option("--minimised", is_flag=True, help="Begin as an icon in the tray, where there is one.")
def window(config: Path | None, minimised: bool) -> None:
    """Open the agent's window: settings, schedule, progress, test run, clean-up."""
    import sys

    from lagan.agent.settings import default_path
    from lagan.window.errors import NoQt

    try:
        from lagan.window.application import start
    except ImportError as error:
        raise NoQt(f"The window needs lagan[desktop]: {error}.") from None
    sys.exit(start(config or default_path(), minimised=minimised))


@agent.command()
@_CONFIG
@_JSON
def status(config: Path | None, as_json: bool) -> None:
    """Tell whether the agent is at work and what its last run did."""
    import json

    from lagan.agent.lock import is_held
    from lagan.agent.report import load, summary

    folder = _settings(config).state
    last, running = load(folder), is_held(folder)
    if as_json:
        click.echo(json.dumps({"running": running, "last": last}, ensure_ascii=False))
        return
    click.echo("At work now." if running else "Not at work.")
    if last is None:
        click.echo("No run has ended yet.")
    else:
        click.echo(f"Last run: {last['started']} to {last['finished']}")
        click.echo("\n".join(summary(last)))


def _settings(config: Path | None) -> Settings:
    from lagan.agent.settings import default_path, read

    settings = read(config or default_path())
    for text in settings.warnings:
        click.echo(f"lagan: {text}", err=True)
    return settings


def _show(document: dict[str, Any], as_json: bool) -> None:
    import json

    from lagan.agent.report import summary

    if as_json:
        click.echo(json.dumps({"event": "report", **document}, ensure_ascii=False))
    else:
        click.echo("\n".join(summary(document)))

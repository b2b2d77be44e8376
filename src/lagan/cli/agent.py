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

    from lagan.agent.preview import lines, preview

    seen = preview(_settings(config))
    if as_json:
        click.echo(json.dumps(seen.document(), ensure_ascii=False))
        return
    for line in lines(seen):
        click.echo(line)


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
@click.option("--windows-service", is_flag=True, help="For the service control of Windows alone.")
def run(config: Path | None, as_json: bool, windows_service: bool) -> None:
    """Stay and run by the schedule of the settings, until told to end (SIGTERM); SIGUSR1 runs
    now. What it does is also written to its log (`log_file`)."""
    import threading

    from lagan.agent import log
    from lagan.agent.central import take_over
    from lagan.agent.check import check_schedule
    from lagan.agent.progress import Quiet
    from lagan.agent.report import Report
    from lagan.agent.schedule import local_now
    from lagan.agent.service import Service, on_signals
    from lagan.agent.settings import default_path
    from lagan.agent.turn import turn
    from lagan.kit.errors import LaganError

    stop = threading.Event()
    quiet: Progress = Quiet()
    path = config or default_path()
    settings = _settings(path)
    check_schedule(settings, local_now())
    log.begin(settings)

    def say(text: str) -> None:
        log.log.info(text)

    def shout(text: str) -> None:
        log.log.warning(text)
        click.echo(text, err=True)

    def once(settings: Settings) -> Report:
        try:
            report = turn(settings, path, quiet, stop, say)
        except LaganError:  # the service says it
            raise
        except Exception:
            log.log.exception("A fault of ours ended the run.")
            raise
        _show(report.document(), as_json)
        return report

    def refresh(settings: Settings) -> None:
        take_over(settings, path, say)

    service = Service(path, once, shout, stop, refresh=refresh)
    if windows_service:
        import sys

        from lagan.agent.windows import ServiceControl, WindowsService

        sys.exit(WindowsService(ServiceControl(), service.serve, stop).run())
    on_signals(stop, service.run_now)
    service.serve()
    log.log.info("Ended.")


@agent.command("clean-up")
@_CONFIG
@_JSON
@click.option(
    "--older-than", type=float, default=0.0, help="Only files unchanged for so many days."
)
@click.option(
    "--yes", is_flag=True, help="Remove them; without this it is only told what would go."
)
def clean_up(config: Path | None, as_json: bool, older_than: float, yes: bool) -> None:
    """Remove local files of which the server holds verified replicas of the same bytes."""
    import json

    from lagan.agent.cleanup import clear
    from lagan.kit.sizes import show_size

    done = clear(_settings(config), older_than_days=older_than, dry=not yes)
    if as_json:
        click.echo(json.dumps(done.document(), ensure_ascii=False))
        return
    for name in done.removed:
        click.echo(f"{'removed' if yes else 'would remove'}: {name}")
    for remark in done.kept:
        click.echo(f"stays: {remark.path}: {remark.reason}")
    word = "Removed" if yes else "Would remove"
    click.echo(f"{word} {len(done.removed)} files, {show_size(done.freed)}; {len(done.kept)} stay.")


@agent.command()
@_CONFIG
def lock(config: Path | None) -> None:
    """Lock the settings, so that nobody changes them by mistake."""
    from lagan.agent import saving
    from lagan.agent.settings import default_path

    saving.lock(config or default_path())
    click.echo("The settings are locked.")


@agent.command()
@_CONFIG
def unlock(config: Path | None) -> None:
    """Unlock the settings; for administrators of this computer."""
    from lagan.agent import saving
    from lagan.agent.settings import default_path

    saving.unlock(config or default_path())
    click.echo("The settings can be changed again.")


@agent.command("self-check")
@_CONFIG
@_JSON
def self_check(config: Path | None, as_json: bool) -> None:
    """Look whether this installation can do its work: files, disk, clock, server."""
    import json
    import sys
    from dataclasses import asdict

    from lagan.agent.selfcheck import CHECKS, look

    findings = list(look(_settings(config)))
    for finding in findings:
        if as_json:
            click.echo(json.dumps(asdict(finding)))
        else:
            click.echo(f"{finding.level:8}{finding.text}")
    if len(findings) != CHECKS:
        click.echo(f"{len(findings)} checks were made instead of {CHECKS}.", err=True)
    whole = len(findings) == CHECKS and all(each.level != "error" for each in findings)
    sys.exit(0 if whole else 2)


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
    from lagan.kit.sizes import show_size

    folder = _settings(config).state
    last, running = load(folder), is_held(folder)
    files, size, since = _waiting(folder)
    if as_json:
        waiting = {"files": files, "bytes": size, "since": since}
        told = {"running": running, "last": last, "waiting": waiting}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo("At work now." if running else "Not at work.")
    if files and since:
        click.echo(f"{files} files ({show_size(size)}) wait for the server, since {since}.")
    if last is None:
        click.echo("No run has ended yet.")
    else:
        click.echo(f"Last run: {last['started']} to {last['finished']}")
        click.echo("\n".join(summary(last)))


def _waiting(folder: Path) -> tuple[int, int, str | None]:
    """Files and bytes that wait for the server, and since when."""
    from contextlib import closing
    from datetime import UTC, datetime

    from lagan.agent.state import State

    if not (folder / "state.sqlite3").exists():
        return 0, 0, None
    with closing(State(folder)) as state:
        files, size, since = state.waiting()
    told = datetime.fromtimestamp(since, UTC).isoformat(timespec="seconds") if since else None
    return files, size, told


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

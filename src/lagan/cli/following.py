"""What people see while a command waits for a job: a bar on a terminal, and in the end what became
of every path that was not done."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from lagan.cli.reaching import shown
from lagan.client.jobs import Jobs
from lagan.client.waiting import await_end, require_success

MOST_SHOWN = 20
"""Failed paths that are printed; `lagan job N --files failed` lists them all."""

Row = dict[str, Any]


def follow(jobs: Jobs, job: int, *, timeout: float | None, as_json: bool) -> None:
    """Wait until the job has ended and print how. JobFailed, TimedOut; Ctrl-C leaves it running."""
    try:
        with _bar(job) as seen:
            row = await_end(jobs, job, timeout=timeout, seen=seen)
    except KeyboardInterrupt:
        click.echo(
            f"Job {job} goes on: `lagan job {job} --follow` watches it, "
            f"`lagan job {job} --cancel` stops it.",
            err=True,
        )
        raise
    if as_json:
        click.echo(json.dumps(row))
    else:
        click.echo(told(row))
        tell_failures(jobs, row)
    require_success(row)


def told(row: Row) -> str:
    """A job in one line."""
    processed, skipped, failed, total = counts(row)
    return (
        f"Job {row['id']} ({row['jobtype']} at {row['site']}) {row['state']}: "
        f"{processed} processed, {skipped} skipped, {failed} failed of {total}"
    )


def counts(row: Row) -> tuple[int, int, int, int]:
    """Processed, skipped, failed and all paths of a job."""
    names = ("numprocessedfiles", "numskippedfiles", "numfailedfiles", "numfiles")
    processed, skipped, failed, total = (int(row.get(name) or 0) for name in names)
    return processed, skipped, failed, total


def walked(row: Row) -> bool:
    """Whether all its paths have been found."""
    return str(row.get("dir_walk_complete", True)).lower() == "true"


def tell_failures(jobs: Jobs, row: Row) -> None:
    """Print the first failed paths, each with its reason."""
    failed = counts(row)[2]
    if not failed:
        return
    for number, each in enumerate(jobs.files(int(row["id"]), "failed")):
        if number == MOST_SHOWN:
            more = failed - MOST_SHOWN
            click.echo(f"and {more} more: lagan job {row['id']} --files failed")
            return
        click.echo(outcome(each))


def outcome(each: Row) -> str:
    """A path of a job with what became of it."""
    words = (each.get("state"), each.get("category"), each.get("path"), each.get("reason"))
    return "\t".join(shown(str(word)) for word in words if word)


@contextmanager
def _bar(job: int) -> Iterator[Callable[[Row], object]]:
    """Somebody to tell of every look at the job: a bar where people see it, else nothing."""
    if not sys.stderr.isatty():
        yield lambda row: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[counted]}"),
        TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"Job {job}", total=None, counted="waiting")

        def seen(row: Row) -> None:
            processed, skipped, failed, total = counts(row)
            ended = processed + skipped + failed
            counted = f"{ended}/{total}" + (f", {failed} failed" if failed else "")
            known = total if walked(row) and total else None
            progress.update(task, total=known, completed=ended, counted=counted)

        yield seen

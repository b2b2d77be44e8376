"""`lagan package`: make a bag of a folder, tell what is wrong with one; here, without a hub. What
needs a hub is in `package_hub`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lagan.bag import Finding, Verdict

INVALID = 7
"""Exit code of a package that is not valid: that of a digest mismatch."""
_FOLDER = click.Path(path_type=Path)
Told = Callable[[int, int | None], None]


@click.group()
def package() -> None:
    """Preservation packages: BagIt bags, as a folder or packed as zip, tar or tar.gz."""


@package.command()
@click.argument("source", type=_FOLDER)
@click.option("--to", "target", type=_FOLDER, help="The zip, or the new folder, to make.")
@click.option(
    "--algorithm", "algorithms", multiple=True, default=["sha512"], show_default=True,
    help="A checksum to take of every file; may be repeated.",
)  # fmt: skip
@click.option("--info", "infos", multiple=True, metavar='"LABEL: VALUE"', help="For bag-info.txt.")
@click.option("--base", default="", help="A folder around the bag in the zip; without, none.")
@click.option("--compress", is_flag=True, help="Deflate what goes into the zip.")
@click.option("--in-place", is_flag=True, help="Make SOURCE itself a bag: moves what is in it.")
@click.option("--finish", is_flag=True, help="Go on with an --in-place that was broken off.")
@click.option("--undo", is_flag=True, help="Make a bag a plain folder again.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
def make(
    source: Path,
    target: Path | None,
    algorithms: tuple[str, ...],
    infos: tuple[str, ...],
    base: str,
    compress: bool,
    in_place: bool,
    finish: bool,
    undo: bool,
    as_json: bool,
) -> None:
    """Make a bag of the folder SOURCE, which stays as it is unless asked otherwise."""
    from lagan import bag
    from lagan.kit.sizes import show_size

    if [in_place, finish, undo, target is not None].count(True) != 1:
        raise click.UsageError("Say one of --to, --in-place, --finish and --undo.")
    if finish or undo:
        (bag.finish if finish else bag.undo)(source)
        return
    with progress(f"Making {target or source}") as told:
        made = bag.make_bag(
            source, target, in_place=in_place, algorithms=algorithms, info=list(map(_info, infos)),
            base=base, compress=compress, progress=told,
        )  # fmt: skip
    facts = {"path": str(made.path), "files": made.files, "bytes": made.bytes}
    text = f"{made.path}: {made.files} files, {show_size(made.bytes)}"
    click.echo(json.dumps(facts) if as_json else text)


@package.command()
@click.argument("bag", type=_FOLDER)
@click.option("--profile", type=_FOLDER, help="A BagIt profile, as a file of JSON.")
@click.option("--allow-fetch", is_flag=True, help="Take a fetch.txt when all it lists is there.")
@click.option("--json", "as_json", is_flag=True, help="The whole verdict as JSON.")
def check(bag: Path, profile: Path | None, allow_fetch: bool, as_json: bool) -> None:
    """Tell everything that is wrong with BAG: a zip, tar, tar.gz or folder; nothing is unpacked.

    Exit code 7 says that it is not valid.
    """
    from lagan.bag import ALL_ALGORITHMS, judge

    with progress(f"Checking {bag}") as told:
        verdict = judge(
            bag, profile=profile, algorithms=ALL_ALGORITHMS, allow_fetch=allow_fetch, progress=told
        )
    if as_json:
        click.echo(json.dumps(verdict.as_json(), ensure_ascii=True))
    else:
        _show(bag, verdict)
    if not verdict.valid:
        sys.exit(INVALID)


def _show(bag: Path, verdict: Verdict) -> None:
    from lagan.kit.sizes import show_size

    for kind, findings in (("error", verdict.errors), ("warning", verdict.warnings)):
        for each in findings:
            click.echo(f"{kind}: {_line(each)}", err=True)
    if verdict.left_out:
        click.echo(f"{verdict.left_out} more are not shown.", err=True)
    facts = verdict.facts
    if not verdict.valid:
        click.echo(f"{bag}: not valid, {len(verdict.errors) + verdict.left_out} errors")
        return
    click.echo(
        f"{bag}: valid, BagIt {facts.version}, {facts.files} files, {show_size(facts.bytes)}"
    )
    for name, value in facts.outer.items():
        click.echo(f"{name} of the package: {value}")


def _line(finding: Finding) -> str:
    """A finding on one line, whatever its file is called."""
    shown = str(finding)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)


def _info(text: str) -> tuple[str, str]:
    label, colon, value = text.partition(":")
    if not colon:
        raise click.UsageError(f'--info is "LABEL: VALUE", not {text!r}.')
    return label, value.strip()


@contextmanager
def progress(what: str) -> Iterator[Told | None]:
    """Somebody to tell how many bytes are done: a bar where people see it, else nobody."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    console = Console(stderr=True)
    with Progress(*columns, TransferSpeedColumn(), console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _at_a_hub() -> None:
    from lagan.cli import package_hub

    for each in package_hub.COMMANDS:
        package.add_command(each)


_at_a_hub()

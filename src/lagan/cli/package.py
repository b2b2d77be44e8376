"""`lagan package`: make a bag of a folder or of a dataset, tell what is wrong with one. What else
needs a hub is in `package_hub`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lagan.bag import Crate, Finding, Made, Verdict

INVALID = 7
"""Exit code of a package that is not valid: that of a digest mismatch."""
_FOLDER = click.Path(path_type=Path)
Told = Callable[[int, int | None], None]


@click.group()
def package() -> None:
    """Preservation packages: BagIt bags, as a folder or packed as zip, tar or tar.gz."""


@package.command()
@click.argument("source", type=_FOLDER, required=False)
@click.option("--to", "target", type=_FOLDER, help="The zip, or the new folder, to make.")
@click.option("--dataset", help="Not of a folder, but of this dataset of a hub: its id or path.")
@click.option(
    "--algorithm", "algorithms", multiple=True, default=["sha512"], show_default=True,
    help="A checksum to take of every file; may be repeated.",
)  # fmt: skip
@click.option("--info", "infos", multiple=True, metavar='"LABEL: VALUE"', help="For bag-info.txt.")
@click.option("--base", default="", help="A folder around the bag in the zip; without, none.")
@click.option("--compress", is_flag=True, help="Deflate what goes into the zip.")
@click.option("--crate", is_flag=True, help="Describe the files by an RO-Crate among them.")
@click.option("--title", default="", help="For the crate; default: the folder's name.")
@click.option("--description", default="", help="For the crate; default: External-Description.")
@click.option(
    "--author", "authors", multiple=True, metavar='"NAME <ORCID>"',
    help="For the crate; the address may be left out; may be repeated.",
)  # fmt: skip
@click.option("--licence", default="", help="For the crate: an address or an SPDX id.")
@click.option(
    "--date", default="", help="For the crate; default: Bagging-Date, or the newest file."
)
@click.option("--in-place", is_flag=True, help="Make SOURCE itself a bag: moves what is in it.")
@click.option("--finish", is_flag=True, help="Go on with an --in-place that was broken off.")
@click.option("--undo", is_flag=True, help="Make a bag a plain folder again.")
@click.option("--url", envvar="LAGAN_URL", help="The hub's address, with --dataset.")
@click.option("--api-key", envvar="LAGAN_API_KEY", help="A client key, with --dataset.")
@click.option("--config", type=_FOLDER, help="Default: ~/.config/lagan/client.conf.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
def make(
    source: Path | None,
    target: Path | None,
    dataset: str | None,
    algorithms: tuple[str, ...],
    infos: tuple[str, ...],
    base: str,
    compress: bool,
    crate: bool,
    in_place: bool,
    finish: bool,
    undo: bool,
    url: str | None,
    api_key: str | None,
    config: Path | None,
    as_json: bool,
    **words: Any,
) -> None:
    """Make a bag of the folder SOURCE, which stays as it is unless asked otherwise, or of a
    dataset."""
    from lagan import bag

    if (source is None) == (dataset is None):
        raise click.UsageError("Say a SOURCE, or a --dataset.")
    if [in_place, finish, undo, target is not None].count(True) != 1:
        raise click.UsageError("Say one of --to, --in-place, --finish and --undo.")
    if any(words.values()) and (dataset is not None or not crate):
        raise click.UsageError("--title and what follows it are for the --crate of a folder.")
    info = list(map(_info, infos))
    how: dict[str, Any] = {"algorithms": algorithms, "info": info, "base": base}
    how["compress"] = compress
    if source is None:
        if target is None:
            raise click.UsageError("A bag of a dataset is made --to somewhere.")
        _tell(
            _of_dataset(str(dataset), target, (url, api_key, config), how | {"crate": crate}),
            as_json,
        )
        return
    if finish or undo:
        (bag.finish if finish else bag.undo)(source)
        return
    about = _crate(source, info, words) if crate else None
    with progress(f"Making {target or source}") as told:
        made = bag.make_bag(
            source, target, in_place=in_place, crate=about, progress=told, **how
        )  # fmt: skip
    _tell(made, as_json)


def _of_dataset(dataset: str, target: Path, reach: tuple[Any, ...], how: dict[str, Any]) -> Made:
    from lagan.cli.package_dataset import bag_of_dataset
    from lagan.client.config import open_hub

    hub = open_hub(*reach)
    click.get_current_context().call_on_close(hub.close)
    id = str(hub.entities.id_of(dataset))
    with progress(f"Making {target}") as told:
        return bag_of_dataset(hub, id, target, progress=told, **how)


def _crate(source: Path, info: list[tuple[str, str]], words: dict[str, Any]) -> Crate:
    """What is said of a folder, by options or else by the labels of bag-info.txt."""
    from lagan.bag import Crate

    labels = {label.lower(): value for label, value in info}
    return Crate(
        name=words["title"] or source.resolve().name,
        description=words["description"] or labels.get("external-description", ""),
        authors=words["authors"],
        licence=words["licence"],
        publisher=labels.get("source-organization", ""),
        date=words["date"] or labels.get("bagging-date", ""),
    )


def _tell(made: Made, as_json: bool) -> None:
    from lagan.kit.sizes import show_size

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

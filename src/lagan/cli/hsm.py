"""`lagan hsm`: what jobs do to a site's files, done here and now on this machine: the same steps,
the same outcomes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lagan.worker.place import Place

NOT_ALL = 6
"""Exit code when some paths could not be done: that of a conflict."""

_SITE = (
    click.option("--root", "roots", multiple=True, help="A folder of the site; may be repeated."),
    click.option(
        "--target",
        "targets",
        multiple=True,
        metavar="[NAME=]LOCATION",
        help="Where content goes: a folder, s3://... or rclone:REMOTE:path; the first is the one "
        "meant. With --config the name of one of its targets.",
    ),
    click.option("--config", type=click.Path(), help="A worker's ini file, instead of the two."),
)
_WHERE = (
    click.argument("paths", nargs=-1, required=True),
    *_SITE,
    click.option("-r", "--recursive", is_flag=True, help="All that lies beneath folders."),
    click.option("--json", "as_json", is_flag=True, help="A line of JSON a path."),
)


@click.group()
def hsm() -> None:
    """Move the content of files to a target and back, on this machine.

    Exit code 6 says that some paths could not be done; each is named on standard error.
    """


def where_options(function: Callable[..., None]) -> Callable[..., None]:
    """The options that say which site this is."""
    for each in reversed(_SITE):
        function = each(function)
    return function


def command(name: str | None = None) -> Callable[[Callable[..., None]], click.Command]:
    """A command of the group with the arguments and options of all."""

    def wrap(function: Callable[..., None]) -> click.Command:
        for each in reversed(_WHERE):
            function = each(function)
        return hsm.command(name)(function)

    return wrap


_stub_size = click.option("--stub-size", default="0", help="How much stays readable, like 64 KiB.")
_skip_hash = click.option("--skip-hash", is_flag=True, help="Do not compare with the digest.")


@command()
@click.option("-p", "--premigrate", is_flag=True, help="Keep the content here as well.")
@_stub_size
@click.option("--overwrite", is_flag=True, help="Remove the object of a file's older content.")
@click.option("--even-pinned", is_flag=True, help="Free the space of pinned files too.")
def migrate(
    premigrate: bool, stub_size: str, overwrite: bool, even_pinned: bool, **where: Any
) -> None:
    """Bring files' content to the target and let go of their space; pinned files stay."""
    args = {"premigrate": premigrate, "stub_size": _size(stub_size), "overwrite": overwrite}
    _run("hsm.migrate", {**args, "even_pinned": even_pinned}, where)


@command()
@click.option("--overwrite", is_flag=True, help="Remove the object of a file's older content.")
def premigrate(overwrite: bool, **where: Any) -> None:
    """Bring files' content to the target and keep it here as well."""
    _run("hsm.migrate", {"premigrate": True, "overwrite": overwrite}, where)


@command()
@_skip_hash
def recall(skip_hash: bool, **where: Any) -> None:
    """Bring the content of migrated files back."""
    _run("hsm.recall", {"skip_hash": skip_hash}, where)


@command("reverse-stub")
@click.option("-H", "--hydrate", is_flag=True, help="Bring the content too.")
@click.option("--stub-size", default="0", help="Files up to this size come with their content.")
@_skip_hash
@click.option("--overwrite", is_flag=True, help="Replace files that are here.")
def reverse_stub(
    hydrate: bool, stub_size: str, skip_hash: bool, overwrite: bool, **where: Any
) -> None:
    """Make files here of what another site brought to the target."""
    args = {"hydrate": hydrate, "stub_size": _size(stub_size)}
    _run("hsm.reverse_stub", {**args, "skip_hash": skip_hash, "overwrite": overwrite}, where)


@command()
def delete(**where: Any) -> None:
    """Remove files and empty folders; with -r all that is in them. Objects at the target stay."""
    _run("hsm.delete", {}, where, folders=True)


@command()
def stat(**where: Any) -> None:
    """Tell which state files are in, and which are pinned; the target is asked."""
    from lagan.worker.site.pinned import Pins
    from lagan.worker.site.tiering import look

    console = Console(where["as_json"])
    with serving_here(where):
        pins = Pins()
        for item in items_of(where, folders=False):
            pin = pins.of(item)
            console.act(item, look, "" if pin is None else f"pinned: {pin.as_text()}")
    console.end()


@hsm.command()
@click.option("--config", type=click.Path(), required=True, help="A worker's ini file.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON a target.")
def targets(config: str, as_json: bool) -> None:
    """Tell the targets of this site, asked now: whether each answers, and its room."""
    from dataclasses import asdict

    from lagan.kit.sizes import show_size
    from lagan.worker.site.targets import look_at_all

    bad = False
    with serving_here({"config": config, "roots": ()}):
        for look in look_at_all():
            bad = bad or not look.answers
            if as_json:
                click.echo(json.dumps(asdict(look)))
                continue
            room = "" if look.free is None else f"{show_size(look.free)} free"
            words = [look.name, "answers" if look.answers else "is away", look.location]
            click.echo("  ".join(filter(None, [*words, room, look.reason])))
    if bad:
        sys.exit(NOT_ALL)


@command()
@click.option(
    "--keep",
    type=click.Choice(["here", "there"]),
    required=True,
    help="What is in the file, or what the target has.",
)
def settle(keep: str, **where: Any) -> None:
    """Say what counts in files that were written into while their content was away.

    Only the other one is given up: with `there` what was written since, with `here` only that the
    file remembers its older content, which stays at the target.
    """
    from lagan.hsm.marker import read
    from lagan.hsm.settling import keep_here, keep_there
    from lagan.worker.site.paths import locate, open_quietly
    from lagan.worker.site.targets import target_called

    def verb(item: str) -> str:
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK
        with open_quietly(locate(item), flags, cuts=True) as descriptor:
            marker = read(descriptor)
            if keep == "here" or marker is None:
                return keep_here(descriptor)
            return keep_there(descriptor, target_called(marker.target))

    console = Console(where["as_json"])
    with serving_here(where):
        for item in items_of(where, folders=False):
            console.act(item, verb)
    console.end()


class Console:
    """A step's context that tells a person, or with JSON a program, what becomes of each path."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._bad = False
        self._said: dict[str, tuple[str, str]] = {}

    @property
    def task(self) -> Any:
        """None: there is no task."""
        return None

    def progress(self, done: int, bytes: int = 0) -> None:
        """Shown on a terminal only."""
        if sys.stderr.isatty():
            from lagan.kit.sizes import show_size

            click.echo(f"\r\033[K{done} done, {show_size(bytes)}\r", nl=False, err=True)

    def fail_item(self, item: str, category: str, reason: str) -> None:
        """Kept until the step has ended."""
        self._bad = True
        self._said[item] = (category, reason)

    def skip_item(self, item: str, category: str, reason: str) -> None:
        """The same."""
        self._said[item] = (category, reason)

    def found(self, items: Sequence[str], size: int) -> None:
        """No step of these finds anything."""

    def leave_to_others(self, folders: Sequence[str]) -> None:
        """Nor leaves anything."""

    def token(self) -> str:
        """None of these acts at the hub."""
        return ""

    def run(self, step: str, args: Mapping[str, Any], items: Sequence[str]) -> None:
        """Run a step over some paths and say how each ended."""
        from lagan.worker.steps import step as step_called

        self._said = {}
        step_called(step)(self, args, items)
        for item in items:
            self._tell(item, *self._said.get(item, ("done", "")))

    def act(self, item: str, verb: Callable[[str], str], note: str = "") -> None:
        """Say what `verb` says of a path, and a `note` beside it."""
        from lagan.kit.errors import LaganError
        from lagan.worker.site.refusals import category, reason

        try:
            self._tell(item, verb(item), note)
        except (LaganError, OSError) as error:
            self._bad = True
            self._tell(item, category(error), reason(error))

    def end(self) -> None:
        """Leave with a code that says whether all went well."""
        if self._bad:
            sys.exit(NOT_ALL)

    def _tell(self, item: str, what: str, reason: str) -> None:
        bad = what.startswith("failed")
        if self._as_json:
            told = {"path": item, "outcome": what, **({"reason": reason} if reason else {})}
            click.echo(json.dumps(told))
        else:
            line = f"{what}  ".encode() + os.fsencode(item)
            click.echo(line + (f"  ({reason})".encode() if reason else b""), err=bad)


def _run(
    step: str, args: Mapping[str, Any], where: Mapping[str, Any], folders: bool = False
) -> None:
    with serving_here(where):
        given = {**args, "target": named_target(where)}
        run_on(step, given, items_of(where, folders), where["as_json"])


def run_on(step: str, args: Mapping[str, Any], items: Iterable[str], as_json: bool) -> None:
    """Run a step over paths, in batches, and say how each ended; leaves with `NOT_ALL`."""
    from lagan.worker.batches import cut
    from lagan.worker.site import register

    register()
    console = Console(as_json)
    for batch, _ in cut((item, 0) for item in items):
        console.run(step, args, batch)
    console.end()


def named_target(where: Mapping[str, Any]) -> str:
    """The one target that was asked for by its name; none: that of the first option, or what the
    rules of the file choose."""
    if where["config"] is None or not where["targets"]:
        return ""
    if len(where["targets"]) > 1:
        raise click.UsageError("With --config name one --target.")
    return str(where["targets"][0])


def serving_here(where: Mapping[str, Any]) -> Any:
    """This machine as the site that the options tell."""
    from lagan.worker.place import Place, serving

    if where["config"] is not None:
        from lagan.worker.settings import read_settings

        return serving(read_settings(Path(where["config"])).place())
    if not where["roots"]:
        raise click.UsageError("Name the site's folder with --root, or a worker's --config.")
    roots = tuple(Path(each).absolute() for each in where["roots"])
    place: Place = Place(roots, targets=dict(map(_target, where["targets"])))
    return serving(place)


def _target(text: str) -> tuple[str, str]:
    """A name and a location; without a name it is called `target`."""
    name, equals, location = text.partition("=")
    if not equals or "/" in name or ":" in name:
        return "target", text
    return name, location


def items_of(where: Mapping[str, Any], folders: bool) -> Iterator[str]:
    """The paths, absolute; with `recursive` what lies beneath folders in their place, and with
    `folders` these too, after what is in them."""
    for each in where["paths"]:
        path = str(Path(each).absolute())
        if where["recursive"] and Path(path).is_dir() and not Path(path).is_symlink():
            yield from _beneath(path, folders)
        else:
            yield path


def _beneath(path: str, folders: bool) -> Iterator[str]:
    from lagan.worker.site.paths import OURS

    for folder, below, names in os.walk(path, topdown=not folders):
        if not folders and OURS in below:
            below.remove(OURS)
        links = [name for name in below if Path(folder, name).is_symlink()]
        yield from (f"{folder}/{name}" for name in (*names, *links))
        if folders:
            yield folder


def _size(text: str) -> int:
    from lagan.kit.sizes import parse_size

    return parse_size(text)

"""`lagan hsm pin`, `unpin` and `policy`: files that stay, and what would go."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from lagan.cli.hsm import Console, command, items_of, serving_here


@command()
@click.option("--until", help="A date, as 2027-03-01; for ever without it.")
def pin(until: str | None, **where: Any) -> None:
    """Keep the content of files here, and of all that is in folders: nothing migrates it.

    Without -r a folder itself is pinned, which holds for everything beneath it; with -r each file
    is, so that its pin moves with it.
    """
    from lagan.hsm.policy.pins import Pin, write
    from lagan.kit.times import parse_time

    wanted = Pin(parse_time(until)) if until else Pin()

    def verb(descriptor: int) -> str:
        write(descriptor, wanted)
        return f"pinned: {wanted.as_text()}"

    _pinning(verb, where)


@command()
def unpin(**where: Any) -> None:
    """Take pins away from files and folders; the pin of a folder above them still holds."""
    from lagan.hsm.policy.pins import drop

    _pinning(lambda descriptor: "unpinned" if drop(descriptor) else "was not pinned", where)


@command()
@click.option(
    "--file",
    type=click.File("rb"),
    required=True,
    help="The policy in JSON, with the fields that the hub's API has.",
)
def policy(file: Any, **where: Any) -> None:
    """Show what a policy would do from some folders on, without a hub; changes nothing."""
    from lagan.cli.policy_report import lines
    from lagan.hsm.policy.definition import check
    from lagan.worker.site.policies import chosen_of

    console = Console(where["as_json"])
    try:
        given = json.load(file)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise click.BadParameter("It holds no JSON object.", param_hint="--file")
    with serving_here(where):
        paths = [str(Path(each).absolute()) for each in where["paths"]]
        _, report = chosen_of(console, check(given), paths)
    click.echo(json.dumps(report) if where["as_json"] else "\n".join(lines(report)))
    console.end()


def _pinning(verb: Callable[[int], str], where: Mapping[str, Any]) -> None:
    """Do something to the pins of what the paths name; nothing is brought back for it."""
    from lagan.worker.site import paths

    def act(item: str) -> str:
        spot = paths.locate(item)
        opening = paths.open_at if Path(spot.path).is_dir() else paths.open_quietly
        with opening(spot, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK) as descriptor:
            return verb(descriptor)

    console = Console(where["as_json"])
    with serving_here(where):
        for item in items_of(where, folders=False):
            console.act(item, act)
    console.end()

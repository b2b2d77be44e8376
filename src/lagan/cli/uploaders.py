"""`lagan instruments list, show, waiting, approve, refuse, revoke`: what instruments sent, and
which keys of their uploaders may stage files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from lagan.client import Hub

F = TypeVar("F", bound=Callable[..., Any])
_INSTRUMENT = "{id}\t{name}\t{seen}\t{files}\t{waiting}\t{failed}"
_REGISTRATION = "{id}\t{state}\t{uploader}\t{uploader_name}\t{fingerprint}\t{requester_name}"


def _asking(command: F) -> F:
    """The options that say which hub is asked, and how it answers."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON for programs."),
        click.option(
            "--config", type=click.Path(path_type=Path),
            help="Default: ~/.config/lagan/client.conf.",
        ),
        click.option(
            "--api-key", envvar="LAGAN_API_KEY",
            help="A client key; better in LAGAN_API_KEY or --config.",
        ),
        click.option("--url", envvar="LAGAN_URL", help="The hub's address (or LAGAN_URL)."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.command("list")
@click.option("--facility", type=int, help="Only those of the facility with this id.")
@_asking
@click.pass_context
def list_(ctx: click.Context, /, facility: int | None, as_json: bool, **where: Any) -> None:
    """List instruments: id, name, when it was heard of, files stored, waiting, not sent."""
    for row in _hub(ctx, **where).facilities.all(facility):
        shown = {**row, "seen": row["seen"] or "never"}
        _say(
            row if as_json else shown, as_json, "{id}\t{name}\t{seen}\t{files}\t{waiting}\t{failed}"
        )


@click.command()
@click.argument("uploader", type=int)
@_asking
@click.pass_context
def show(ctx: click.Context, /, uploader: int, as_json: bool, **where: Any) -> None:
    """Show an uploader: its program, last run, keys, what it could not send, what waits and why."""
    row = _hub(ctx, **where).facilities.uploader(uploader)
    if as_json:
        _say(row, as_json, "")
        return
    _say(row, False, "{name}\t{program}\t{seen}\nfound {found}\tsent {sent}\tnot sent {failed}")
    for each in row["registrations"]:
        _say(each, False, f"key\t{_REGISTRATION}")
    for path, why in row["problems"]:
        click.echo(f"not sent\t{path}\t{why}")
    for each in row["waiting"]:
        _say({**each, "reason": each["reason"] or "-"}, False, "waits\t{path}\t{reason}")


@click.command()
@_asking
@click.pass_context
def waiting(ctx: click.Context, /, as_json: bool, **where: Any) -> None:
    """List the keys that wait to be approved."""
    for row in _hub(ctx, **where).facilities.registrations("waiting"):
        _say(row, as_json, _REGISTRATION)


def _deciding(verb: str, words: str) -> click.Command:
    @click.command(verb, help=words)
    @click.argument("registration", type=int)
    @click.option("--comment", default="", help="Why; it is kept.")
    @_asking
    @click.pass_context
    def decide(
        ctx: click.Context, /, registration: int, comment: str, as_json: bool, **where: Any
    ) -> None:
        row = _hub(ctx, **where).facilities.decide(registration, verb, comment)
        _say(row, as_json, _REGISTRATION)

    return decide


COMMANDS = (
    list_,
    show,
    waiting,
    _deciding("approve", "Let the key with this number (see `waiting`) stage files."),
    _deciding("refuse", "Say no to a key that waits."),
    _deciding("revoke", "Take an approval back: the key reaches nothing any more."),
)


def _hub(ctx: click.Context, url: str | None, api_key: str | None, config: Path | None) -> Hub:
    from lagan.client.config import open_hub

    hub = open_hub(url, api_key, config)
    ctx.call_on_close(hub.close)
    return hub


def _say(row: dict[str, Any], as_json: bool, words: str) -> None:
    click.echo(json.dumps(row, ensure_ascii=False) if as_json else words.format_map(row))

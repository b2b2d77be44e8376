"""`lagan authenticate`: a client key for scripts, from a password or an access token."""

from __future__ import annotations

import sys
import uuid
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lagan.cli.reaching import BASE_URL, CONFIG
from lagan.kit.errors import NotSignedIn

if TYPE_CHECKING:
    from lagan.client import Hub


@click.command()
@click.option("--username", "-u", help="Who the key is for.")
@click.option("--password", "-p", help="The password; asked for when it is not given.")
@click.option("--access-token", "-T", help="An access token, instead of name and password.")
@click.option("--key-name", "-k", help="A name for the key; a random one when it is not given.")
@BASE_URL
@CONFIG
def authenticate(
    username: str | None,
    password: str | None,
    access_token: str | None,
    key_name: str | None,
    base_url: str | None,
    config: Path | None,
) -> None:
    """Make a client key and print it. It is shown this once.

    Give it to other commands by --client-key, LAGAN_API_KEY, or client_key in the configuration.
    """
    from lagan.client import Hub
    from lagan.client.config import address, read_settings

    if (username is None) == (access_token is None):
        raise click.UsageError("Give --username or --access-token, one of the two.")
    where = address(base_url or read_settings(config).base_url)
    token = (lambda: access_token) if access_token else None
    with closing(Hub(where, token=token)) as hub:
        if username is not None:
            _sign_in(hub, username, password if password is not None else _ask_password(username))
        click.echo(hub.make_key(key_name or str(uuid.uuid4())))


def _sign_in(hub: Hub, username: str, password: str) -> None:
    try:
        hub.sign_in(username, password)
    except NotSignedIn as error:
        if error.facts.get("problem") != "second-factor-needed" or not sys.stdin.isatty():
            raise
        hub.sign_in(username, password, click.prompt("One-time password", err=True))


def _ask_password(username: str) -> str:
    """From the terminal, or the first line of what is piped in."""
    if sys.stdin.isatty():
        return str(click.prompt(f"{username}'s password", hide_input=True, err=True))
    click.echo(f"{username}'s password:", err=True)
    return sys.stdin.readline().rstrip("\r\n")

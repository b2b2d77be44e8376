"""`lagan instruments`: what stands behind the keys of uploaders, and the file that holds them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from lagan.cli.uploaders import COMMANDS


@click.group()
def instruments() -> None:
    """See what instruments sent; let their uploaders stage files."""


@instruments.command()
@click.argument("folder", type=click.Path(path_type=Path))
def gate(folder: Path) -> None:
    """Put files into FOLDER for whoever signed in by SSH, and do nothing else.

    The hub writes this command in front of every approved key; it does what SSH_ORIGINAL_COMMAND
    says: mkdir, chmod, scp's receiving side, SFTP.
    """
    from lagan.gate import serve

    asked = os.environ.get("SSH_ORIGINAL_COMMAND", "")
    sys.exit(serve(folder, asked, sys.stdin.buffer, sys.stdout.buffer))


@instruments.command()
@click.option("--write", is_flag=True, help="Write them to the file that the hub keeps.")
def keys(write: bool) -> None:
    """Print a line of authorized_keys for every approved uploader."""
    from lagan.cli.worker import start_django

    start_django()
    from lagan.hub.instruments import services

    if write:
        services.write_keys()
    for line in services.key_lines():
        click.echo(line)


for _command in COMMANDS:
    instruments.add_command(_command)

"""A refusal on the command line: one line on standard error and its exit code, never a traceback."""

from __future__ import annotations

import sys
from typing import Any

import click


class Refusing(click.Group):
    """A group whose commands end with the exit code of the LaganError that they raise."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        from lagan.kit.errors import LaganError

        try:
            return super().invoke(ctx)
        except LaganError as error:
            click.echo(f"lagan: {error.sentence}", err=True)
            sys.exit(error.exit)

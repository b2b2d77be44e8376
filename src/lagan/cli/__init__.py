"""The lagan command: one file a group, imported when it is called."""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "up": "lagan.cli.up:up",
    "hub": "lagan.cli.hub:hub",
    "serve": "lagan.cli.serve:serve",
    "schedule": "lagan.cli.schedule:schedule",
    "worker": "lagan.cli.worker:worker",
    "volume": "lagan.cli.volume:volume",
    "archive": "lagan.cli.archive:archive",
    "audit": "lagan.cli.audit:audit",
    "agent": "lagan.cli.agent:agent",
    "dataset": "lagan.cli.dataset:dataset",
}
"""Command name to `module:attribute`; a command appears in `lagan --help` by its line in
SUMMARIES."""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=_Lazy)
@click.version_option(package_name="lagan")
def main() -> None:
    """Research data off the instruments, kept and verified for decades, given back bit for bit."""

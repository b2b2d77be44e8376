"""The lagan command: one file a group, imported when it is called; refusals become one line and an
exit code.

Exit codes: 0 done; 1 a fault of Lagan; 2 bad input or usage; 3 not signed in; 4 forbidden; 5 not
found; 6 conflict; 7 digest mismatch; 8 locked; 9 no space; 10 unavailable; 20 a job that was waited
for did not succeed; 124 it had not ended in time; 130 interrupted. Up to 10 they are those of
`lagan.kit.errors`. LAGAN_DEBUG=1 shows the traceback of any of them.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

COMMANDS = {
    "up": "lagan.cli.up:up",
    "hub": "lagan.cli.hub:hub",
    "serve": "lagan.cli.serve:serve",
    "schedule": "lagan.cli.schedule:schedule",
    "worker": "lagan.cli.worker:worker",
    "node": "lagan.cli.node:node",
    "volume": "lagan.cli.volume:volume",
    "archive": "lagan.cli.archive:archive",
    "package": "lagan.cli.package:package",
    "ocfl": "lagan.cli.ocfl:ocfl",
    "audit": "lagan.cli.audit:audit",
    "agent": "lagan.cli.agent:agent",
    "instruments": "lagan.cli.instruments:instruments",
    "dataset": "lagan.cli.dataset:dataset",
    "entity": "lagan.cli.entity:entity",
    "permission": "lagan.cli.permission:permission",
    "computer": "lagan.cli.computer:computer",
    "search": "lagan.cli.search:search",
    "template": "lagan.cli.template:template",
    "metadata": "lagan.cli.metadata:metadata",
    "demo": "lagan.cli.demo:demo",
    "quota": "lagan.cli.quota:quota",
    "authenticate": "lagan.cli.authenticate:authenticate",
    "migrate": "lagan.cli.workflow:migrate",
    "premigrate": "lagan.cli.workflow:premigrate",
    "recall": "lagan.cli.workflow:recall",
    "send": "lagan.cli.workflow:send",
    "run": "lagan.cli.workflow:run",
    "workflows": "lagan.cli.workflow:workflows",
    "schedules": "lagan.cli.schedules:schedules",
    "policies": "lagan.cli.policies:policies",
    "jobs": "lagan.cli.job:jobs",
    "job": "lagan.cli.job:job",
    "site": "lagan.cli.site:site",
    "transparent-recall": "lagan.cli.transparent_recall:transparent_recall",
    "hsm": "lagan.cli.hsm_group:hsm",
    "recalld": "lagan.cli.recalld:recalld",
}
"""Command name to `module:attribute`; a command appears in `lagan --help` by its line in
SUMMARIES."""

SUMMARIES = {
    "up": "Run a whole hub on this machine, its state in one folder.",
    "hub": "Administer an installed hub.",
    "serve": "Run the hub's web pages, API and data path.",
    "schedule": "Run the hub's scheduler.",
    "worker": "Run a site's worker.",
    "node": "Run an archive node.",
    "volume": "Prepare, adopt and check volumes.",
    "archive": "Scrub, heal and rebuild the archive.",
    "package": "Make and check preservation packages (BagIt).",
    "ocfl": "Take datasets and packages out as OCFL, check such an archive.",
    "audit": "Verify and export the record of events.",
    "agent": "Send an instrument's data to the hub.",
    "instruments": "See what instruments sent; let their uploaders stage files.",
    "dataset": "Create, fill, close and fetch datasets.",
    "entity": "List, find, make, move and remove entities of the tree.",
    "permission": "Show, set and explain who may do what.",
    "computer": "Register and look at laboratory computers.",
    "search": "Find datasets by conditions, words or a saved search.",
    "template": "Edit templates, assign them, see what is in effect.",
    "metadata": "Show, set, copy and exchange metadata.",
    "quota": "Show and set what groups may take.",
    "authenticate": "Make a client key for scripts.",
    "migrate": "Move files' content to a site's target, free its space.",
    "premigrate": "Copy files' content to a site's target, keep it as well.",
    "recall": "Bring the content of migrated files back.",
    "send": "Make files of one site appear at another.",
    "run": "Run any workflow on paths of a site.",
    "workflows": "List workflows, show their steps and fields.",
    "schedules": "List and look after workflows that run by themselves.",
    "policies": "What sites do by themselves when they fill up.",
    "jobs": "List jobs.",
    "job": "Show, follow, stop, repeat a job; list its paths.",
    "site": "List and look after sites, their keys and workers.",
    "transparent-recall": "Recall one file that somebody opened.",
    "hsm": "Move the content of a site's files to a target and back.",
    "recalld": "Bring migrated files back when somebody opens them.",
    "demo": "Take real instrument files through the whole main job.",
}
"""One line a command, kept here so that `lagan --help` imports none of them."""


class LaganGroup(click.Group):
    """Commands by name, imported when called; every refusal one line on standard error."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, sorted, without importing anything."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import the one command that is called."""
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of `--help`, from SUMMARIES alone."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(SUMMARIES.items()))

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line and exit with its code."""
        try:
            result = super().main(
                args,
                prog_name,
                complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            )
        except BaseException as error:
            if os.environ.get("LAGAN_DEBUG") or not standalone_mode:
                raise
            sentence, code = _verdict(error)
        else:
            # Without its standalone mode, click hands back the code that a command left with.
            sentence, code = None, result if isinstance(result, int) else 0
        if sentence:
            click.echo(f"lagan: {' '.join(sentence.split())}", err=True)
        sys.exit(code)


def _verdict(error: BaseException) -> tuple[str | None, int]:
    """The one line to say about an error, and the exit code to leave with."""
    from lagan.kit.errors import LaganError

    match error:
        case LaganError():
            return error.sentence, error.exit
        case click.exceptions.NoArgsIsHelpError():
            error.show()
            return None, error.exit_code
        case click.ClickException():
            return error.format_message(), error.exit_code
        case click.Abort() | KeyboardInterrupt():
            return None, 130
        case BrokenPipeError():
            sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115  # nobody reads on
            return None, 0
        case ModuleNotFoundError() if not (error.name or "").startswith("lagan"):
            return f"This command needs the package {error.name}: install lagan[hub].", 10
        case SystemExit():
            raise error
        case Exception() if type(error).__name__ == "OperationalError":
            return f"The database cannot be used: {error}", 10
        case Exception():
            return f"{type(error).__name__}: {error} (LAGAN_DEBUG=1 shows where)", 1
        case _:
            raise error


@click.group(cls=LaganGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lagan")
def main() -> None:
    """Research data off the instruments, kept and verified for decades, given back bit for bit."""

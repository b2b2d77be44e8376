"""`lagan node`: an archive node, with the archive server's own command line; beneath it the
programs for its volumes."""

from __future__ import annotations

from pathlib import Path

import click

from lagan.cli import node_volumes

_ALIASES = {
    "-cfg", "-autoonline", "-force", "-path", "-v", "-loclogfile", "-locloglevel", "-syslog",
    "-syslogprefix", "-dbcfgid", "-noautoexit", "-datamover", "-cert", "-version", "-license",
}  # fmt: skip


class _AnyCase(click.Group):
    """Options of the archive server have one dash and any case."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Write its options as ours before they are read."""
        return super().parse_args(ctx, [_as_ours(each) for each in args])


def _as_ours(word: str) -> str:
    """`-AutoOnline` as `--autoonline`; anything else as it is."""
    name, mark, value = word.partition("=")
    short = "-" + name.lstrip("-").lower()
    return f"-{short}{mark}{value}" if name.startswith("-") and short in _ALIASES else word


@click.group(cls=_AnyCase, invoke_without_command=True)
@click.option("--cfg", type=click.Path(path_type=Path, dir_okay=False), help="XML configuration.")
@click.option("--autoonline", is_flag=True, help="Go ONLINE at start.")
@click.option("--force", is_flag=True, help="Start although there is a PID file.")
@click.option("--path", default="", help="Further folders of plug-ins, with colons between them.")
@click.option("--v", "verbosity", type=click.IntRange(0, 5), default=3, help="How much is said.")
@click.option("--loclogfile", help="Where the log goes, instead of the configured file.")
@click.option("--locloglevel", type=click.IntRange(0, 5), help="How much goes there.")
@click.option("--syslog", type=click.IntRange(0, 1), help="Whether the log goes to syslog.")
@click.option("--syslogprefix", help="What syslog's lines begin with.")
@click.option("--dbcfgid", help="Take the configuration of this name from the database.")
@click.option("--noautoexit", is_flag=True, help="Stay when going ONLINE fails.")
@click.option("--datamover", is_flag=True, help="Only deliver other nodes' files to subscribers.")
@click.option("--cert", type=click.Path(path_type=Path), help="PEM of a certificate and its key.")
@click.option("--version", is_flag=True, help="Say the version and end.")
@click.option("--license", "licence", is_flag=True, help="Say the licence and end.")
@click.pass_context
def node(
    context: click.Context,
    /,
    cfg: Path | None,
    path: str,
    version: bool,
    licence: bool,
    dbcfgid: str | None,
    **given: object,
) -> None:
    """Run an archive node, or look after its volumes."""
    if context.invoked_subcommand is not None:
        return
    from lagan.hub.doors.node.process.running import Options, run
    from lagan.hub.doors.node.wire.status import VERSION

    if version or licence:
        click.echo(f"Lagan {VERSION}" if version else "Lagan: see the file LICENSE.")
        return
    if cfg is None:
        raise click.UsageError("-cfg is needed: the XML configuration.")
    syslog = given["syslog"]
    run(
        cfg,
        Options(
            autoonline=bool(given["autoonline"]),
            force=bool(given["force"]),
            paths=tuple(Path(each) for each in path.split(":") if each),
            verbosity=int(str(given["verbosity"])),
            log_file=_text(given["loclogfile"]),
            log_level=_number(given["locloglevel"]),
            syslog=None if syslog is None else bool(syslog),
            syslog_prefix=_text(given["syslogprefix"]),
            noautoexit=bool(given["noautoexit"]),
            datamover=bool(given["datamover"]),
            certificate=given["cert"] if isinstance(given["cert"], Path) else None,
            stored_config=dbcfgid,
        ),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _number(value: object) -> int | None:
    return None if value is None else int(str(value))


for _program in (
    node_volumes.volumes,
    node_volumes.confirm,
    node_volumes.prepare_volume,
    node_volumes.rebuild,
):
    node.add_command(_program)

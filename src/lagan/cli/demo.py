"""`lagan demo`: the main job on real instrument files, each step checked."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.option("--exit", "leave", is_flag=True, help="End when done; status 0 if every step held.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("demo-data"),
    show_default=True,
    help="Folder of the demo; what an earlier demo left there is removed.",
)
@click.option("--port", default=8000, show_default=True, help="Port of the pages, if it is free.")
def demo(leave: bool, data: Path, port: int) -> None:
    """Take real instrument files through the whole main job on this machine.

    Starts a hub in a fresh folder, sends files with the agent, kills and damages things on purpose,
    and compares every byte. The hub then runs until Ctrl-C; with --exit it is ended.
    """
    from lagan.hub.ops.demo.play import play

    sys.exit(play(folder=data, port=port, stay=not leave))

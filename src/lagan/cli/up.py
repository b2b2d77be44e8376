"""`lagan up`: a whole hub on this machine, with all its state in one folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lagan.hub.base.config import Config


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder with all state; made when missing. Default: LAGAN_DATA or ~/.local/share/lagan.",
)
@click.option(
    "--config", type=click.Path(dir_okay=False, path_type=Path), help="Env file with settings."
)
@click.option("--port", default=8000, show_default=True, help="Port of the pages; 0: a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--root",
    "roots",
    multiple=True,
    help="A folder that the site `local` shows; repeat it for several. Default: `site` in the data"
    " folder.",
)
@click.option("--quiet", is_flag=True, help="Say nothing but what fails.")
@click.option("--json", "as_json", is_flag=True, help="Say one JSON object when the pages answer.")
def up(
    data: Path | None,
    config: Path | None,
    port: int,
    host: str,
    roots: tuple[str, ...],
    quiet: bool,
    as_json: bool,
) -> None:
    """Run a whole hub on this machine, its state in one folder.

    Web pages, API, scheduler and workers, supervised, until Ctrl-C. The first start prints a link
    that sets the administrator's password.
    """
    from lagan.hub.ops.data_folder import held
    from lagan.hub.ops.local_site import local_roots, worker_file
    from lagan.hub.ops.settings import use_settings
    from lagan.hub.ops.sockets import require_free
    from lagan.hub.ops.stack import address, run_stack

    settings = use_settings(config, data=data)
    port = port or require_free(host, port)
    with held(settings.data, address(host, port)):
        require_free(host, port)
        shown = local_roots(settings.data, roots)
        link = prepare(settings)
        where = address(host, port)

        def ready() -> None:
            _announce(where, settings.data, link, quiet=quiet, as_json=as_json)

        run_stack(
            data=settings.data,
            host=host,
            port=port,
            workers=settings.workers,
            site=worker_file(settings.data),
            roots=shown,
            say=lambda sentence: None if quiet else click.echo(sentence, err=True),
            ready=ready,
        )


def prepare(settings: Config) -> str | None:
    """Make the folder a hub, and settle what was killed when it last ran; the path of the page that
    sets the administrator's password, or None."""
    from lagan.hub.ops.settings import set_up_django

    set_up_django(data=settings.data)
    from django.db import connections

    from lagan.hub.ops import first_start

    first_start.prepare_hub()
    first_start.prepare_volumes(settings.data)
    first_start.settle()
    link = first_start.first_administrator()
    connections.close_all()
    return link


def _announce(where: str, data: Path, link: str | None, *, quiet: bool, as_json: bool) -> None:
    password = where.rstrip("/") + link if link else None
    if as_json:
        facts = {"address": where, "data": str(data), "set_password": password}
        click.echo(json.dumps(facts))
    elif not quiet:
        click.echo(f"Lagan is at {where} (data in {data}; Ctrl-C ends it)")
        if password:
            click.echo(f"Set the password of the administrator, admin: {password}")

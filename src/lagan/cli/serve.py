"""`lagan serve`: the hub's web pages, API and data path, for systemd units and containers."""

from __future__ import annotations

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes; default: WORKERS.")
@click.option("--config", type=click.Path(dir_okay=False), help="Env file with the settings.")
def serve(host: str, port: int, workers: int | None, config: str | None) -> None:
    """Run the hub's web pages, API and data path."""
    from lagan.hub.ops.settings import use_settings
    from lagan.hub.ops.sockets import require_free
    from lagan.hub.ops.web_server import serve as serve_hub

    settings = use_settings(config)
    require_free(host, port)
    serve_hub(host=host, port=port, workers=workers or settings.workers)

"""`lagan transparent-recall`: one file that somebody opened, brought back at once.

Source: seeds/workflow-hub.txt, transparent_recall: recalls of one site and hour are one job, and
the configuration of `recall` holds but for its `recursive`.
"""

from __future__ import annotations

from pathlib import Path

import click

from lagan.cli.reaching import BASE_URL, CONFIG, reach


@click.command("transparent-recall")
@click.argument("file")
@CONFIG
@BASE_URL
def transparent_recall(file: str, config: Path | None, base_url: str | None) -> None:
    """Bring the content of one migrated FILE back.

    For a filesystem's policy: exit code 0 says that the file can be read. All recalls of a site
    and hour are shown as one job.
    """
    from lagan.client.one_path import await_path
    from lagan.client.workflows import absolute

    reached = reach(base_url, None, config)
    (path,) = absolute([file])
    hub, settings = reached.hub, reached.settings
    job = hub.workflows.run("recall", reached.site(None), [path], grouped=True)
    if settings.wait:
        await_path(hub.jobs, job, path, timeout=settings.timeout)

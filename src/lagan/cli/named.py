"""How commands are told of entities: by their ids, or by the paths that people know them by."""

from __future__ import annotations

from contextlib import closing

import click


def id_of(ctx: click.Context, _: click.Parameter, given: str | None) -> str | None:
    """A callback for options and arguments: an id stays as it is, a path or a user's name is asked
    of the hub, whose address, key and configuration are in `ctx.obj`."""
    if given is None or given.isdigit():
        return given
    from lagan.client.config import open_hub

    with closing(open_hub(*ctx.obj)) as hub:
        return str(hub.entities.id_of(given))


def ids_of(ctx: click.Context, option: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """As `id_of`, for an argument that may be repeated."""
    return tuple(each if each.isdigit() else id_of(ctx, option, each) or "" for each in given)


def dataset_id(ctx: click.Context, option: click.Parameter, given: str) -> str | None:
    """As `id_of`; only users are known by a bare name, so anything but a path is a dataset's id."""
    return id_of(ctx, option, given) if given.startswith("/") else given


DATASET = click.argument("dataset", callback=dataset_id)
"""A dataset by its id or by its path, as `/NTNU/NV/Nortem/run 12`."""

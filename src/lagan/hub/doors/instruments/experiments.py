"""Experiments, who they are shared with, and their datasets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lagan.hub.base.actors import Actor
from lagan.hub.base.raw import Exchange, in_thread
from lagan.hub.doors.instruments import shapes
from lagan.hub.doors.instruments.asking import (
    asker,
    flag_of,
    id_in,
    nobody,
    number_of,
    read_json,
    sender,
    text_of,
    translated,
    uri,
)
from lagan.hub.doors.instruments.lists import filters, number, reply_list
from lagan.hub.instruments import queries, services
from lagan.hub.instruments.queries import DescribedRow, ExperimentRow, Sought
from lagan.kit.errors import BadInput, NotFound

_EXPERIMENT = ("id", "description", "created_by", "created_time", "parameter_sets", "public_access")
_DATASET = ("id", "directory", "immutable", "experiments", "description", "instrument")
_SUBJECTS = {"django_user": "USER", "django_group": "GROUP"}
EXPERIMENT = ("experiment", "mydata_experiment")
"""Both are taken alike: programs up to 0.7.1 know the second only."""


@translated
async def experiments(exchange: Exchange) -> None:
    """GET: the experiment of a title and of somebody's folder; without a folder all of a title."""
    allowed = ("title", "folder_structure", "user_folder_name", "group_folder_name", "uploader")
    given = filters(exchange, (*allowed, "id"), _EXPERIMENT)

    def read() -> list[dict[str, Any]]:
        by, only = asker(exchange), number(given, "id")
        if nobody(by):
            return []
        sought = Sought(
            title=given.get("title"),
            structure=given.get("folder_structure", ""),
            user_folder=given.get("user_folder_name"),
            group_folder=given.get("group_folder_name"),
            uploader=given.get("uploader"),
            ids=() if only is None else (only,),
        )
        found = queries.experiments(by, sought)
        return [_shown(by, each, alone=len(found) == 1) for each in found]

    await reply_list(exchange, await in_thread(read))


@translated
async def one_experiment(exchange: Exchange, id: int) -> None:
    """GET: one experiment."""

    def read() -> dict[str, Any]:
        by = asker(exchange)
        return _shown(by, queries.experiment(by, id), alone=True)

    await exchange.reply_json(200, await in_thread(read))


def _shown(by: Actor, row: ExperimentRow, *, alone: bool) -> dict[str, Any]:
    held = queries.described(by, experiment=row.id) if alone else None
    return shapes.experiment(row, held)


@translated
async def make_experiment(exchange: Exchange) -> None:
    """POST: a new experiment with the parameters by which it is found again."""
    by, given = await in_thread(sender, exchange), await read_json(exchange)
    told = _parameters(given.get("parameter_sets"))
    made = await in_thread(
        services.make_experiment,
        by=by,
        title=text_of(given, "title"),
        description=text_of(given, "description"),
        uploader=told.get("uploader") or "",
        user_folder=told.get("user_folder_name"),
        group_folder=told.get("group_folder_name"),
    )
    headers = [("Location", uri("mydata_experiment", made.id))]
    await exchange.reply_json(201, shapes.experiment(made, ()), headers)


def _parameters(sets: object) -> dict[str, str | None]:
    """The values of all parameter sets by name; BadInput for what are none."""
    found: dict[str, str | None] = {}
    for each in _objects(sets or [], "parameter_sets"):
        for parameter in _objects(each.get("parameters") or [], "parameters"):
            name = text_of(parameter, "name")
            found[name] = None if parameter.get("value") is None else text_of(parameter, "value")
    return found


def _objects(value: object, name: str) -> Sequence[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise BadInput(f"{name} is a list of objects.", field=name)
    return value


@translated
async def share(exchange: Exchange) -> None:
    """POST objectacl: rights of a user or group on an experiment."""
    by, given = await in_thread(sender, exchange), await read_json(exchange)
    kind = _SUBJECTS.get(text_of(given, "pluginId"))
    if kind is None:
        raise BadInput("pluginId is django_user or django_group.", field="pluginId")
    if "object_id" in given:
        experiment = number_of(given, "object_id")
    else:
        experiment = id_in(given.get("content_object"), "content_object", *EXPERIMENT)
    subject = number_of(given, "entityId")
    await in_thread(
        services.share_experiment, by=by, experiment=experiment, subject=subject, type=kind,
        owner=flag_of(given, "isOwner"), read=flag_of(given, "canRead"),
        write=flag_of(given, "canWrite"), delete=flag_of(given, "canDelete"),
    )  # fmt: skip
    headers = [("Location", uri("objectacl", experiment * 10**10 + subject))]
    await exchange.reply(201, headers, kind="text/html; charset=utf-8")


@translated
async def datasets(exchange: Exchange) -> None:
    """GET: datasets of an experiment, by description and instrument."""
    allowed = (
        *("experiments__id", "experiments", "description", "instrument__id", "instrument"),
        "id",
    )
    given = filters(exchange, allowed, _DATASET)

    def read() -> list[dict[str, Any]]:
        by = asker(exchange)
        experiment = number(
            given, "experiments__id" if "experiments__id" in given else "experiments"
        )
        only = number(given, "id")
        instrument = number(given, "instrument__id" if "instrument__id" in given else "instrument")
        if nobody(by) or (experiment is None and only is None):
            return []
        if experiment is None:
            assert only is not None  # noqa: S101
            found = [queries.dataset(by, only)]
        else:
            found = queries.described(
                by, experiment=experiment, description=given.get("description"),
                instrument=instrument,
            )  # fmt: skip
        return _told(by, [each for each in found if only in (None, each.row.id)])

    try:
        told = await in_thread(read)
    except NotFound:
        told = []
    await reply_list(exchange, told)


@translated
async def one_dataset(exchange: Exchange, id: int) -> None:
    """GET: one dataset."""

    def read() -> dict[str, Any]:
        by = asker(exchange)
        return _told(by, [queries.dataset(by, id)])[0]

    await exchange.reply_json(200, await in_thread(read))


@translated
async def stats(exchange: Exchange, id: int) -> None:
    """GET: how many files of a dataset are there, and how many of those are verified: all."""

    def read() -> dict[str, Any]:
        row = queries.dataset(asker(exchange), id).row
        awaited = queries.awaited(id)
        return {
            "success": True,
            "files": {"total": row.file_count + awaited, "verified": row.file_count},
            "verified": not awaited,
            "size": row.bytes,
            "location": "archive",
            "last_verified": None,
        }

    await exchange.reply_json(200, await in_thread(read))


def _told(by: Actor, rows: Sequence[DescribedRow]) -> list[dict[str, Any]]:
    """With their instruments, read at once."""
    ids = {each.row.computer_id for each in rows if each.row.computer_id}
    known = {each.id: each for each in queries.instruments(by, ids=sorted(ids))} if ids else {}
    return [shapes.dataset(each, known) for each in rows]


@translated
async def make_dataset(exchange: Exchange) -> None:
    """POST: a dataset in an experiment."""
    by, given = await in_thread(sender, exchange), await read_json(exchange)
    named = given.get("experiments")
    if not isinstance(named, list) or len(named) != 1:
        raise BadInput("experiments has the address of one experiment.", field="experiments")
    instrument = given.get("instrument")
    computer = None if instrument is None else id_in(instrument, "instrument", "instrument")

    def make() -> dict[str, Any]:
        row = services.make_dataset(
            by=by, experiment=id_in(named[0], "experiments", *EXPERIMENT),
            description=text_of(given, "description"), instrument=computer,
            immutable=flag_of(given, "immutable"),
        )  # fmt: skip
        return _told(by, [row])[0]

    made = await in_thread(make)
    await exchange.reply_json(201, made, [("Location", made["resource_uri"])])

"""Root, users, groups, facilities and instruments."""

from __future__ import annotations

from typing import Any

from lagan.hub.accounts import queries as accounts
from lagan.hub.accounts.queries import User
from lagan.hub.base.actors import Actor
from lagan.hub.base.raw import Exchange, in_thread
from lagan.hub.doors.instruments import shapes
from lagan.hub.doors.instruments.asking import (
    BASE,
    asker,
    id_in,
    nobody,
    read_json,
    sender,
    text_of,
    translated,
    uri,
)
from lagan.hub.doors.instruments.lists import MOST, filters, number, reply_list
from lagan.hub.instruments import queries, services
from lagan.hub.tree import queries as tree
from lagan.kit.errors import BadInput, NotFound

RESOURCES = (
    *("dataset", "dataset_file", "experiment", "facility", "group", "instrument"),
    *("mydata_dataset_file", "mydata_experiment", "mydata_replica", "mydata_upload"),
    *("mydata_uploader", "mydata_uploaderregistrationrequest", "mydata_user", "objectacl"),
    *("replica", "user"),
)
_USER = ("username", "first_name", "last_name", "email", "groups", "id")
_GROUP = ("id", "name")
_INSTRUMENT = ("id", "name", "facility", "created_time", "modified_time")


@translated
async def root(exchange: Exchange) -> None:
    """GET: what there is; for anybody, at once, from no table."""
    told = {
        name: {"list_endpoint": f"{BASE}{name}/", "schema": f"{BASE}{name}/schema/"}
        for name in RESOURCES
    }
    await exchange.reply_json(200, told)


@translated
async def users(exchange: Exchange) -> None:
    """GET: the user of that name or address. Who manages a facility may look up anybody, others
    themselves."""
    given = filters(exchange, ("username", "email", "email__iexact"), _USER)
    await reply_list(exchange, await in_thread(_users, exchange, given))


def _users(exchange: Exchange, given: dict[str, str]) -> list[dict[str, Any]]:
    by = asker(exchange)
    if nobody(by):
        return []
    address = given.get("email__iexact", given.get("email"))
    if "username" in given:
        found = accounts.find_user(username=given["username"])
    elif address is not None:
        found = accounts.find_user(email=address)
    else:
        found = accounts.user_of(by)
    if found is None or not found.is_active or not _may_look_up(by, found):
        return []
    if "username" in given and address is not None and found.email.lower() != address.lower():
        return []
    return [shapes.user(found, _groups_of(by, found))]


def _may_look_up(by: Actor, user: User) -> bool:
    return user.entity_id == by.entity or queries.manages_any(by)


def _groups_of(by: Actor, user: User) -> list[tuple[int, str]]:
    """The groups that the user was made a member of and that the asker sees."""
    seen = tree.visible(by, "GROUP")
    return [(each.id, each.name) for each in tree.groups_of(user.entity_id) if each.path in seen]


@translated
async def one_user(exchange: Exchange, id: int) -> None:
    """GET: a user by number."""

    def read() -> dict[str, Any]:
        by = asker(exchange)
        found = accounts.user_of_entity(id)
        if nobody(by) or found is None or not found.is_active or not _may_look_up(by, found):
            raise NotFound(f"There is no user {id}.", user=id)
        return shapes.user(found, _groups_of(by, found))

    await exchange.reply_json(200, await in_thread(read))


@translated
async def migrated(exchange: Exchange) -> None:
    """GET: the login of somebody whose folder is called a little differently."""

    def read() -> dict[str, Any]:
        by, name = asker(exchange), exchange.parameters().get("username", "")
        found = None if nobody(by) else accounts.find_user_in_any_case(name)
        if found is None or not found.is_active or not _may_look_up(by, found):
            return {"success": False}
        return {"success": True, "id": found.entity_id, "username": found.username}

    await exchange.reply_json(200, await in_thread(read))


@translated
async def groups(exchange: Exchange) -> None:
    """GET: groups of exactly that name, for who manages a facility; experiments are none."""
    given = filters(exchange, ("name",), _GROUP)

    def read() -> list[dict[str, Any]]:
        by = asker(exchange)
        if nobody(by) or "name" not in given or not queries.manages_any(by):
            return []
        found = tree.named_exactly(given["name"], ("GROUP",))
        made = queries.are_experiments([each.id for each in found])
        return [shapes.group(each.id, each.name) for each in found if each.id not in made]

    await reply_list(exchange, await in_thread(read))


@translated
async def facilities(exchange: Exchange) -> None:
    """GET: those that the asker manages, all of them at once: programs read one page."""
    given = filters(exchange, ("name", "id"), ("id", "name", "manager_group"))

    def read() -> list[dict[str, Any]]:
        by, only = asker(exchange), number(given, "id")
        found = queries.facilities(by)
        return [
            shapes.facility(each)
            for each in found
            if given.get("name") in (None, each.name) and only in (None, each.id)
        ]

    await reply_list(exchange, await in_thread(read), limit=MOST)


@translated
async def one_facility(exchange: Exchange, id: int) -> None:
    """GET: one of them."""
    found = await in_thread(lambda: queries.facility(asker(exchange), id))
    await exchange.reply_json(200, shapes.facility(found))


@translated
async def instruments(exchange: Exchange) -> None:
    """GET: instruments of facilities that the asker manages, by facility and name."""
    given = filters(exchange, ("facility__id", "facility", "name"), _INSTRUMENT)

    def read() -> list[dict[str, Any]]:
        where = number(given, "facility__id" if "facility__id" in given else "facility")
        found = queries.instruments(asker(exchange), facility=where, name=given.get("name"))
        return [shapes.instrument(each) for each in found]

    await reply_list(exchange, await in_thread(read))


@translated
async def one_instrument(exchange: Exchange, id: int) -> None:
    """GET: one of them."""
    found = await in_thread(lambda: queries.instrument(asker(exchange), id))
    await exchange.reply_json(200, shapes.instrument(found))


@translated
async def make_instrument(exchange: Exchange) -> None:
    """POST: an instrument in a facility; one that is there is given back."""
    by, given = await in_thread(sender, exchange), await read_json(exchange)
    where, name = id_in(given.get("facility"), "facility", "facility"), text_of(given, "name")
    made = await in_thread(services.make_instrument, by=by, facility=where, name=name)
    headers = [("Location", uri("instrument", made.id))]
    await exchange.reply_json(201, shapes.instrument(made), headers)


@translated
async def rename_instrument(exchange: Exchange, id: int) -> None:
    """PUT, PATCH: another name."""
    by, given = await in_thread(sender, exchange), await read_json(exchange)
    if "name" not in given:
        raise BadInput("name is what can be changed.", field="name")
    renamed = await in_thread(
        services.rename_instrument, by=by, instrument=id, name=text_of(given, "name")
    )
    status = 202 if exchange.method == "PATCH" else 200
    await exchange.reply_json(status, shapes.instrument(renamed))

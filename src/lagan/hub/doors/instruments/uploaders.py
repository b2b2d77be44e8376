"""Records of uploaders, their settings, and their wishes to stage files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings

from lagan.hub.base.raw import Exchange, in_thread
from lagan.hub.doors.instruments.asking import (
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
from lagan.hub.doors.instruments.shapes import moment
from lagan.hub.instruments import queries, services
from lagan.hub.instruments.queries import Registration, Uploader
from lagan.hub.instruments.services import Wish
from lagan.kit.errors import BadInput, Forbidden

FURTHEST_AHEAD = timedelta(hours=14)
"""Programs compare the time without its zone with that of a file of their own: what was changed at
the hub must be the later one in every zone."""
_OURS = frozenset({"uuid", "name", "instruments", "settings", "id", "resource_uri"})
_REQUEST = ("id", "approved", "requester_name", "requester_email", "approval_time")


@translated
async def uploaders(exchange: Exchange) -> None:
    """GET: the uploader of that identifier, with its settings and nothing of its machine."""
    given = filters(exchange, ("uuid", "id"), ("id", "name", "settings"))

    def read() -> list[dict[str, Any]]:
        by, only = asker(exchange), number(given, "id")
        rows = queries.uploaders(by)
        if "uuid" in given:
            rows = rows.filter(uuid=given["uuid"].replace("\x00", ""))
        if only is not None:
            rows = rows.filter(pk=only)
        found = [] if nobody(by) else list(rows.prefetch_related("settings")[:MOST])
        if len(found) == 1 and "uuid" in given:
            services.heard(found[0], fetched=found[0].settings_changed_at is not None)
        return [_shown(each) for each in found]

    await reply_list(exchange, await in_thread(read))


@translated
async def one_uploader(exchange: Exchange, id: int) -> None:
    """GET: one of them."""
    found = await in_thread(lambda: _shown(queries.uploader(asker(exchange), id)))
    await exchange.reply_json(200, found)


def _shown(row: Uploader) -> dict[str, Any]:
    """`settings_updated` is told only while the hub had the last word: programs then take over."""
    told = sorted(row.settings.all(), key=lambda each: each.key)
    changed = row.settings_changed_at
    return {
        "id": row.pk,
        "name": row.name,
        "resource_uri": uri("mydata_uploader", row.pk),
        "settings": [
            {
                "id": each.pk,
                "key": each.key,
                "value": each.value,
                "uploader": uri("mydata_uploader", row.pk),
                "resource_uri": uri("mydata_uploadersetting", each.pk),
            }
            for each in told
        ],
        "settings_updated": moment(changed + FURTHEST_AHEAD) if changed else None,
        "settings_downloaded": moment(row.settings_fetched_at),
    }


@translated
async def make_uploader(exchange: Exchange) -> None:
    """POST: what an uploader says of itself; once more for one that is known."""
    by, given = await in_thread(sender, exchange), await read_json(exchange)
    shown = await in_thread(lambda: _shown(_noted(exchange, by, given)))
    await exchange.reply_json(201, shown, [("Location", shown["resource_uri"])])


@translated
async def change_uploader(exchange: Exchange, id: int) -> None:
    """PUT: the same again; the identifier must be the record's."""
    by, given = await in_thread(sender, exchange), await read_json(exchange)

    def change() -> dict[str, Any]:
        _require_same(queries.uploader(by, id), given)
        return _shown(_noted(exchange, by, given))

    await exchange.reply_json(200, await in_thread(change))


def _noted(exchange: Exchange, by: Any, given: Mapping[str, Any]) -> Uploader:
    named = given.get("instruments") or []
    if not isinstance(named, list):
        raise BadInput("instruments is a list of addresses.", field="instruments")
    return services.note_uploader(
        by=by, uuid=text_of(given, "uuid"), name=text_of(given, "name"),
        facts={key: value for key, value in given.items() if key not in _OURS},
        instrument_id=id_in(named[0], "instruments", "instrument") if named else None,
        address=exchange.client,
    )  # fmt: skip


def _require_same(row: Uploader, given: Mapping[str, Any]) -> None:
    if text_of(given, "uuid") != row.uuid:
        raise Forbidden("This is the record of another uploader.")


@translated
async def save_settings(exchange: Exchange, id: int) -> None:
    """PATCH: settings that somebody saved at the instrument."""
    by, given = await in_thread(sender, exchange), await read_json(exchange)
    pairs = given.get("settings")
    if not isinstance(pairs, list) or not all(isinstance(each, dict) for each in pairs):
        raise BadInput("settings is a list of key and value.", field="settings")
    read = [(text_of(each, "key"), text_of(each, "value", most=70_000)) for each in pairs]

    def save() -> dict[str, Any]:
        _require_same(queries.uploader(by, id), given)
        return _shown(services.note_settings(by=by, uploader_id=id, pairs=read))

    await exchange.reply_json(202, await in_thread(save))


@translated
async def requests(exchange: Exchange) -> None:
    """GET: the wish of an uploader's key, and whether it was granted."""
    given = filters(exchange, ("uploader__uuid", "requester_key_fingerprint"), _REQUEST)

    def read() -> list[dict[str, Any]]:
        by = asker(exchange)
        if nobody(by):
            return []
        rows = queries.registrations(
            by, uuid=given.get("uploader__uuid"),
            fingerprint=given.get("requester_key_fingerprint"),
        )  # fmt: skip
        return [_request(each) for each in rows[:MOST]]

    await reply_list(exchange, await in_thread(read))


@translated
async def ask(exchange: Exchange) -> None:
    """POST: an uploader asks to stage with its key."""
    by, given = await in_thread(sender, exchange), await read_json(exchange)
    wish = Wish(
        fingerprint=text_of(given, "requester_key_fingerprint"),
        public_key=text_of(given, "requester_public_key"),
        name=text_of(given, "name"),
        requester_name=text_of(given, "requester_name"),
        requester_email=text_of(given, "requester_email"),
    )
    whose = id_in(given.get("uploader"), "uploader", "mydata_uploader")
    made = await in_thread(services.ask_for_approval, by=by, uploader_id=whose, wish=wish)
    shown = _request(made)
    await exchange.reply_json(201, shown, [("Location", shown["resource_uri"])])


def _request(row: Registration) -> dict[str, Any]:
    approved = row.state == "approved"
    return {
        "id": row.pk,
        "approved": approved,
        "uploader": uri("mydata_uploader", row.uploader_id),
        "name": row.name,
        "requester_name": row.requester_name,
        "requester_email": row.requester_email,
        "requester_public_key": row.public_key,
        "requester_key_fingerprint": row.fingerprint,
        "request_time": moment(row.asked_at),
        "approver_comments": row.comment or None,
        "approval_expiry": None,
        "approval_time": moment(row.decided_at) if approved else None,
        "approved_storage_box": _box(row.uploader_id) if approved else None,
        "resource_uri": uri("mydata_uploaderregistrationrequest", row.pk),
    }


def _box(uploader: int) -> dict[str, Any]:
    """Where the uploader stages, and how it gets there; a box of its own."""
    way = settings.CONFIG.staging
    told = {
        "scp_username": way.user, "scp_hostname": way.host, "scp_port": str(way.port),
        "type": "receiving",
    }  # fmt: skip
    box = uri("storagebox", uploader)
    return {
        "id": uploader,
        "name": f"staging-{uploader}",
        "description": "Staging folder of one uploader",
        "django_storage_class": "",
        "max_size": None,
        "status": "online",
        "resource_uri": box,
        "options": [
            {
                "id": uploader,
                "key": "location",
                "value": str(queries.folder_of(uploader)),
                "value_type": "string",
                "storage_box": box,
                "resource_uri": uri("storageboxoption", uploader),
            }
        ],
        "attributes": [
            {
                "id": uploader * 10 + place,
                "key": key,
                "value": value,
                "storage_box": box,
                "resource_uri": uri("storageboxattribute", uploader * 10 + place),
            }
            for place, (key, value) in enumerate(told.items(), 1)
        ],
    }

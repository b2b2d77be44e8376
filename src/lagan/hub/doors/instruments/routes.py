"""Which address of this door goes to which handler."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from lagan.hub.base.raw import Exchange, Handler
from lagan.hub.doors.instruments import experiments, files, people, staging, uploaders

Handlers = Mapping[str, Callable[..., Awaitable[None]]]
_EXPERIMENT = r"(?:mydata_)?experiment"
_FILE = r"(?:mydata_)?dataset_file"
_ID = r"(?P<id>\d{1,18})"
_RENAME = {"PUT": people.rename_instrument, "PATCH": people.rename_instrument}

_ROUTES: tuple[tuple[str, Handlers], ...] = (
    (r"", {"GET": people.root}),
    (r"user", {"GET": people.users}),
    (rf"user/{_ID}", {"GET": people.one_user}),
    (r"mydata_user", {"GET": people.migrated}),
    (r"group", {"GET": people.groups}),
    (r"facility", {"GET": people.facilities}),
    (rf"facility/{_ID}", {"GET": people.one_facility}),
    (r"instrument", {"GET": people.instruments, "POST": people.make_instrument}),
    (rf"instrument/{_ID}", {"GET": people.one_instrument, **_RENAME}),
    (_EXPERIMENT, {"GET": experiments.experiments, "POST": experiments.make_experiment}),
    (rf"{_EXPERIMENT}/{_ID}", {"GET": experiments.one_experiment}),
    (r"objectacl", {"POST": experiments.share}),
    (r"dataset", {"GET": experiments.datasets, "POST": experiments.make_dataset}),
    (rf"dataset/{_ID}", {"GET": experiments.one_dataset}),
    (_FILE, {"GET": files.files, "POST": files.send}),
    (rf"{_FILE}/{_ID}", {"GET": files.one_file}),
    (rf"{_FILE}/{_ID}/verify", {"GET": staging.verify}),
    (rf"mydata_dataset_stats/{_ID}", {"GET": experiments.stats}),
    (rf"(?:mydata_)?replica/{_ID}", {"GET": files.replica}),
    (rf"mydata_upload/{_ID}", {"GET": staging.standing}),
    (rf"mydata_upload/{_ID}/upload", {"POST": staging.chunk}),
    (rf"mydata_upload/{_ID}/complete", {"GET": staging.complete}),
    (r"mydata_uploader", {"GET": uploaders.uploaders, "POST": uploaders.make_uploader}),
    (
        rf"mydata_uploader/{_ID}",
        {
            "GET": uploaders.one_uploader,
            "PUT": uploaders.change_uploader,
            "PATCH": uploaders.save_settings,
        },
    ),
    (
        r"mydata_uploaderregistrationrequest",
        {"GET": uploaders.requests, "POST": uploaders.ask},
    ),
)
_OWN = [(re.compile(f"/api/v1/{pattern}/?"), handlers) for pattern, handlers in _ROUTES]


def route(method: str, path: str) -> Handler | None:
    """The handler of a request to this door; None when it is not ours."""
    for pattern, handlers in _OWN:
        if found := pattern.fullmatch(path):
            if method not in handlers:
                return partial(_no_such_method, allowed=", ".join(handlers))
            given = {name: int(text) for name, text in found.groupdict().items()}
            return partial(handlers[method], **given)
    return None


async def _no_such_method(exchange: Exchange, allowed: str) -> None:
    headers = [("Allow", allowed), ("Connection", "close")]
    await exchange.reply(405, headers, kind="text/html; charset=utf-8")

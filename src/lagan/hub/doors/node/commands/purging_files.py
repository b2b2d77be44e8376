"""PURGE and RRI_PURGE: old versions go, in a thread of their own. CACHEDEL and ADDTOCACHE: what
cache mode knows of files.

Source: reference/ngas-http.md sections 4.5, 8 and 17.5. Better than there: without `execute=1`
PURGE only says how many copies would go.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

from lagan.hub.doors.node.cluster import elsewhere, relaying
from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.commands.removing_files import acting
from lagan.hub.doors.node.files import catalogue, keyset, purging
from lagan.hub.doors.node.files.finding import find
from lagan.hub.doors.node.models import Cached, StoredFile
from lagan.hub.doors.node.process.errands import Errand
from lagan.hub.doors.node.wire.messages import CMD_SYNTAX, UNAVAIL_FILE
from lagan.hub.doors.node.wire.naming import named
from lagan.hub.doors.node.wire.reply import Call, Done, Failed
from lagan.hub.doors.node.wire.server import Answer

TEXT = [("Content-Type", "text/plain")]
Keys = Callable[[], Iterator[purging.Key]]


def _purge(call: Call) -> Answer:
    request = call.request
    keys = partial(
        purging.old_versions,
        _disks(call),
        keep_earliest=request.has("keep_earliest"),
        anywhere=request.has("pv_on_any_hosts"),
    )
    return _sweep(call, "PURGE_THREAD", "purge", keys)


def _rri_purge(call: Call) -> Answer:
    return _sweep(call, "RRI_PURGE_THREAD", "rri_purge", partial(purging.not_kept, _disks(call)))


def _disks(call: Call) -> list[str]:
    return [each.id for each in call.node.disks]


def _sweep(call: Call, kind: str, verb: str, keys: Keys) -> Answer:
    """Begin, or say how far the one is that was begun before."""
    errands = call.node.errands
    known = errands.running(kind)
    if known is not None:
        done = f"has successfully {verb}d {known.done} out of {known.total} files"
        return _text(f"Thread {known.name} {done}.")
    if not call.request.switch("execute"):
        count = sum(1 for _ in keys())
        return _text(f"{count} files would be removed; execute=1 removes them.")
    by = acting(call)
    begun = errands.begin(
        kind,
        lambda errand: purging.purge(call.node, errand, keys(), by=by, why=call.request.command),
        alone=True,
    )
    return _text(f"Thread {begun.name} is successfully launched to {verb} files.")


def _text(said: str) -> Answer:
    return Answer(200, TEXT, f"{said}\n".encode())


def _cachedel(call: Call) -> Done | Answer:
    """Have the cache let a file go when it looks next."""
    request = call.request
    disk_id, file_id, version = request.get("disk_id"), request.get("file_id"), request.version
    if not (disk_id and file_id and version):
        raise Failed(CMD_SYNTAX.say("CACHEDEL", "disk_id, file_id and file_version are needed"))
    rows = catalogue.copies(file_id, version=version, disk_id=disk_id)
    if rows and call.node.disks.get(disk_id) is None and relaying.RELAYED not in request.headers:
        for each in find(call.node, file_id, version, disk_id):
            if each.host is not None:
                return elsewhere.send(call, each.host)
    if not rows or call.node.disks.get(disk_id) is None:
        raise Failed(UNAVAIL_FILE.say(named(file_id, version, disk_id)))
    _require_cache(call)
    with catalogue.turn():
        known = Cached.objects.filter(file_id=file_id, file_version=version, disk_id=disk_id)
        if not known.update(cache_delete=1):
            Cached.objects.bulk_create([_cached((file_id, version, disk_id), delete=1)])
    return Done()


def _add_to_cache(call: Call) -> Answer:
    """Make files that were there before this node was a cache known to it."""
    if not call.node.config.caching.enabled:
        return _text(f"{call.node.host_id} is not a Cache Server!")
    call.node.errands.begin("ADDTOCACHE", partial(add_all, _disks(call)), alone=True)
    return _text("Adding files to the Cache db now")


def add_all(disks: list[str], errand: Errand) -> None:
    """Give every copy on these disks that the cache does not know a row in it."""
    keys = purging.keys_of(StoredFile.objects.all(), disks)
    while (some := list(islice(keys, keyset.CHUNK))) and not errand.stop.is_set():
        rows = [_cached(each) for each in some]
        with catalogue.turn():
            made = Cached.objects.bulk_create(rows, ignore_conflicts=True)
        errand.done += len(made)


def _cached(key: purging.Key, *, delete: int = 0) -> Cached:
    file_id, version, disk_id = key
    return Cached(
        disk_id=disk_id,
        file_id=file_id,
        file_version=version,
        cache_time=time.time(),
        cache_delete=delete,
    )


def _require_cache(call: Call) -> None:
    if not call.node.config.caching.enabled:
        raise Failed(CMD_SYNTAX.say(call.request.command, "this node is not in cache mode"))


COMMANDS = {
    "ADDTOCACHE": Command(_add_to_cache),
    "CACHEDEL": Command(_cachedel, allows="remove"),
    "PURGE": Command(_purge, allows="remove"),
    "RRI_PURGE": Command(_rri_purge, allows="remove"),
}

"""Walking a place folder by folder, however deep and wide it is."""

from __future__ import annotations

from collections.abc import Iterator

from lagan.kit.errors import LaganError
from lagan.transfer.errors import NotReadable
from lagan.transfer.place import Found, Place


def walk(place: Place, path: str) -> Iterator[Found | tuple[str, LaganError]]:
    """See `Place.walk`: names in order within a folder, so that two walks of the same files agree.
    Unreachable ends it."""
    start = place.stat(path)
    if start.kind != "folder":
        yield Found(start.name, start)
        return
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            items = sorted(place.items(_join(path, folder)), key=lambda each: each.name)
        except LaganError as error:
            if not error.permanent or not folder:
                raise
            yield folder, error
            continue
        deeper = []
        for item in items:
            if item.kind == "folder":
                deeper.append(_join(folder, item.name))
            else:
                yield Found(_join(folder, item.name), item)
        waiting += reversed(deeper)


def require_file(found: Found) -> None:
    """NotReadable for what holds no data of its own: links, devices, pipes."""
    if found.item.kind != "file":
        what = "a link, and links are not followed" if found.item.kind == "link" else "no file"
        raise NotReadable(f"It is {what}.")


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder and name else folder or name

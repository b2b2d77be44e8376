"""Datasets and packages of a hub become objects of an OCFL storage root: what is there already is
not fetched again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lagan.client import preserved
from lagan.client.ahead import Remote, fetching
from lagan.client.preserved import Origin
from lagan.kit.times import show_time
from lagan.ocfl import About, Content, Writer

if TYPE_CHECKING:
    from lagan.client import Hub

Told = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Exported:
    """A version of an object: `new` when this export made it."""

    id: str
    version: int
    new: bool
    files: int
    brought: int
    place: str


class Export:
    """Takes things of one hub into one storage root."""

    def __init__(self, hub: Hub, writer: Writer, told: Told = lambda count: None) -> None:
        self._hub, self._writer, self._told = hub, writer, told
        self._origin: Origin = preserved.origin(hub)
        self._done: set[str] = set()

    def datasets(self, thing: str) -> Iterator[str]:
        """What is taken for a dataset, a package, or a group with all that is in it."""
        return preserved.datasets_below(self._hub, thing)

    def one(self, dataset: str) -> Iterator[Exported]:
        """A dataset, or the package that it is a version of with all other versions; each object
        once."""
        if versions := preserved.package_versions(self._hub, int(dataset)):
            id = self._origin.urn("package", versions[0]["id"])
            if id not in self._done:
                self._done.add(id)
                yield from self._package(id, versions)
            return
        yield self._dataset(self._origin.urn("dataset", dataset), dataset)

    def _dataset(self, id: str, dataset: str) -> Exported:
        files = preserved.files_of(self._hub, dataset)
        documents = preserved.dataset_documents(self._hub, dataset, files)
        record = preserved.events(self._hub, dataset)
        lacking = self._writer.lacks(id, {each.sha256 for each in files if each.sha256})
        wanted = [each for each in files if each.sha256 is None or each.sha256 in lacking]
        name = self._hub.dataset(dataset)["name"]
        with fetching(self._hub, dataset) as ahead:
            openers = dict(zip([each.path for each in wanted], ahead.openers(wanted), strict=True))
            contents = [_file(each, openers.get(each.path)) for each in files]
            contents += _documents(documents, record)
            return self._add(id, contents, f"Dataset {dataset}, {name}")

    def _package(self, id: str, versions: Sequence[dict[str, Any]]) -> Iterator[Exported]:
        for row in versions:
            newest, sha256 = row is versions[-1], str(row["checksum"])
            if not newest and not self._writer.lacks(id, {sha256}):
                continue  # its metadata at that time is in the object
            number = int(row["id"])
            path = f"data/{row['system_metadata']['original_filename']}"
            content = Content(path, lambda at=number: self._zip(at), {"sha256": sha256})  # type: ignore[misc]
            document = {"package.json": preserved.package_document(row)}
            record = preserved.events(self._hub, str(number))
            told = f"Package {number}, {row['name']}, version {row['version']}"
            yield self._add(id, [content, *_documents(document, record)], told)

    def _zip(self, package: int) -> Iterator[bytes]:
        return self._hub.packages.stream(package)

    def _add(self, id: str, contents: Sequence[Content], told: str) -> Exported:
        about = About(
            f"{told}, taken from {self._origin.address}",
            show_time(time.time()),
            self._origin.name,
            self._origin.person,
        )
        added = self._writer.add(id, contents, about, self._told)
        place = str(added.place)
        return Exported(id, added.version, added.new, added.files, added.brought, place)


def _file(row: Remote, opener: Callable[[], Any] | None) -> Content:
    """A file of the dataset; without an opener it is one that the object has."""
    digests = {"sha256": row.sha256} if row.sha256 else {}
    return Content(f"data/{row.path}", opener or _never, digests)


def _never() -> Iterator[bytes]:
    raise AssertionError("what an object has is not opened")


def _documents(documents: dict[str, bytes], record: bytes) -> list[Content]:
    """Beside the data; what was done to a thing changes by exporting it, and makes no version."""
    told = [Content(f"metadata/{name}", lambda t=text: [t]) for name, text in documents.items()]  # type: ignore[misc]
    return [*told, Content("metadata/events.jsonl", lambda: [record], aside=True)]

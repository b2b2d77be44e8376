"""A dataset of a hub becomes a bag here: streamed, every file compared with the hub's digest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lagan import bag
from lagan.client import preserved
from lagan.client.ahead import fetching
from lagan.kit.errors import Conflict

if TYPE_CHECKING:
    from lagan.client import Hub

CRATE = "ro-crate-metadata.json"
Info = Sequence[tuple[str, str]]


def bag_of_dataset(
    hub: Hub,
    dataset: str,
    target: Path,
    *,
    crate: bool = False,
    algorithms: Collection[str],
    info: Info = (),
    base: str = "",
    compress: bool = False,
    progress: Callable[[int, int | None], None] | None = None,
) -> bag.Made:
    """Make a bag of a dataset's files, with `crate` also of the hub's RO-Crate of them.

    What `info` does not say of where it comes from is told of the hub. Conflict when the dataset
    has a file of the crate's name.
    """
    files = preserved.files_of(hub, dataset)
    labels = [*_labels(hub, dataset, {label.lower() for label, _ in info}), *info]
    size = sum(each.size for each in files)
    with fetching(hub, dataset) as ahead:
        pairs = list(zip([each.path for each in files], ahead.openers(files), strict=True))
        if crate:
            if any(path == CRATE for path, _ in pairs):
                raise Conflict(f"The dataset has a {CRATE} of its own; leave --crate out.")
            pairs.append((CRATE, lambda: hub.metadata(dataset, CRATE)))
        return bag.make_bag(
            pairs,
            target,
            algorithms=algorithms,
            info=labels,
            base=base,
            compress=compress,
            progress=progress and (lambda done, _: progress(done, size)),
        )


def _labels(hub: Hub, dataset: str, given: Collection[str]) -> list[tuple[str, str]]:
    """The reserved labels of bag-info.txt that the hub can tell (RFC 8493, 2.2.2)."""
    origin, row = preserved.origin(hub), hub.dataset(dataset)
    told = (
        ("Source-Organization", origin.institution),
        ("External-Description", str(row["name"])),
        ("Bagging-Date", datetime.now(UTC).date().isoformat()),
        ("External-Identifier", origin.urn("dataset", dataset)),
    )
    return [(label, value) for label, value in told if value and label.lower() not in given]

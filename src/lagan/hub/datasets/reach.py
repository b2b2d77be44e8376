"""How far somebody may read in a dataset: decided once, here, then carried as a value.

Three ways lead in: DATASET_READ in the tree, a publication (the one way for nobody in particular),
and a share link (`sharing.opened`). What is read through a reach is never asked about again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from lagan.hub.base.actors import NOBODY, SYSTEM, Actor
from lagan.hub.base.pages import Page
from lagan.hub.base.prepared import Prepared
from lagan.hub.datasets import queries
from lagan.hub.datasets.folders import FolderItem
from lagan.hub.datasets.models import REMOVED, Dataset, Publication
from lagan.hub.datasets.queries import DatasetRow, EntryRow
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services as tree_services
from lagan.kit.errors import NotFound, NotSignedIn


@dataclass(frozen=True, slots=True)
class Reach:
    """`by` reads `folder` of the dataset and what is beneath it (`""` is all of it); without
    `files` only its description. `public` says that anybody may."""

    dataset: int
    by: Actor
    folder: str = ""
    files: bool = True
    public: bool = False


def published(dataset: int) -> Publication | None:
    """Whether anybody may see this dataset, and its files: the one query for anonymous access."""
    return Publication.objects.filter(dataset=dataset).first()


def reach(actor: Actor, dataset: int) -> Reach:
    """How far the actor reaches. NotSignedIn for nobody, where it is not published; else NotFound
    or Forbidden as the tree says it."""
    state, files = _state(dataset)
    public, kept = files is not None, state not in (None, REMOVED)
    if actor is NOBODY and not public:
        raise NotSignedIn("Sign in first.")
    if tree.may(actor, "DATASET_READ", dataset):
        return Reach(dataset, actor, files=kept, public=public)
    if public:
        return Reach(dataset, actor, files=kept and bool(files), public=True)
    tree_services.require(actor=actor, permission="DATASET_READ", entity=dataset)
    raise NotFound(f"There is no dataset {dataset}.", dataset=dataset)


_STATES = Prepared(
    lambda dataset: Dataset.objects.filter(pk=dataset).values_list("state", "publication__files"),
    1234567,
)


def _state(dataset: int) -> tuple[str | None, bool | None]:
    """The state of a dataset, None without one, and whether its publication opens its files, None
    without one."""
    rows = _STATES.rows(dataset) if 0 <= dataset < 2**63 else []
    return (rows[0][0], rows[0][1]) if rows else (None, None)


def described(reach: Reach) -> DatasetRow:
    """The dataset itself."""
    return queries.dataset(SYSTEM, reach.dataset)


def entry(reach: Reach, path: str, version: int | None = None) -> EntryRow:
    """The file at `path`, seen from the reach's folder; or a version of it, which is only for those
    who read the dataset itself. NotFound."""
    _require_files(reach)
    if version is not None:
        return queries.entry(reach.by, reach.dataset, _inside(reach, path), version)
    found = queries.entry_at(reach.dataset, _inside(reach, path)) if "\x00" not in path else None
    if found is None:
        raise NotFound("There is no such file here.", path=path)
    return found


def entries(reach: Reach) -> Iterator[EntryRow]:
    """Every file within reach by path, in batches; paths are those in the dataset (`outside` cuts
    them)."""
    _require_files(reach)
    rows = queries.entries(SYSTEM, reach.dataset, after=_prefix(reach))
    return takewhile(lambda row: row.path.startswith(_prefix(reach)), rows)


def folder(reach: Reach, folder: str, *, after: str | None = None) -> Page[FolderItem]:
    """What lies in a folder, both seen from the reach's own."""
    _require_files(reach)
    place = _inside(reach, folder) if folder else reach.folder
    if "\x00" in place:
        raise NotFound("There is no such folder here.", folder=folder)
    return queries.folder(SYSTEM, reach.dataset, folder=place, after=after)


def outside(reach: Reach, path: str) -> str:
    """A path of the dataset as it is called from within the reach."""
    return path[len(_prefix(reach)) :]


def _prefix(reach: Reach) -> str:
    return f"{reach.folder}/" if reach.folder else ""


def _inside(reach: Reach, path: str) -> str:
    """Never outside: stored paths have no `..`, so a path that has one names nothing."""
    return f"{_prefix(reach)}{path}"


def _require_files(reach: Reach) -> None:
    if not reach.files:
        raise NotFound("The files of this dataset are not given out.", dataset=reach.dataset)

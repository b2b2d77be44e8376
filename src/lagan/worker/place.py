"""The site as this process sees it: the folders that it may open, where it keeps its own notes, the
targets that it may move content to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from lagan.hsm.choosing import Rule
from lagan.hsm.gate.settings import DOOR
from lagan.kit.errors import Unavailable
from lagan.kit.http import Tls

HUB = "hub"
"""The name of the hub's own site."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Where the gate of this machine is asked (`lagan recalld`). When it is `required`, content is
    let go only on filesystems that it serves."""

    door: Path = DOOR
    required: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A worker's site. A path that a job names must lie beneath one of `roots`."""

    roots: tuple[Path, ...] = ()
    state: Path | None = None
    """Folder for saved listings and the like, shared by all workers of the site; None:
    `.lagan` in the first root."""
    targets: Mapping[str, str] = field(default_factory=dict)
    """Where content goes: name to location of a volume (`lagan.store.open_volume`). The first is
    the one meant when none is named."""
    rules: Sequence[Rule] = ()
    """Which files go to which target when none is named, the first that fits; none: all to the
    first."""
    hub_url: str | None = None
    """The hub's address, for steps that act there."""
    tls: Tls | None = None
    """How the hub proves itself."""
    gate: Gate = field(default_factory=Gate)
    site: str = ""
    """The name of the site at the hub, for keys that are for several."""
    credentials: Callable[[], str] | None = field(default=None, repr=False)
    """The Authorization header that a site shows the hub; asked for before every request."""

    def of(self, sites: Sequence[str]) -> Place:
        """The same for a worker that serves `sites`: the one that has files, when it is one. The
        hub's own tasks have none."""
        names = [each for each in sites if each != HUB]
        return replace(self, site=names[0]) if len(names) == 1 else self

    def notes(self) -> Path:
        """The folder for saved listings; Unavailable when there is no root."""
        return self.state or self.first_root() / ".lagan"

    def first_root(self) -> Path:
        """The first root; Unavailable when the worker was given none."""
        if not self.roots:
            raise Unavailable("This worker was given no folder of the site (roots).")
        return self.roots[0]


_place = Place()


def current() -> Place:
    """The place that this process serves."""
    return _place


def serve(place: Place) -> None:
    """Serve `place` from now on; once, when the worker starts."""
    global _place
    _place = place


@contextmanager
def serving(place: Place) -> Iterator[Place]:
    """Serve `place` for the length of a block."""
    before = current()
    serve(place)
    try:
        yield place
    finally:
        serve(before)

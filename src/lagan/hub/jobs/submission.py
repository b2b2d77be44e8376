"""A workflow that was checked and filled in, ready to be started: what `workflows` hands to the
engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Stage:
    """A step with its site and its arguments, nothing left to fill in."""

    step: str
    site: str
    args: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As the job keeps it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Submission:
    """What is to be done: `stages` one after the other for each path. `discovery` is the name of
    the walk that finds the paths from `paths`, None for these paths as they are. `kind` is the
    workflow's name, `title` its label. `fields` is what was filled in, kept for the record."""

    kind: str
    title: str
    site: str
    paths: Sequence[str]
    stages: Sequence[Stage]
    discovery: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    filters: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 0

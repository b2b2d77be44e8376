"""Who acts: the one value that every service takes as `by`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person or program. `entity` is the id of its USER entity in the tree; None for
    the system
    itself and for nobody. `credential` says how it signed in (`session`, `jwt`, `client-key`,
    `schedule`, `job`, `system`, `none`)."""

    entity: int | None
    name: str
    credential: str

    @property
    def is_system(self) -> bool:
        """The hub's own background work, which no grant limits."""
        return self.credential == "system"


SYSTEM = Actor(None, "system", "system")
NOBODY = Actor(None, "", "none")

"""A tree for the browser's hub that alice looks after: NTNU with its groups, a computer, a task,
and a group of many. Run as a program it plants one and says its ids as JSON; safe to repeat."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass

MANY = 230
"""Children of the large group: more than are shown at once."""


@dataclass(frozen=True, slots=True)
class Planted:
    """The ids of what was planted."""

    ntnu: int
    ify: int
    nano: int
    labs: int
    microscope: int
    many: int


def plant() -> Planted:
    """Make it, or find it made."""
    from lagan.hub.accounts.queries import find_user
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.tree import queries
    from lagan.hub.tree import services as tree
    from lagan.hub.tree.permissions import ALL

    def grown(type: str, name: str, parent: int) -> int:
        found = queries.find(type=type, name=name, parent=parent)
        return found or tree.create_entity(by=SYSTEM, type=type, name=name, parent=parent).id

    ntnu = grown("GROUP", "NTNU", tree.ground().root.id)
    ify = grown("GROUP", "IFY", grown("GROUP", "NV", ntnu))
    groups, labs = grown("GROUP", "Research Groups", ify), grown("GROUP", "Labs", ify)
    nano = grown("GROUP", "Nano", groups)
    microscope = grown("COMPUTER", "microscope-1", labs)
    grown("TASK", "copy to nano", microscope)
    many = grown("GROUP", "Many", ntnu)
    if queries.find(type="GROUP", name="g000", parent=many) is None:
        names = [f"g{number:03d}" for number in range(MANY)]
        tree.create_entities(by=SYSTEM, type="GROUP", names=names, parent=many)
    alice, bob = (find_user(username=name) for name in ("alice", "bob"))
    assert alice is not None
    assert bob is not None
    tree.set_grants(by=SYSTEM, subject=alice.entity_id, object=ntnu, grant=ALL)
    guests = grown("GROUP", "TEM-Lab_guest", labs)
    tree.set_grants(by=SYSTEM, subject=guests, object=labs, grant=["COMPUTER_REMOTE"])
    tree.set_grants(by=SYSTEM, subject=bob.entity_id, object=labs, grant=["COMPUTER_READ"])
    return Planted(ntnu, ify, nano, labs, microscope, many)


def main() -> None:
    """Plant, and say what."""
    import django

    django.setup()
    json.dump(asdict(plant()), sys.stdout)


if __name__ == "__main__":
    main()

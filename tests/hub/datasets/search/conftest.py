from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.hub.people import People


@pytest.fixture
def people(db: None) -> People:
    """The team's role may create, read and see metadata of datasets in the team's group."""
    from lagan.hub.base.actors import SYSTEM  # models may be imported once Django is set up
    from lagan.hub.tree import services
    from tests.hub.people import gather

    found = gather()
    services.set_grants(
        by=SYSTEM,
        subject=found.role.id,
        object=found.team.id,
        grant={"DATASET_CREATE", "DATASET_READ", "DATASET_METADATA_READ", "GROUP_READ"},
    )
    return found

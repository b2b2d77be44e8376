"""What rooms above want every volume to know."""

from __future__ import annotations

from collections.abc import Sequence

from lagan.hub.archive.models import Volume, VolumeState
from lagan.hub.archive.services.volumes import journal
from lagan.kit.errors import LaganError, Unavailable
from lagan.store import NoteLine


def note_everywhere(*, notes: Sequence[NoteLine]) -> None:
    """Add notes to the journals of all volumes that are written, in the caller's transaction; one
    that fails is passed over while another holds them. Unavailable, or what failed, when none
    does."""
    failure: LaganError = Unavailable("No volume can be written just now.")
    held = False
    for row in Volume.objects.filter(state=VolumeState.ONLINE):
        try:
            journal(row).append(notes)
            held = True
        except LaganError as error:
            failure = error
    if notes and not held:
        raise failure

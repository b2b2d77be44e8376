"""End a disagreement: somebody wrote into a file whose content was away, and says which of the two
is to be its content."""

from __future__ import annotations

import os
from dataclasses import replace

from lagan.hsm import marker as markers
from lagan.hsm.errors import WrongContent
from lagan.hsm.lease import leased
from lagan.hsm.marker import MIGRATED, Marker
from lagan.hsm.space import punch
from lagan.hsm.states import UNMANAGED
from lagan.hsm.target import Target

_MOMENT = 2.0
"""Seconds in which a recall gate lets go of a file that it looked at: it does so after whoever
asked was answered, and looks again when a file is cut."""


def keep_here(descriptor: int) -> str:
    """What is in the open file is its content; what the target has of it is older and stays there.
    Its state from now on. Busy while somebody has it open."""
    with leased(descriptor, needed=False, patience=_MOMENT):
        marker = markers.read(descriptor)
        if marker is None or not marker.away:
            return UNMANAGED if marker is None else marker.state
        markers.drop(descriptor)
        os.fsync(descriptor)
    return UNMANAGED


def keep_there(descriptor: int, target: Target) -> str:
    """What `target`, the one that the marker names, has is the file's content; what was written
    since is let go. A stub from now on, with the time of its content. WrongContent when the target
    does not hold all of it, Busy while somebody has the file open."""
    with leased(descriptor, patience=_MOMENT):
        marker = markers.read(descriptor)
        if marker is None or not marker.away:
            return UNMANAGED if marker is None else marker.state
        if not target.holds(marker.object, marker.size, marker.sha256):
            raise WrongContent(f"The target {target.name} does not hold this file's content.")
        markers.write(descriptor, replace(marker, state=markers.RECALLING))
        whole = os.fstat(descriptor).st_size == marker.size
        if whole:
            _become_a_stub(descriptor, replace(marker, state=MIGRATED, head=0))
    if not whole:
        _cut(descriptor, marker.size)
        with leased(descriptor, patience=_MOMENT):
            _become_a_stub(descriptor, replace(marker, state=MIGRATED, head=0))
    return MIGRATED


def _cut(descriptor: int, size: int) -> None:
    """Without a lease: a recall gate hears of it and opens the file, which would wait for ours.
    What is in the file is not trusted any more, and nobody reads it through a gate meanwhile."""
    os.fsync(descriptor)
    os.ftruncate(descriptor, size)


def _become_a_stub(descriptor: int, marker: Marker) -> None:
    punch(descriptor, 0, marker.size)
    os.utime(descriptor, ns=(os.fstat(descriptor).st_atime_ns, marker.mtime))
    markers.write_as_stub(descriptor, marker)
    os.fsync(descriptor)

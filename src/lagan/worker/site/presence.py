"""A target knows the folders of each site that may need what it holds, from the first time that the
site uses it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from lagan.hsm.reconciling import needs
from lagan.hsm.target import Target
from lagan.kit.errors import LaganError
from lagan.worker import place

_told: set[tuple[str, Path]] = set()


def tell(target: Target) -> None:
    """Have the target know this site's folders. A target that takes nothing just now gives what it
    has all the same; see `expect_told`."""
    with suppress(LaganError):
        expect_told(target)


def expect_told(target: Target) -> None:
    """Have the target know this site's folders before something here needs an object that another
    site brought."""
    for root in place.current().roots:
        key = (target.volume.location, root)
        if key not in _told:
            with suppress(OSError):  # one that is not there needs nothing now
                needs.register(target.volume, root)
                _told.add(key)

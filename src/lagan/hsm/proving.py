"""Whether a target holds what was brought to it, asked of its disks just now."""

from __future__ import annotations

from lagan.hsm.errors import WrongContent
from lagan.hsm.target import Target, Tick, quiet
from lagan.hsm.together.asking import Prove
from lagan.kit.errors import LaganError


def expect_proven(target: Target, name: str, size: int, sha256: str, tick: Tick = quiet) -> None:
    """WrongContent when the object called `name` is not there, or is not what it must be as it is
    read now."""
    (answer,) = Prove.meet([Prove(target, name, size, sha256, tick)])
    if isinstance(answer, LaganError | OSError):
        raise answer
    if not answer:
        raise WrongContent(f"The target {target.name} does not hold what was brought there.")

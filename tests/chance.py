"""The seed of everything that these tests draw by lot: LAGAN_FAULT_SEED, or one that is always the
same; `lot` is another at each run, as `make soak` has it. Tests that draw print it, so that a
failure can be had again."""

from __future__ import annotations

import os
import random
import sys

_GIVEN = os.environ.get("LAGAN_FAULT_SEED", "1")
# What holds today holds tomorrow, as with hypothesis; `make soak` looks for others.
SEED = random.SystemRandom().randrange(1 << 32) if _GIVEN == "lot" else int(_GIVEN)


def dice(purpose: str = "") -> random.Random:
    """A fresh generator of the seed, which is printed; another for another purpose."""
    sys.stdout.write(f"LAGAN_FAULT_SEED={SEED}\n")
    return random.Random(f"{SEED} {purpose}")

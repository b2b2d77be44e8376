"""The seed of everything that these tests draw by lot: LAGAN_FAULT_SEED, or one of this run. Tests
that draw print it, so that a failure can be had again."""

from __future__ import annotations

import os
import random
import sys

SEED = int(os.environ.get("LAGAN_FAULT_SEED", "0")) or random.SystemRandom().randrange(1 << 32)


def dice(purpose: str = "") -> random.Random:
    """A fresh generator of the seed, which is printed; another for another purpose."""
    sys.stdout.write(f"LAGAN_FAULT_SEED={SEED}\n")
    return random.Random(f"{SEED} {purpose}")

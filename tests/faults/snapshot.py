"""A walk for changes in a process of its own, to be killed: prints what it found and its result.

`python -m tests.faults.snapshot ROOT ATTEMPT [SINCE]`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from lagan.worker.ledger import Claimed
from lagan.worker.place import Place, serve
from lagan.worker.site import listings, snapshots
from tests.worker.told import Told

KEY = "5" * 64


def main(root: str, attempt: str, since: str | None = None) -> None:
    """Runs it. Files of a moment ago count as old enough, and some go to the disk to be sorted."""
    snapshots.SETTLED = -(10**12)
    listings.RUN = 20
    serve(Place(roots=(Path(root),)))
    told = Told(Claimed(1, 1, "discover.snapdiff", "lab", int(attempt), {}, ()))
    result = snapshots.snapdiff(told, {"key": KEY, "since": since}, [root])
    found = sorted(each for batch, _ in told.batches for each in batch)
    sys.stdout.write(json.dumps({"found": found, **result}))


if __name__ == "__main__":
    main(*sys.argv[1:])

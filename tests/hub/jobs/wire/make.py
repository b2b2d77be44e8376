"""`python -m tests.hub.jobs.wire.make site NAME` makes a site and prints a key of it; `... job SITE
FOLDER TRACE PACE` starts a job that touches whatever is found beneath FOLDER, and prints its id;
`... ask SITE VERB JSON` prints the site's answer and the milliseconds that it took."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import django


def main() -> None:
    django.setup()
    acts: dict[str, Callable[..., object]] = {"site": site, "job": job, "ask": ask}
    print(acts[sys.argv[1]](*sys.argv[2:]))


def site(name: str) -> str:
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.jobs.keys import make_site_key
    from lagan.hub.jobs.services import ensure_site

    ensure_site(name=name, limit=3)
    return make_site_key(site=name, name="test", by=SYSTEM)[1]


def job(site: str, folder: str, trace: str, pace: str) -> int:
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.jobs.services import Stage, Submission, start

    stage = Stage("test.touch", site, {"trace": trace, "pace": float(pace)})
    wanted = Submission("touch", "Touch", site, [folder], [stage], "recursive")
    return start(submission=wanted, by=SYSTEM).pk


def ask(site: str, verb: str, args: str) -> str:
    from lagan.hub.jobs import bell, questions

    told = []
    for _ in range(5):
        started = time.monotonic()
        answer = questions.ask(site, verb, json.loads(args))
        told.append(1000 * (time.monotonic() - started))
    bell.hush()
    return json.dumps({"answer": answer, "milliseconds": sorted(told)})


if __name__ == "__main__":
    main()

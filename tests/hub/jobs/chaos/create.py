"""`python -m tests.hub.jobs.chaos.create TASKS ITEMS TRACE PACE BREAK`: make a job at the site
`lab`, limited to three tasks at once."""

from __future__ import annotations

import sys

import django


def main() -> None:
    django.setup()
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.jobs.services import TaskSpec, create_job, ensure_site

    tasks, items, trace, pace, broken = sys.argv[1:]
    ensure_site(name="lab", limit=3)
    args = {"trace": trace, "pace": float(pace), "break": broken == "break"}
    specs = (
        TaskSpec("chaos.touch", "lab", args, [f"{task}/{item}" for item in range(int(items))])
        for task in range(int(tasks))
    )
    job = create_job(kind="chaos", title="Chaos", by=SYSTEM, tasks=specs)
    print(job.pk)


if __name__ == "__main__":
    main()

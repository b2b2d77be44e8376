"""The demo from its first step to its last, and what is left running for people to look at."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from lagan.hub.ops.demo import arriving, giving, keeping, losing, tiering
from lagan.hub.ops.demo.folder import fresh_folder
from lagan.hub.ops.demo.giving import SHARED
from lagan.hub.ops.demo.people import ADMINISTRATOR, NAMES
from lagan.hub.ops.demo.stage import Stage
from lagan.hub.ops.demo.telling import Teller
from lagan.hub.ops.sockets import require_free
from lagan.kit.errors import LaganError, Unavailable

HOST = "127.0.0.1"
Step = Callable[[Stage], str]
STEPS: tuple[tuple[str, str, Step], ...] = (
    ("Hub", "lagan up in a fresh folder", arriving.start_hub),
    ("People", "through the API", arriving.add_people),
    ("Instrument", "real sample files", arriving.fill_instrument),
    ("Agent killed", "lagan agent sync, and SIGKILL", arriving.kill_agent),
    ("Agent again", "the same command", arriving.run_agent_again),
    ("Agent at rest", "the same command once more", arriving.look_twice),
    ("Two copies", "replication, then every byte", keeping.compare_both),
    ("Who sees it", "owner, team-mate, stranger", giving.show_visibility),
    ("Closed", "nothing more can be added", giving.close),
    ("Fixity", "lagan archive scrub --full", keeping.scrub),
    ("Worker killed", "a scrub, and SIGKILL", keeping.kill_worker),
    ("Downloaded", "files and ranges", giving.download),
    ("Zip", "whole datasets", giving.download_zips),
    ("Site", "migrated to stubs, then recalled", tiering.migrate_and_recall),
    ("Damaged", "a bit in two copies, then a scrub", keeping.damage),
    ("Healed", "from the other volume", keeping.heal),
    ("Record", "lagan audit verify", losing.verify_record),
    ("Database lost", "deleted, then lagan archive rebuild", losing.lose_database),
    ("And on", "everything is as it was", losing.go_on),
    ("New record", "lagan audit verify", losing.verify_record),
)
"""Title, what is done meanwhile, and the step."""


def play(*, folder: Path, port: int, stay: bool) -> int:
    """Run all steps in `folder`; the exit code: 0 only when every one held.

    With `stay` the hub is left running until Ctrl-C. Conflict or Locked when the folder is not for
    a demo to use.
    """
    teller = Teller()
    port = _free_port(port, teller)
    stage = Stage(fresh_folder(folder), port)
    began = time.monotonic()
    try:
        if not all(_take(step, stage, teller) for step in STEPS):
            return 1
        seconds = time.monotonic() - began
        teller.say(f"Every step held ({len(STEPS)} steps, {seconds:.0f} s).", style="green")
        if not stay:
            return 0
        _show_links(stage, teller)
        return _stay(stage, teller)
    finally:
        stage.hub.stop()


def _take(step: tuple[str, str, Step], stage: Stage, teller: Teller) -> bool:
    """Whether the step held; says what it found."""
    title, act, check = step
    began = time.monotonic()
    try:
        with teller.working(title, act):
            found = check(stage)
    except LaganError as error:
        logs = [stage.hub.log, *sorted((stage.hub.data / "logs").glob("*.log"))]
        teller.broke(title, error, map(str, logs))
        return False
    teller.held(title, found, time.monotonic() - began)
    return True


def _free_port(port: int, teller: Teller) -> int:
    try:
        return require_free(HOST, port)
    except Unavailable as error:
        teller.say(f"{error.sentence.partition(';')[0]}; using a free one.", style="dim")
        return require_free(HOST, 0)


def _show_links(stage: Stage, teller: Teller) -> None:
    address = stage.hub.address
    teller.say()
    teller.rows(
        [
            ("The hub", f"{address}/"),
            ("A dataset", f"{address}/datasets/{stage.datasets[SHARED]}/"),
            ("Jobs", f"{address}/jobs/"),
            ("Archive", f"{address}/archive/"),
            ("Log in as", f"{', '.join([*NAMES, ADMINISTRATOR])}"),
            ("Password", stage.people.password),
            ("All files in", str(stage.folder)),
        ]
    )
    teller.say()
    teller.say("The hub runs until Ctrl-C.", style="dim")


def _stay(stage: Stage, teller: Teller) -> int:
    """Until Ctrl-C, or until the hub ends by itself."""
    try:
        code = stage.hub.wait()
    except KeyboardInterrupt:
        return 0
    teller.say(f"The hub ended by itself with status {code}; see {stage.hub.log}.", style="red")
    return 1

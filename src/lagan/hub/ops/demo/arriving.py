"""Steps: the hub, the people, the instrument, and the agent that is killed and run again."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from lagan.hub.ops.demo.comparing import require
from lagan.hub.ops.demo.errors import Broken
from lagan.hub.ops.demo.instrument import (
    DATASETS,
    PLAIN_BYTES,
    RAW,
    RAW_FILE,
    lay_out,
    write_settings,
)
from lagan.hub.ops.demo.people import MANAGER, first_sign_in, make_key, make_people
from lagan.hub.ops.demo.programs import QUICK, until
from lagan.hub.ops.demo.stage import Stage, find_datasets, report_of
from lagan.kit.sizes import show_size


def start_hub(stage: Stage) -> str:
    """`lagan up` in a fresh folder."""
    stage.hub.start(stage.port)
    return f"web, scheduler and worker at {stage.hub.address}"


def add_people(stage: Stage) -> str:
    """An administrator by the one-time link; a facility; three people, two of them a team."""
    address = stage.hub.address
    first_sign_in(stage.people, address=address, link=stage.hub.password_link)
    stage.groups = make_people(stage.people, address)
    return "an owner, a team-mate, a stranger; a facility whose agent has a client key"


def fill_instrument(stage: Stage) -> str:
    """Real files, as an instrument saves them."""
    stage.instrument = lay_out(stage.folder / "instrument")
    key = make_key(stage.people)
    write_settings(stage.instrument, address=stage.hub.address, manager=MANAGER, key=key)
    sizes = [file.stat().st_size for _, _, file in stage.instrument.every()]
    kinds = {file.suffix.lower() for _, _, file in stage.instrument.every()}
    small = sum(size <= PLAIN_BYTES for size in sizes)
    return (
        f"{len(sizes)} files of {len(kinds)} formats in {len(DATASETS)} datasets of 3 people, "
        f"{show_size(sum(sizes))}; {small} are small"
    )


def kill_agent(stage: Stage) -> str:
    """SIGKILL while the large file is on its way."""
    size = (stage.instrument.folder(RAW) / RAW_FILE).stat().st_size
    incoming = stage.volume_root("main") / ".lagan/incoming"
    with stage.hub.begin(*stage.agent_command()) as agent:
        until(
            "The large file on its way",
            lambda: _largest(incoming) > size // 8 or agent.poll() is not None,
            every=QUICK,
        )
        agent.send_signal(signal.SIGKILL)
        agent.communicate()
    _require_killed(agent)
    find_datasets(stage)
    arrived = _largest(incoming)
    if not 0 < arrived < size:
        raise Broken("The large file at the hub", expected="a part of it", found=f"{arrived} B")
    return f"SIGKILL with {show_size(arrived)} of {show_size(size)} of the large file at the hub"


def run_agent_again(stage: Stage) -> str:
    """The same command: what was acknowledged stays, the rest comes, nothing is doubled."""
    incoming = stage.volume_root("main") / ".lagan/incoming"
    begun = _largest_file(incoming)
    inode = begun.stat().st_ino if begun is not None else 0
    report = report_of(stage.agent())
    count = sum(1 for _ in stage.instrument.every())
    for name in ("found", "archived"):
        require(f"Files {name}", expected=count, found=report[name])
    require("The agent's exit code", expected=0, found=report["exit"])
    require("Files sent or there already", expected=count, found=report["sent"] + report["already"])
    (copy,) = stage.volumes()["main"].copies[(stage.datasets[RAW], RAW_FILE)]
    resumed = copy.place.stat().st_ino
    require("The large file, gone on with where it was cut (inode)", expected=inode, found=resumed)
    return (
        f"all {count} files archived: {report['already']} were there already, "
        f"{report['sent']} sent, the large one resumed"
    )


def look_twice(stage: Stage) -> str:
    """A third run finds that there is nothing to do."""
    report = report_of(stage.agent())
    require("Files sent", expected=0, found=report["sent"])
    require("Files there already", expected=report["found"], found=report["already"])
    return f"{report['found']} files looked at, none sent"


def _require_killed(agent: subprocess.Popen[str]) -> None:
    require("How the agent ended", expected=-signal.SIGKILL, found=agent.returncode)


def _largest(folder: Path) -> int:
    """Bytes of the largest file that is coming in; 0 when there is none."""
    largest = _largest_file(folder)
    return largest.stat().st_size if largest is not None else 0


def _largest_file(folder: Path) -> Path | None:
    try:
        return max(folder.iterdir(), key=lambda each: each.stat().st_size, default=None)
    except FileNotFoundError:  # not made yet, or published in this moment
        return None

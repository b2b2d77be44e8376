"""What the steps of the demo share: its folder, its hub, its people, its instrument, and questions
that several of them ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lagan.client import Hub, State, Wanted
from lagan.hub.ops.data_folder import VOLUMES
from lagan.hub.ops.demo.comparing import require, require_same_bytes, require_same_names
from lagan.hub.ops.demo.folder import hub_folder
from lagan.hub.ops.demo.instrument import Instrument, Recorded
from lagan.hub.ops.demo.people import ADMINISTRATOR, MANAGER, People, ask
from lagan.hub.ops.demo.programs import Ended, HubProgram, ended, until
from lagan.hub.ops.demo.volumes import OnVolume

OPEN_JOBS = ("PENDING", "STARTED")
JOB_LIMIT = 300.0  # seconds


@dataclass
class Stage:
    """The demo as it stands; later steps use what earlier ones put here."""

    folder: Path
    port: int
    hub: HubProgram = field(init=False)
    people: People = field(default_factory=People)
    groups: Mapping[str, int] = field(default_factory=dict)
    datasets: dict[Recorded, str] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    _instrument: Instrument | None = None

    def __post_init__(self) -> None:
        """The hub has a folder of its own in the demo's."""
        self.hub = HubProgram(hub_folder(self.folder), self.folder / "up.log")

    @property
    def instrument(self) -> Instrument:
        """The instrument's PC, once it is laid out."""
        assert self._instrument is not None, "laid out by an earlier step"  # noqa: S101
        return self._instrument

    @instrument.setter
    def instrument(self, made: Instrument) -> None:
        self._instrument = made

    @property
    def admin(self) -> Hub:
        """The hub as its administrator meets it."""
        return self.people[ADMINISTRATOR]

    def volumes(self) -> dict[str, OnVolume]:
        """The volumes by name, as they lie on the disk now."""
        return {name: OnVolume(self.volume_root(name)) for name, _ in VOLUMES}

    def volume_root(self, name: str) -> Path:
        """The folder of a volume."""
        return self.hub.data / "volumes" / name

    def agent(self, *options: str) -> Ended:
        """Run `lagan agent sync` to its end; its report is the last of its values."""
        with self.hub.begin(*self.agent_command(*options)) as process:
            out, err = process.communicate()
        return ended(process.returncode, out, err)

    def agent_command(self, *options: str) -> list[str]:
        """The arguments of `lagan` that run the agent."""
        return ["agent", "sync", "--json", "--config", str(self.instrument.config), *options]


def report_of(run: Ended) -> dict[str, Any]:
    """What an agent's run reported; Broken when it said nothing."""
    reports = [v for v in run.values if isinstance(v, dict) and v.get("event") == "report"]
    require(f"The agent's report ({run.said or 'it said nothing'})", expected=1, found=len(reports))
    return dict(reports[0])


def find_datasets(stage: Stage) -> None:
    """Note the ids of all datasets, as the administrator's list has them."""
    found = {(row["owner"], row["name"]): str(row["id"]) for row in stage.admin.datasets()}
    wanted = {(each.owner, each.name): each for each, _, _ in stage.instrument.every()}
    names = [f"{owner} / {name}" for owner, name in found]
    require_same_names("Datasets", expected=[f"{o} / {n}" for o, n in wanted], found=names)
    stage.datasets = {wanted[key]: id for key, id in found.items()}


def await_verified(stage: Stage) -> int:
    """Wait until the hub says of every file that all its copies are verified; how many files."""
    wanted = [
        Wanted(
            stage.datasets[each],
            [(p, f.stat().st_size, f.stat().st_mtime_ns) for p, f in files.items()],
        )
        for each, files in ((each, stage.instrument.files(each)) for each in stage.datasets)
    ]

    def all_verified() -> bool:
        known = stage.people[MANAGER].look_up(wanted, verified=True)
        return all(state is State.VERIFIED for each in known for state in each.states)

    until("Every file verified on every volume", all_verified, limit=JOB_LIMIT, every=0.2)
    return sum(len(each.files) for each in wanted)


def compare_copies(stage: Stage) -> tuple[int, int, int]:
    """Compare every byte of both volumes with the instrument's files; copies, bytes and packs.

    Broken when a file is missing, is there twice, differs, or a volume has what no file is.
    """
    copies, size, packs = 0, 0, set()
    for name, volume in stage.volumes().items():
        truth = {
            (stage.datasets[each], path): file for each, path, file in stage.instrument.every()
        }
        places = [f"{key[0]}/{key[1]}" for key, found in volume.copies.items() for _ in found]
        wanted = [f"{dataset}/{path}" for dataset, path in truth]
        require_same_names(f"Files on the volume {name}", expected=wanted, found=places)
        for key, (copy,) in volume.copies.items():
            what = f"{key[1]} on the volume {name} ({copy.object})"
            require(f"{what}, size", expected=truth[key].stat().st_size, found=copy.length)
            with volume.opened(copy) as found, truth[key].open("rb") as expected:
                size += require_same_bytes(what, expected=expected, found=found)
            copies += 1
            packs |= {copy.place} if copy.is_packed else set()
    return copies, size, len(packs)


def jobs_since(stage: Stage, kind: str, last: int) -> list[dict[str, Any]]:
    """Jobs of a kind with a higher number than `last`, the newest first, with their progress."""
    rows = ask(stage.admin, "GET", f"api/jobs/?jobtype={kind}")["results"]
    later = [row["id"] for row in rows if row["id"] > last]
    return [ask(stage.admin, "GET", f"api/jobs/{job}/progress/") for job in later]


def last_job(stage: Stage) -> int:
    """The highest number of a job."""
    rows = ask(stage.admin, "GET", "api/jobs/recent/")["results"]
    return int(rows[0]["id"]) if rows else 0


def await_jobs(stage: Stage, kind: str, last: int, count: int) -> list[dict[str, Any]]:
    """`count` jobs of a kind after `last`, ended, each with one outcome an item and all of them
    good."""

    def all_ended() -> list[dict[str, Any]] | None:
        rows = jobs_since(stage, kind, last)
        return rows if len(rows) >= count and not _any_open(rows) else None

    rows = until(f"{count} jobs {kind}", all_ended, limit=JOB_LIMIT)
    for row in rows:
        what = f"Job {row['id']} ({row['title']})"
        require(f"{what}, state", expected="SUCCESS", found=row["state"])
        found = (row["processed"], row["skipped"], row["failed"])
        require(f"{what}, outcomes", expected=(row["total"], 0, 0), found=found)
    return rows


def _any_open(rows: list[dict[str, Any]]) -> bool:
    return any(row["state"] in OPEN_JOBS for row in rows)

"""Steps: the database lost and made again from the volumes, and the record of what was done."""

from __future__ import annotations

from typing import Any

from lagan.client import Hub
from lagan.hub.ops.data_folder import VOLUMES
from lagan.hub.ops.demo.comparing import require, require_same_rows
from lagan.hub.ops.demo.instrument import add_late, write_settings
from lagan.hub.ops.demo.people import MANAGER, make_key, sign_in_again
from lagan.hub.ops.demo.stage import Stage, await_verified, compare_copies, report_of

DATABASE = "hub.sqlite3"
KEPT = ("name", "owner", "group", "state", "file_count", "bytes")
"""What is known of a dataset and must come back."""


def verify_record(stage: Stage) -> str:
    """The chain of events, from the first to the last."""
    run = stage.hub.lagan("audit", "verify", "--json")
    told = run.values[0] if run.values else {}
    require(f"The record ({run.said})", expected=True, found=told.get("whole"))
    require("Events in it", expected=True, found=told["events"] > 0)
    return f"{told['events']} events, the chain holds up to {told['head'][:12]}"


def lose_database(stage: Stage) -> str:
    """A snapshot; one file more; the database deleted; the catalogue from the volumes."""
    _run(stage, "archive", "snapshot", "--json")
    add_late(stage.instrument)
    report = report_of(stage.agent())
    require("Files sent after the snapshot", expected=1, found=report["sent"])
    await_verified(stage)
    before = _catalogue(stage.admin)
    address, port = stage.hub.address, int(stage.hub.address.rpartition(":")[2])
    stage.hub.stop()
    for file in stage.hub.data.glob(f"{DATABASE}*"):
        file.unlink()
    _run(stage, "hub", "migrate")
    places = [f"posix:{stage.volume_root(name)}" for name, _ in VOLUMES]
    rebuilt = _run(stage, "archive", "rebuild", "--json", *places)[0]
    stage.hub.start(port)
    require("The hub's address", expected=address, found=stage.hub.address)
    sign_in_again(stage.people, address=address, link=stage.hub.password_link)
    after = _catalogue(stage.admin)
    require_same_rows("The catalogue", expected=before, found=after)
    require("Files rebuilt", expected=_files_in(before), found=rebuilt["files"])
    return (
        f"deleted; {rebuilt['files']} files and {rebuilt['replicas']} copies came back: "
        "same names, owners, digests, versions"
    )


def go_on(stage: Stage) -> str:
    """After the rebuild the agent finds everything there, and every byte is what it was."""
    key = make_key(stage.people)
    write_settings(stage.instrument, address=stage.hub.address, manager=MANAGER, key=key)
    report = report_of(stage.agent("--fresh"))
    require("Files sent", expected=0, found=report["sent"])
    require("Files verified", expected=report["found"], found=report["verified"])
    copies, _, _ = compare_copies(stage)
    return f"the agent finds all {report['found']} files there; {copies} copies compared again"


def _run(stage: Stage, *arguments: str) -> list[Any]:
    ended = stage.hub.lagan(*arguments)
    require(f"lagan {' '.join(arguments[:2])} ({ended.said})", expected=0, found=ended.code)
    return ended.values


def _catalogue(hub: Hub) -> dict[str, tuple[Any, ...]]:
    """Every dataset, and every file with its size, SHA-256 and version."""
    rows: dict[str, tuple[Any, ...]] = {}
    for each in hub.datasets():
        rows[f"dataset {each['id']}"] = tuple(each[name] for name in KEPT)
        folders = [""]
        while folders:
            for item in hub.files(str(each["id"]), folders.pop()):
                if item["is_folder"]:
                    folders.append(item["path"])
                else:
                    facts = (item["size"], item["sha256"], item["version"])
                    rows[f"{each['id']}/{item['path']}"] = facts
    return rows


def _files_in(rows: dict[str, tuple[Any, ...]]) -> int:
    return sum(not name.startswith("dataset ") for name in rows)

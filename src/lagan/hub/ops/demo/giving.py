"""Steps: who sees a dataset, closing it, and getting its files back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from lagan.client import Hub
from lagan.hub.ops.demo.comparing import require, require_same_bytes, require_same_names
from lagan.hub.ops.demo.errors import Broken
from lagan.hub.ops.demo.instrument import DATASETS, RAW, RAW_FILE, Recorded
from lagan.hub.ops.demo.people import OWNER, STRANGER, TEAM, TEAM_MATE, ask
from lagan.hub.ops.demo.stage import Stage, report_of
from lagan.kit.errors import Conflict, LaganError, NotFound
from lagan.kit.http import segment
from lagan.kit.sizes import show_size

SHARED = DATASETS[0]
"""The dataset that the owner shares with the team."""
FORBIDDEN_FILE = "after the end.dcm"


def show_visibility(stage: Stage) -> str:
    """Owner, team-mate and stranger, before and after the owner grants the team to read."""
    for username in (OWNER, TEAM_MATE, STRANGER):
        own = [each for each in DATASETS if each.owner == username]
        _require_sees(stage, username, own)
    for username in (TEAM_MATE, STRANGER):
        _require_absent(stage, username)
    given = {"subject": stage.groups[TEAM], "grant": ["DATASET_READ"]}
    ask(stage.people[OWNER], "PUT", f"api/entities/{stage.datasets[SHARED]}/grants/", given)
    night = [each for each in DATASETS if each.owner == TEAM_MATE]
    _require_sees(stage, TEAM_MATE, [*night, SHARED])
    _require_absent(stage, STRANGER)
    return f"{SHARED.name!r}: its owner; the team-mate once granted; to the stranger it is absent"


def close(stage: Stage) -> str:
    """Close all datasets but the last; the owner, and the agent, are refused by name."""
    for each in DATASETS[:-1]:
        row = stage.people[each.owner].close_dataset(stage.datasets[each])
        require(f"{each.name}, state", expected="closed", found=row["state"])
    owner, dataset = stage.people[OWNER], stage.datasets[SHARED]
    _require_refused(
        "A file for a closed dataset", Conflict, lambda: owner.put(dataset, "x", b"late")
    )
    late = stage.instrument.folder(SHARED) / FORBIDDEN_FILE
    source = next(iter(stage.instrument.files(SHARED).values()))
    late.write_bytes(source.read_bytes())
    try:
        report = report_of(stage.agent())
    finally:
        late.unlink()
    refused = [row["path"].rpartition("/")[2] for row in report["refused"]]
    require("Files that the agent was refused", expected=[FORBIDDEN_FILE], found=refused)
    require("Files sent", expected=0, found=report["sent"])
    return f"{len(DATASETS) - 1} datasets; the owner's and the agent's further files are refused"


def download(stage: Stage) -> str:
    """Every file of the owner's, and ranges of a plain and a packed one."""
    owner, count, size = stage.people[OWNER], 0, 0
    target = stage.folder / "downloads" / "file"
    target.parent.mkdir(exist_ok=True)
    for each, path, file in stage.instrument.every():
        if each.owner == OWNER:
            owner.download(stage.datasets[each], path, target)
            size += _same(path, file, target)
            count += 1
    small = max(stage.instrument.files(SHARED).items(), key=lambda item: item[1].stat().st_size)
    ranges = _compare_ranges(
        owner, stage.datasets[RAW], RAW_FILE, stage.instrument.files(RAW)[RAW_FILE]
    )
    ranges += _compare_ranges(owner, stage.datasets[SHARED], *small)
    return f"{count} files, {show_size(size)}, and {ranges} ranges compared"


def download_zips(stage: Stage) -> str:
    """The owner's datasets as zips."""
    size, count = 0, 0
    mine = [each for each in DATASETS if each.owner == OWNER]
    for each in mine:
        target = stage.folder / "downloads" / f"{each.name}.zip"
        stage.people[OWNER].download_zip(stage.datasets[each], target)
        files = {f"{each.name}/{p}": file for p, file in stage.instrument.files(each).items()}
        try:
            with zipfile.ZipFile(target) as packed:
                require_same_names(
                    f"Files in {target.name}", expected=files.keys(), found=packed.namelist()
                )
                for path, file in files.items():
                    with packed.open(path) as found, file.open("rb") as expected:
                        size += require_same_bytes(path, expected=expected, found=found)  # type: ignore[arg-type]
                    count += 1
        except zipfile.BadZipFile as error:
            raise Broken(target.name, expected="a zip", found=error) from None
    return f"{len(mine)} zips with {count} files, {show_size(size)} compared"


def _require_sees(stage: Stage, username: str, datasets: list[Recorded]) -> None:
    """The list, each dataset itself, and its files."""
    hub = stage.people[username]
    require_same_names(
        f"Datasets that {username} sees",
        expected=[each.name for each in datasets],
        found=[row["name"] for row in hub.datasets()],
    )
    for each in datasets:
        found = ask(hub, "GET", f"api/datasets/{stage.datasets[each]}/")
        expected = len(stage.instrument.files(each))
        require(f"Files of {each.name}", expected=expected, found=found["file_count"])


def _require_absent(stage: Stage, username: str) -> None:
    """Every way to the shared dataset looks as if it were not there."""
    hub, dataset = stage.people[username], stage.datasets[SHARED]
    path = next(iter(stage.instrument.files(SHARED)))
    content = f"api/datasets/{dataset}/content/{segment(path, keep='/')}"
    ways = (f"api/datasets/{dataset}/", f"api/datasets/{dataset}/files/", content)
    for way in (*ways, f"api/datasets/{dataset}/zip", f"api/entities/{dataset}/"):
        _require_refused(f"{way} for {username}", NotFound, partial(_get, hub, way))


def _get(hub: Hub, way: str) -> bytes:
    with hub.http.request("GET", way) as answer:
        return b"".join(answer.pieces())


def _require_refused(what: str, kind: type[LaganError], act: Callable[[], Any]) -> None:
    try:
        act()
    except kind:
        return
    except LaganError as error:
        raise Broken(what, expected=kind.code, found=f"{error.code}: {error.sentence}") from None
    raise Broken(what, expected=kind.code, found="it was done")


def _same(what: str, expected: Path, found: Path) -> int:
    with expected.open("rb") as one, found.open("rb") as other:
        return require_same_bytes(what, expected=one, found=other)


def _compare_ranges(hub: Hub, dataset: str, path: str, file: Path) -> int:
    """The first byte, the last ones, the middle, and all but the first."""
    data = file.read_bytes()
    size, middle = len(data), len(data) // 2
    ranges = {
        "0-0": data[:1],
        "-500": data[-500:],
        f"{middle}-{middle + 4999}": data[middle : middle + 5000],
        f"1-{size}": data[1:],
    }
    for asked, wanted in ranges.items():
        address = f"api/datasets/{dataset}/content/{segment(path, keep='/')}"
        headers = {"Range": f"bytes={asked}", "Accept-Encoding": "identity"}
        with hub.http.request("GET", address, headers=headers) as answer:
            found = io.BytesIO(b"".join(answer.pieces()))
            require(f"{path}, bytes {asked}, status", expected=206, found=answer.status)
        what = f"{path}, bytes {asked}"
        require_same_bytes(what, expected=io.BytesIO(wanted), found=found)
    return len(ranges)

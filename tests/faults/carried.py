"""Jobs over many small files, watched through the API: what is planted, how far a job is, and that
each path has exactly one outcome."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from tests.services.hub import Hub


def look(hub: Hub, job: int) -> dict[str, Any]:
    """The job as the API shows it; asked again while the hub is away."""
    while True:
        try:
            with hub.administrator() as client:
                answer = client.get(f"/api/jobs/{job}/")
        except httpx.TransportError:
            continue
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown


def run(hub: Hub, **given: Any) -> int:
    """Start a workflow; the job's id."""
    with hub.administrator() as client:
        answer = client.post("/api/file/workflow/", json=given)
    assert answer.status_code == 201, answer.text
    job: int = answer.json()["job"]
    return job


def plant(root: Path, files: int) -> None:
    """Small files in folders of a hundred, each with content of its own."""
    for number in range(files):
        path = file_at(root, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content(number))


def file_at(root: Path, number: int) -> Path:
    return root / "data" / f"run {number // 100:03}" / f"{number:05}.raw"


def content(number: int) -> bytes:
    return f"{number} ".encode() * (number % 50 + 1)


def expect_one_outcome_each(hub: Hub, job: int, files: int) -> None:
    """Every path is told once: as processed, or, where whoever did it died before it could say so,
    as skipped because it was done already."""
    shown = look(hub, job)
    assert (shown["state"], shown["numfailedfiles"]) == ("SUCCESS", 0), outcomes(hub, job, "failed")
    assert shown["numfiles"] == shown["numprocessedfiles"] + shown["numskippedfiles"] == files
    told = outcomes(hub, job, "processed")
    assert len(told) == shown["numprocessedfiles"]
    skipped = outcomes(hub, job, "skipped")
    assert {each["category"] for each in skipped} <= {"skipped.already"}
    paths = [each["path"] for each in told + skipped]
    assert len(paths) == len(set(paths)) == files


def outcomes(hub: Hub, job: int, category: str) -> list[dict[str, Any]]:
    """The paths of a job with what became of them, page by page."""
    found: list[dict[str, Any]] = []
    following = f"/api/jobs/{job}/files/?category={category}&size=5000"
    with hub.administrator() as client:
        while following:
            page = client.get(following).json()
            found += page["files"]
            following = page["next"]
    return found


def over(hub: Hub, job: int) -> bool:
    return look(hub, job)["state"] not in ("PENDING", "STARTED")

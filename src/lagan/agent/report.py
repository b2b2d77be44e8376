"""What a run found and did, for people, for programs and for the exit code."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lagan.agent.errors import SOME_FAILED, SOME_REFUSED, Stopped
from lagan.agent.scan import Remark
from lagan.kit.files import write_atomically
from lagan.kit.sizes import show_size


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(slots=True)
class Report:
    """Counts of files (and bytes), and by name what did not go.

    `refused` needs somebody; `failed` could not be sent for the moment; `left` waits for the next
    run
    because it may still be written; `passed_over` are links and devices, which are never sent.
    """

    started: str = field(default_factory=_now)
    finished: str | None = None
    stopped: bool = False
    datasets: int = 0
    found: int = 0
    found_bytes: int = 0
    filtered: int = 0
    already: int = 0
    from_cache: int = 0
    looked_up: int = 0
    sent: int = 0
    sent_bytes: int = 0
    archived: int = 0
    verified: int = 0
    refused: list[Remark] = field(default_factory=list)
    failed: list[Remark] = field(default_factory=list)
    left: list[Remark] = field(default_factory=list)
    passed_over: list[Remark] = field(default_factory=list)

    @property
    def exit(self) -> int:
        """0 when every finished file is archived; see `lagan agent --help` for the others."""
        if self.stopped:
            return Stopped.exit
        if self.failed:
            return SOME_FAILED
        return SOME_REFUSED if self.refused else 0

    def end(self) -> None:
        """Note the time."""
        self.finished = _now()

    def document(self) -> dict[str, Any]:
        """The report as JSON can hold it."""
        lists = ("refused", "failed", "left", "passed_over")
        made = {**asdict(self), "exit": self.exit}
        return made | {
            name: [
                {"path": each.path, "reason": each.reason, "state": each.condition.name.lower()}
                for each in getattr(self, name)
            ]
            for name in lists
        }


def save(report: Report, folder: Path) -> None:
    """Keep the report as `report.json` in `folder`; it is there whole or as it was before."""
    data = json.dumps(report.document(), ensure_ascii=False, indent=1).encode()
    write_atomically(folder / "report.json", data)


def load(folder: Path) -> dict[str, Any] | None:
    """The last report kept in `folder`, None when there is none."""
    try:
        given = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return given if isinstance(given, dict) else None


def summary(document: dict[str, Any], most: int = 20) -> list[str]:
    """A report's document as lines for people, at most `most` names of a kind."""
    lines = [
        f"Found    {document['found']} files ({show_size(document['found_bytes'])})"
        f" in {document['datasets']} datasets",
        f"There    {document['already']} already archived",
        f"Sent     {document['sent']} ({show_size(document['sent_bytes'])})",
        f"Archived {document['archived']}, of which {document['verified']}"
        " with every replica verified",
    ]
    titles = {
        "refused": "Refused",
        "failed": "Failed",
        "left": "Left for the next run",
        "passed_over": "Passed over",
    }
    for name, title in titles.items():
        rows = document[name]
        if rows:
            lines.append(f"{title}: {len(rows)}")
            lines += [f"  {row['path']}: {row['reason']}" for row in rows[:most]]
            lines += [f"  ... and {len(rows) - most} more (report.json)"] * (len(rows) > most)
    if document["stopped"]:
        lines.append("Stopped before the end; the next run goes on from here.")
    return lines

"""The report of a data check, in the words of the archive server that programs look for.

Source: reference/ngas-http.md section 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

SUBJECT = "DATA CHECK REPORT"
UNREGISTERED = "NOT REGISTERED FILES FOUND ON STORAGE DISKS"
GENERATED = "NOTICE: Missing checksum - generated"
MOST = 1000
"""Lines of each kind that are kept: a mail is read by people."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that was found. `healed` is where good bytes came from."""

    text: str
    file_id: str
    version: int
    slot: str
    disk_id: str
    healed: str = ""


@dataclass(slots=True)
class Report:
    """What a check found, as it goes."""

    host_id: str
    began: str
    files: int = 0
    bytes: int = 0
    damaged: int = 0
    healed: int = 0
    problems: list[Problem] = field(default_factory=list)
    unregistered: int = 0
    strangers: list[str] = field(default_factory=list)
    notices: int = 0

    def add(self, problem: Problem) -> None:
        """One more problem, or notice."""
        if problem.text.startswith("NOTICE"):
            self.notices += 1
        else:
            self.damaged += 1
            self.healed += bool(problem.healed)
        if len(self.problems) < MOST:
            self.problems.append(problem)

    def add_unregistered(self, names: Sequence[str]) -> None:
        """Files that nobody catalogued, by their paths."""
        self.unregistered += len(names)
        self.strangers.extend(names[: MOST - len(self.strangers)])

    @property
    def matters(self) -> bool:
        """Whether anybody should read it."""
        return bool(self.damaged or self.unregistered or self.notices)


def written(report: Report, ended: str, seconds: float, *, scan: bool) -> str:
    """The report's text."""
    rate = report.bytes / max(seconds, 1e-3) / 1e6
    lines = [
        f"{SUBJECT}:",
        "",
        f"Host ID:              {report.host_id}",
        f"Start:                {report.began}",
        f"End:                  {ended}",
        f"Kind of check:        {'scan' if scan else 'checksum'}",
        f"Files checked:        {report.files}",
        f"Bytes read:           {report.bytes} ({rate:.1f} MB/s)",
        f"Problems found:       {report.damaged}",
        f"Problems healed:      {report.healed}",
        f"Files not registered: {report.unregistered}",
        *_problems(report),
        *_strangers(report),
    ]
    return "\n".join(lines) + "\n"


def _problems(report: Report) -> list[str]:
    if not report.problems:
        return ["", "NO PROBLEMS WITH REGISTERED FILES FOUND"]
    lines = ["", "PROBLEMS FOUND:", ""]
    for each in report.problems:
        healed = f" Healed from {each.healed}." if each.healed else ""
        lines.append(
            f"{each.text} File ID: {each.file_id}, Version: {each.version}, "
            f"Slot ID: {each.slot}, Disk ID: {each.disk_id}.{healed}"
        )
    return lines + _more(report.damaged + report.notices - len(report.problems))


def _strangers(report: Report) -> list[str]:
    if not report.strangers:
        return []
    return ["", f"{UNREGISTERED}:", "", *report.strangers] + _more(
        report.unregistered - len(report.strangers)
    )


def _more(count: int) -> list[str]:
    return [f"... and {count} more."] if count > 0 else []

"""What a run came to, in the documented sentences."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lagan.agent.report import Report
from lagan.kit.sizes import show_size

TROUBLES = (("refused", "refused"), ("failed", "not sent"), ("left", "left for the next run"))


def sentence(report: Report) -> tuple[str, str]:
    """The tone of a run's end and a sentence about it."""
    return describe(report.document())


def describe(document: Mapping[str, Any]) -> tuple[str, str]:
    """The same of a report that was kept."""
    if document["stopped"]:
        return "waits", f"Stopped; {_sent(document)} The next run goes on from there."
    troubles = [f"{len(document[name])} {word}" for name, word in TROUBLES if document[name]]
    if document["refused"] or document["failed"]:
        tone = "bad" if document["failed"] else "doubt"
        return tone, f"Completed with {', '.join(troubles)}; {_sent(document)}"
    if not document["datasets"]:
        return "waits", "No folders were found to upload from."
    rest = f" {', '.join(troubles).capitalize()}." if troubles else ""
    if not document["sent"]:
        return "good", f"No new files were found in {_many(document['datasets'], 'dataset')}.{rest}"
    return "good", f"Completed successfully; {_sent(document)}{rest}"


def average(document: Mapping[str, Any]) -> float | None:
    """Bytes a second over the whole run, None for less than a second."""
    try:
        began = datetime.fromisoformat(document["started"])
        ended = datetime.fromisoformat(document["finished"])
    except (TypeError, ValueError):
        return None
    seconds = (ended - began).total_seconds()
    return float(document["sent_bytes"]) / seconds if seconds >= 1 else None


def when(document: Mapping[str, Any]) -> str:
    """The local time at which the run ended."""
    try:
        ended = datetime.fromisoformat(document["finished"])
    except (TypeError, ValueError):
        return "at an unknown time"
    return ended.astimezone().strftime("%Y-%m-%d %H:%M")


def _sent(document: Mapping[str, Any]) -> str:
    told = f"{_many(document['sent'], 'file')} sent"
    if document["sent"]:
        told += f" ({show_size(document['sent_bytes'])}"
        speed = average(document)
        told += f", {show_size(round(speed))}/s on average)" if speed else ")"
    return f"{told}."


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

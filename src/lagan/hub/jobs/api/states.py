"""Tasks' states in the words that programs of the workflow hub know, which are those of jobs."""

from __future__ import annotations

from django.db.models import Q

from lagan.hub.jobs.rules import JobState, TaskState
from lagan.kit.errors import BadInput

_SAID: dict[str, JobState] = {
    TaskState.FOUND: JobState.PENDING,
    TaskState.HELD: JobState.PENDING,
    TaskState.QUEUED: JobState.PENDING,
    TaskState.RUNNING: JobState.STARTED,
    TaskState.DONE: JobState.SUCCESS,
    TaskState.FAILED: JobState.ERROR,
    TaskState.CANCELLED: JobState.CANCELLED,
}


def said(state: str, failed: int) -> str:
    """The word for a task of this state of which so many items failed: one that was run to its end
    is a FAILURE when an item failed, one that could not be run to its end an ERROR."""
    if state == TaskState.DONE and failed:
        return JobState.FAILURE.value
    return _SAID[state].value


def meant(word: str) -> Q:
    """The tasks of which `said` says `word`. BadInput for a word that it never says."""
    wanted = word.strip().upper()
    if wanted not in JobState.values:
        raise BadInput(f"A state is one of {', '.join(JobState.values)}.", field="state")
    if wanted == JobState.FAILURE:
        return Q(state=TaskState.DONE, failed_items__gt=0)
    states = [state for state, known in _SAID.items() if known == wanted]
    found = Q(state__in=states)
    return found & Q(failed_items=0) if wanted == JobState.SUCCESS else found

"""A run that only tells what it would do: scan and look-ups, nothing made, nothing sent."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import Any

from lagan.agent import filters
from lagan.agent.names import shown
from lagan.agent.plan import Action, Task, decide, windows
from lagan.agent.scan import Folder, Remark, scan
from lagan.agent.server import Server
from lagan.agent.settings import Settings
from lagan.agent.settle import may_still_grow, quiet_for
from lagan.agent.state import State
from lagan.agent.targets import connect, describe
from lagan.agent.verify import ask
from lagan.client import State as Known
from lagan.kit.errors import NotFound

_WORDS = {
    Action.SKIP: "archived", Action.COMPARE: "other time, digests would be compared",
    Action.BATCH: "needs uploading", Action.RESUMABLE: "needs uploading",
    Action.REFUSE: "refused name", Action.WAIT: "there, not verified yet",
}  # fmt: skip


@dataclass(slots=True)
class DatasetPreview:
    """What would become of one folder; `known` is whether an earlier run has made its dataset."""

    folder: str
    name: str
    owner: str
    experiment: str | None
    known: bool
    files: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Preview:
    """What a run would do now; `counts` by what would become of the files."""

    datasets: list[DatasetPreview]
    counts: dict[str, int]
    remarks: list[Remark]

    def document(self) -> dict[str, Any]:
        """The preview as JSON can hold it."""
        return asdict(self) | {
            "remarks": [{"path": each.path, "reason": each.reason} for each in self.remarks]
        }


def preview(settings: Settings) -> Preview:
    """Look, and say what `sync` would do. A dataset of which no earlier run is remembered counts
    as new."""
    seen = scan(settings, filters.from_settings(settings), time.time())
    with closing(connect(settings)) as hub, closing(State(settings.state)) as state:
        account = str(hub.me()["username"])
        made = [_dataset(folder, settings, account, state) for folder in seen.folders]
        tasks = [
            (index, Task(dataset, folder.root, item))
            for index, (folder, (_, dataset)) in enumerate(zip(seen.folders, made, strict=True))
            if dataset
            for item in folder.files
        ]
        words: dict[int, str] = {}
        for window in windows(task for _, task in tasks):
            for task, (known, _) in zip(window, _ask(hub, window), strict=True):
                words[id(task)] = _word(task, known, settings)
    previews = [each for each, _ in made]
    for index, task in tasks:
        previews[index].files[shown(task.item.path)] = words[id(task)]
    return Preview(previews, _count(previews), seen.remarks)


def lines(seen: Preview) -> Iterator[str]:
    """A preview for people: datasets with their files, remarks, a summary by kinds, and how many
    files would go."""
    for each in seen.datasets:
        kind = "dataset" if each.known else "new dataset"
        group = f" in {each.experiment!r}" if each.experiment else ""
        count = _many(len(each.files))
        yield f"{each.folder}: {kind} {each.name!r} of {each.owner}{group}, {count}"
        yield from (f"  {word}: {path}" for path, word in each.files.items())
    yield from (f"{remark.path}: {remark.reason}" for remark in seen.remarks)
    told = ", ".join(f"{number} {word}" for word, number in sorted(seen.counts.items()))
    yield f"Summary: {told or 'no files'}."
    yield f"{_many(seen.counts.get(_WORDS[Action.BATCH], 0))} would be uploaded."


def _many(files: int) -> str:
    return "1 file" if files == 1 else f"{files} files"


def _ask(hub: Server, window: Sequence[Task]) -> list[tuple[Known, str | None]]:
    """The states; nothing is there of a dataset that was removed since an earlier run."""
    try:
        return ask(hub, window)
    except NotFound:
        return [(Known.ABSENT, None)] * len(window)


def _dataset(
    folder: Folder, settings: Settings, account: str, state: State
) -> tuple[DatasetPreview, str | None]:
    wanted = describe(folder, account)
    dataset = state.dataset(folder.root, folder.name)
    made = DatasetPreview(
        shown(folder.root), folder.name, wanted.owner, wanted.experiment, dataset is not None
    )
    if dataset is None:
        for item in folder.files:
            made.files[shown(item.path)] = _word(
                Task("", folder.root, item), Known.ABSENT, settings
            )
    return made, dataset


def _word(task: Task, known: Known, settings: Settings) -> str:
    action = decide(known, task.item.size, settings.small_file_limit)
    sends = action in (Action.BATCH, Action.RESUMABLE)
    if sends and may_still_grow(task.item.mtime_ns, time.time(), quiet_for(settings)):
        return "may still be written"
    return "archived and verified" if known is Known.VERIFIED else _WORDS[action]


def _count(previews: Sequence[DatasetPreview]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for each in previews:
        for word in each.files.values():
            counts[word] = counts.get(word, 0) + 1
    return counts

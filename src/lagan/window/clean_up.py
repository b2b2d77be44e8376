"""The Clean-up view: look for local files whose copies are verified, choose, remove after a
question. What is removed is proven once more by the agent at that moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from lagan.agent.cleanup import CleanUp, candidates, clear
from lagan.agent.errors import Stopped
from lagan.agent.rows import CleanUpRow
from lagan.agent.settings import Settings
from lagan.kit.sizes import show_size
from lagan.window import asking, pictures
from lagan.window.columns import View
from lagan.window.errands import Errand
from lagan.window.notice import Notice
from lagan.window.page import Page

SHOWN = 4000
"""Rows that are shown at a time."""


class CleanUpPage(Page[CleanUpRow]):
    """`settings` gives those in force, None while there are none."""

    def __init__(self, view: View[CleanUpRow]) -> None:
        super().__init__(view)
        self.settings: Callable[[], Settings | None] = lambda: None
        self.notice = Notice()
        self._errand: Errand | None = None
        self.look_button = QPushButton(pictures.icon("search"), "Look for files")
        self.all_button = QPushButton("Select all verified")
        self.none_button = QPushButton("Select none")
        self.remove_button = QPushButton(pictures.icon("clean"), "Remove selected…")
        self.look_button.clicked.connect(self.look)
        self.all_button.clicked.connect(lambda: self._tick_all(True))
        self.none_button.clicked.connect(lambda: self._tick_all(False))
        self.remove_button.clicked.connect(self.remove)
        self._lay_out_buttons()
        self.model.dataChanged.connect(lambda *_: self._count())
        self._count()

    def look(self) -> None:
        """Ask the hub about every local file that it was once sent."""
        settings = self.settings()
        if settings is None or self._errand is not None:
            return
        self.clear()
        self.notice.show_words("busy", "Asking the hub about the files that are here…")
        self._begin(lambda stop: _found(settings, stop), self._show)

    def remove(self) -> None:
        """Remove what is ticked, after a question."""
        settings, ticked = self.settings(), self.ticked()
        if settings is None or not ticked or self._errand is not None:
            return
        size = show_size(sum(row.size for row in ticked))
        question = (
            f"Remove {len(ticked):,} local files ({size})?\nTheir copies at the hub are verified,"
            " and each is compared with its copy once more before it goes."
        )
        if asking.confirm(self, "Clean-up", question, "Remove"):
            self.notice.show_words("busy", "Comparing and removing…")
            chosen = frozenset(row.file for row in ticked)
            self._begin(lambda stop: _cleared(settings, chosen, stop), self._removed)

    def ticked(self) -> list[CleanUpRow]:
        """The rows whose box is ticked, shown or not."""
        return [row for row in self.model.rows() if row.selected]

    def stop(self) -> None:
        """End what goes on; what was removed by then stays removed."""
        if self._errand is not None:
            self._errand.stop()
            self._errand.wait()
            self._end()

    def _begin(self, work: Callable[[threading.Event], Iterator[object]], hear: object) -> None:
        self._errand = Errand(work)
        self._errand.told.connect(hear)
        self._errand.ended.connect(self._end)
        self._errand.failed.connect(self._failed)
        self._count()
        self._errand.start()

    def _show(self, rows: list[CleanUpRow]) -> None:
        self.apply(rows)
        verified = sum(row.verified for row in self.model.rows())
        told = f"{verified:,} of {len(self.model.rows()):,} local files have verified copies."
        self.notice.show_words("good" if verified else "waits", told)

    def _removed(self, done: CleanUp) -> None:
        gone = frozenset(done.removed)
        kept = [row for row in self.model.rows() if row.file not in gone]
        self.clear()
        self.apply([replace(row, selected=False) for row in kept])
        told = f"{len(done.removed):,} files removed, {show_size(done.freed)} freed."
        reasons = {f"{each.path}: {each.reason}" for each in done.kept}
        if reasons:
            told += f" {len(reasons):,} stay: {sorted(reasons)[0]}"
            told += " and others." if len(reasons) > 1 else "."
        self.notice.show_words("doubt" if reasons else "good", told)

    def _failed(self, sentence: str) -> None:
        self.notice.show_words("bad", sentence)
        self._end()

    def _end(self) -> None:
        self._errand = None
        self._count()

    def _tick_all(self, ticked: bool) -> None:
        """Of the rows that the search shows."""
        model = self.model
        shown = [model.row(model.index(n, 0)) for n in range(model.rowCount())]
        self.apply([replace(row, selected=ticked and row.verified) for row in shown])
        self._count()

    def _count(self) -> None:
        rows, idle = self.model.rows(), self._errand is None
        ticked = self.ticked()
        size = f" ({show_size(sum(row.size for row in ticked))})" if ticked else ""
        self.remove_button.setText(f"Remove {len(ticked):,} files{size}…")
        self.remove_button.setEnabled(idle and bool(ticked))
        self.look_button.setEnabled(idle)
        self.all_button.setEnabled(idle and bool(rows))
        self.none_button.setEnabled(idle and bool(ticked))

    def _lay_out_buttons(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(8, 8, 8, 8)
        for each in (self.look_button, self.all_button, self.none_button):
            row.addWidget(each)
        row.addStretch(1)
        row.addWidget(self.remove_button)
        holder = QWidget()
        holder.setLayout(row)
        self.column.insertWidget(0, holder)
        self.column.insertWidget(1, self.notice)


def _found(settings: Settings, stop: threading.Event) -> Iterator[list[CleanUpRow]]:
    rows = candidates(settings)
    for start in range(0, max(len(rows), 1), SHOWN):
        if stop.is_set():
            return
        yield rows[start : start + SHOWN]


def _cleared(
    settings: Settings, chosen: frozenset[str], stop: threading.Event
) -> Iterator[CleanUp]:
    def check() -> None:
        if stop.is_set():
            raise Stopped("The clean-up was stopped.")

    yield clear(settings, chosen=chosen, check=check)

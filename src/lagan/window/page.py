"""One view as a tab's page: its table, its search, what it counts, and words while it is empty."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QPalette, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QLabel,
    QMenu,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from lagan.window import pictures
from lagan.window.columns import Row, View
from lagan.window.painting import BarDelegate
from lagan.window.table import Table

PAUSE = 1000
"""Milliseconds between two arrangements of rows that change while they are searched or sorted."""


class Page(QWidget, Generic[Row]):
    """`opened` and `shown_in_folder` tell the row that somebody wants to see."""

    opened = Signal(object)
    shown_in_folder = Signal(object)

    def __init__(self, view: View[Row]) -> None:
        super().__init__()
        self.view = view
        self.model = Table(view)
        self.table = self._table()
        self._empty = QLabel(view.empty)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.foot = QLabel()
        self.foot.setContentsMargins(8, 4, 8, 4)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.table)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        self.column.addLayout(self._stack, 1)
        self.column.addWidget(self.foot)
        self._later = QTimer(self, singleShot=True, interval=PAUSE)
        self._later.timeout.connect(self._arrange)
        self._follow()

    def apply(self, changes: Iterable[Row]) -> None:
        """Take rows over."""
        if self.model.apply(changes) and not self._later.isActive():
            self._later.start()
        self._follow()

    def clear(self) -> None:
        """Forget every row."""
        self.model.clear()
        self._follow()

    def search(self, text: str) -> None:
        """Show only what matches."""
        self.model.search(text)
        self._follow()

    def chosen(self) -> list[Row]:
        """The rows that are selected."""
        return [self.model.row(each) for each in self.table.selectionModel().selectedRows()]

    def menu(self) -> QMenu:
        """What can be done with the chosen rows."""
        made = QMenu(self)
        chosen = self.chosen()
        if chosen:
            one = chosen[0]
            web = made.addAction(pictures.icon("web"), "Open in the web browser")
            web.triggered.connect(lambda: self.opened.emit(one))
            folder = made.addAction(pictures.icon("folder"), "Show in the file manager")
            folder.triggered.connect(lambda: self.shown_in_folder.emit(one))
            made.addAction("Copy", self.copy)
        return made

    def copy(self) -> None:
        """The chosen rows to the clipboard, cells apart by tabs as a spreadsheet takes them."""
        columns = self.view.columns
        lines = ["\t".join(each.text(row) for each in columns) for row in self.chosen()]
        QApplication.clipboard().setText("\n".join(lines))

    def _table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.model)
        table.setItemDelegate(BarDelegate(table))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setAlternatingRowColors(True)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # paths differ at their ends
        table.setTabKeyNavigation(False)
        table.setSortingEnabled(True)
        table.setFrameShape(QTableView.Shape.NoFrame)
        table.setAccessibleName(self.view.title)
        # Every row is as high as the first: nobody measures a hundred thousand of them.
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 10)
        table.verticalHeader().hide()
        self._widths(table)
        table.doubleClicked.connect(self._open)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._menu_at)
        keys = (QKeySequence.StandardKey.Copy, self.copy), (Qt.Key.Key_Return, self._open_chosen)
        for key, act in keys:
            # For this table alone; `activated` would open at a single click where that is a habit.
            shortcut = QShortcut(QKeySequence(key), table, act)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        return table

    def _widths(self, table: QTableView) -> None:
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        unit = table.fontMetrics().averageCharWidth()
        for n, column in enumerate(self.view.columns):
            header.resizeSection(n, column.width * unit + 24)
        header.setSectionResizeMode(self.view.stretch, QHeaderView.ResizeMode.Stretch)

    def _open_chosen(self) -> None:
        for row in self.chosen()[:1]:
            self.opened.emit(row)

    def _open(self, index: QModelIndex) -> None:
        self.opened.emit(self.model.row(index))

    def _menu_at(self, where: QPoint) -> None:
        menu = self.menu()
        if not menu.isEmpty():
            menu.popup(self.table.viewport().mapToGlobal(where))

    def _arrange(self) -> None:
        self.model.arrange()
        self._follow()

    def _follow(self) -> None:
        number, shown = len(self.model.rows()), self.model.rowCount()
        self._stack.setCurrentIndex(1 if number else 0)
        words = f"{number:,} rows" if number != 1 else "1 row"
        self.foot.setText(words if shown == number else f"{shown:,} of {words} match the search")
        self.foot.setVisible(bool(number))

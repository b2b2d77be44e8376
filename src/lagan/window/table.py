"""Rows of a view for Qt: a hundred thousand of them, changed in batches, searched and sorted
here, because a proxy would ask Python about every row again."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Generic

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QIcon

from lagan.window import pictures
from lagan.window.columns import Column, Row, View

Index = QModelIndex | QPersistentModelIndex
FRACTION = int(Qt.ItemDataRole.UserRole)
"""Role of how much is done, from 0 to 1; None for no bar."""
RANK = FRACTION + 1
_NONE = QModelIndex()
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class Table(QAbstractTableModel, Generic[Row]):
    """Rows in the order in which they came, or by a column; all, or those that match a search."""

    def __init__(self, view: View[Row]) -> None:
        super().__init__()
        self.view = view
        self._rows: list[Row] = []
        self._place: dict[Hashable, int] = {}
        self._words: list[str | None] = []
        self._shown: list[int] | None = None
        self._search: tuple[str, ...] = ()
        self._by: tuple[int, bool] | None = None
        self._icons: dict[str, QIcon] = {}

    # What Qt asks

    def rowCount(self, parent: Index = _NONE) -> int:  # noqa: N802 - Qt's name
        """Rows that are shown."""
        if parent.isValid():
            return 0
        return len(self._rows) if self._shown is None else len(self._shown)

    def columnCount(self, parent: Index = _NONE) -> int:  # noqa: N802 - Qt's name
        """Columns of the view."""
        return 0 if parent.isValid() else len(self.view.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows in a role."""
        row = self.row(index)
        column = self.view.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(row)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column.is_number else _LEFT
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.text(row) or None
        if role == Qt.ItemDataRole.CheckStateRole and column.ticked:
            return Qt.CheckState.Checked if column.ticked(row) else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.DecorationRole and column.tone:
            return self._icon(column.tone(row))
        if role == FRACTION and column.fraction:
            return column.fraction(row)
        return column.rank(row) if role == RANK else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Boxes can be ticked; nothing else is changed in a view."""
        flags = super().flags(index)
        if self.view.columns[index.column()].tick:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def setData(  # noqa: N802 - Qt's name
        self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        """Tick a box."""
        tick = self.view.columns[index.column()].tick
        if role != Qt.ItemDataRole.CheckStateRole or tick is None:
            return False
        ticked = Qt.CheckState(value) is Qt.CheckState.Checked
        self.apply([tick(self.row(index), ticked)])
        self.dataChanged.emit(index, index)
        return True

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Titles of the columns."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.view.columns[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if self.view.columns[section].is_number else _LEFT
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By a column; -1 for the order in which rows came."""
        down = order is Qt.SortOrder.DescendingOrder
        self._by = (column, down) if column >= 0 else None
        self.arrange()

    # What the window asks

    def row(self, index: Index) -> Row:
        """The row behind a cell."""
        at = index.row()
        return self._rows[at if self._shown is None else self._shown[at]]

    def rows(self) -> Sequence[Row]:
        """All rows, shown or not, in the order in which they came."""
        return self._rows

    def is_arranged(self) -> bool:
        """Whether what is shown is not simply all rows as they came."""
        return self._shown is not None

    def apply(self, changes: Iterable[Row]) -> bool:
        """Take rows over, new ones at the end; whether `arrange` has something to do now."""
        fresh: list[Row] = []
        low, high = len(self._rows), -1
        place, key, arranged = self._place, self.view.key, self._shown is not None
        for row in changes:
            at = place.get(key(row))
            if at is None:
                place[key(row)] = len(self._rows) + len(fresh)
                fresh.append(row)
            elif at < len(self._rows):
                self._rows[at] = row
                self._words[at] = None
                low, high = min(low, at), max(high, at)
            else:
                fresh[at - len(self._rows)] = row
        if high >= 0 and not arranged:
            self.dataChanged.emit(self.index(low, 0), self.index(high, self.columnCount() - 1))
        self._append(fresh, quietly=arranged)
        return arranged and (high >= 0 or bool(fresh))

    def clear(self) -> None:
        """Forget every row; search and order stay."""
        self.beginResetModel()
        self._rows, self._words, self._place = [], [], {}
        self._shown = None if self._shown is None else []
        self.endResetModel()

    def search(self, text: str) -> None:
        """Show only rows in which every word of `text` occurs, in any case of letters."""
        self._search = tuple(text.casefold().split())
        self.arrange()

    def arrange(self) -> None:
        """Search and sort again; what was selected stays selected."""
        self.layoutAboutToBeChanged.emit()
        before = self._shown
        held = self.persistentIndexList()
        places = [each.row() if before is None else before[each.row()] for each in held]
        self._shown = self._arranged()
        found = self._positions(set(places))
        moved = [
            self.createIndex(found[at], each.column()) if at in found else QModelIndex()
            for at, each in zip(places, held, strict=True)
        ]
        self.changePersistentIndexList(held, moved)
        self.layoutChanged.emit()

    def repaint(self) -> None:
        """Draw icons anew, the palette having changed."""
        self._icons.clear()
        if self.rowCount():
            last = self.index(self.rowCount() - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def _append(self, fresh: list[Row], *, quietly: bool) -> None:
        if not fresh:
            return
        if not quietly:
            self.beginInsertRows(_NONE, len(self._rows), len(self._rows) + len(fresh) - 1)
        self._rows += fresh
        self._words += [None] * len(fresh)
        if not quietly:
            self.endInsertRows()

    def _arranged(self) -> list[int] | None:
        if not self._search and self._by is None:
            return None
        shown = list(range(len(self._rows)))
        for word in self._search:
            words = self._searchable()
            shown = [at for at in shown if word in words[at]]
        if self._by is not None:
            column, down = self._by
            rank, rows = self.view.columns[column].rank, self._rows
            shown.sort(key=lambda at: rank(rows[at]), reverse=down)
        return shown

    def _searchable(self) -> list[str]:
        """Each row's words; made once a row, and again when it has changed."""
        columns: tuple[Column[Row], ...] = self.view.columns
        for at, words in enumerate(self._words):
            if words is None:
                row = self._rows[at]
                self._words[at] = "\n".join([each.text(row) for each in columns]).casefold()
        return self._words  # type: ignore[return-value]  # none is None any more

    def _positions(self, wanted: set[int]) -> dict[int, int]:
        """Where the wanted rows are shown now."""
        if self._shown is None or not wanted:
            return {at: at for at in wanted}
        return {at: shown for shown, at in enumerate(self._shown) if at in wanted}

    def _icon(self, tone: str | None) -> QIcon | None:
        if tone is None:
            return None
        if tone not in self._icons:
            self._icons[tone] = pictures.icon(tone)
        return self._icons[tone]

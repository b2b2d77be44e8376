"""How much of a file is sent, as a bar with its words."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from lagan.window.table import FRACTION


class BarDelegate(QStyledItemDelegate):
    """Paints a bar where the model has a fraction, and the cell's words over it."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """One cell."""
        done = index.data(FRACTION)
        if done is None:
            super().paint(painter, option, index)
            return
        bare = QStyleOptionViewItem(option)
        self.initStyleOption(bare, index)
        bare.text = ""
        style = bare.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, bare, painter, bare.widget)
        area = QRectF(option.rect.adjusted(5, 5, -5, -5))
        self._bar(painter, area, float(done), option)
        painter.save()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        role = QPalette.ColorRole.HighlightedText if chosen else QPalette.ColorRole.Text
        painter.setPen(option.palette.color(role))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, index.data())
        painter.restore()

    @staticmethod
    def _bar(painter: QPainter, area: QRectF, done: float, option: QStyleOptionViewItem) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        trough = option.palette.color(QPalette.ColorRole.Text)
        trough.setAlpha(26)
        painter.setBrush(trough)
        painter.drawRoundedRect(area, 3, 3)
        if done > 0:
            full = option.palette.color(QPalette.ColorRole.Highlight)
            full.setAlpha(110)
            painter.setBrush(full)
            width = max(6.0, area.width() * min(done, 1.0))
            painter.drawRoundedRect(QRectF(area.x(), area.y(), width, area.height()), 3, 3)
        painter.restore()

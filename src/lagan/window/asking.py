"""Questions and remarks in boxes of their own."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from lagan.window import pictures


def confirm(parent: QWidget | None, title: str, question: str, yes: str) -> bool:
    """Ask; the first line stands out. Whether the button named `yes` was pressed."""
    head, _, rest = question.partition("\n")
    box = QMessageBox(QMessageBox.Icon.Question, title, head, parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText(rest.strip())
    go = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    back = box.addButton("Back", QMessageBox.ButtonRole.RejectRole)
    pictures.without_icons(box)
    box.setDefaultButton(go)
    box.setEscapeButton(back)
    box.exec()
    return box.clickedButton() is go


def choose(parent: QWidget | None, title: str, question: str, choices: Sequence[str]) -> str:
    """Ask which; the first line stands out, the first choice is Return's, the last is Escape's."""
    head, _, rest = question.partition("\n")
    box = QMessageBox(QMessageBox.Icon.Question, title, head, parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText(rest.strip())
    role = QMessageBox.ButtonRole.ActionRole
    buttons = {box.addButton(each, role): each for each in choices}
    pictures.without_icons(box)
    first, *_, last = buttons
    box.setDefaultButton(first)
    box.setEscapeButton(last)
    box.exec()
    return next(
        (name for each, name in buttons.items() if each is box.clickedButton()), choices[-1]
    )


def tell(parent: QWidget | None, title: str, text: str) -> None:
    """Say something that somebody has to know now."""
    box = QMessageBox(QMessageBox.Icon.Information, title, text, parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.addButton(QMessageBox.StandardButton.Ok)
    pictures.without_icons(box)
    box.exec()

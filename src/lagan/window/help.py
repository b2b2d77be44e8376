"""What every setting means, in a window of its own; it needs no network."""

from __future__ import annotations

from html import escape

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from lagan.agent.keys import KEYS
from lagan.window import fields, pictures
from lagan.window.editors import plain_note

_INTRODUCTION = """
<p>The agent looks into the data directory, finds the datasets in it by the folder structure, sends
what the hub lacks, and proves that it arrived. Nothing is ever removed here unless you say so, in
the Clean-up view or by its setting, and only what has verified copies.</p>
<p><b>OK</b> checks the settings here and at the hub before they are saved. A settings file can be
dropped onto the dialogue; <b>Ctrl+S</b> saves a copy of what the fields say.</p>
"""


class HelpWindow(QDialog):
    """Stays open beside what it explains."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("What the settings mean")
        self.resize(620, 640)
        self.text = QTextBrowser()
        self.text.setHtml(html())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        pictures.without_icons(buttons)
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.addWidget(self.text)
        column.addWidget(buttons)


def html() -> str:
    """The whole text."""
    parts = [_INTRODUCTION]
    for tab, sections in fields.tabs().items():
        parts.append(f"<h3>{escape(tab)}</h3><table cellpadding='3'>")
        parts += [_line(name) for section in sections for name in section.names]
        parts.append("</table>")
    return "".join(parts)


def _line(name: str) -> str:
    key = KEYS[name]
    note = plain_note(key) or "Read from older files; nothing depends on it"
    default = f" (unless set: {escape(str(key.default))})" if str(key.default) else ""
    return f"<tr><td><b>{escape(fields.label(name))}</b></td><td>{escape(note)}{default}</td></tr>"

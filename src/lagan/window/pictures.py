"""Our own icons, drawn in the colours of the system's palette, so that light and dark both suit
them."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QDialogButtonBox, QMessageBox

SIZES = (16, 24, 32, 48)
"""Edges in pixels; each is drawn for screens of one and of two pixels a point."""

TONES = {
    "good": ("#1a7f37", "#57c46c"),
    "bad": ("#c62828", "#ff7b72"),
    "doubt": ("#9a6700", "#e3b341"),
    "busy": ("#0b62b0", "#6cb6ff"),
    "waits": ("#5f6b76", "#9aa5b1"),
}
"""Colour of a state's icon on a light and on a dark background; all reach 4.5 to 1."""


def icon(name: str) -> QIcon:
    """The icon `name` in the colour of text; a state's in its tone; the product's as it is."""
    palette = QGuiApplication.palette()
    dark = is_dark(palette)
    if name in TONES:
        return _drawn(name, TONES[name][dark], TONES[name][dark])
    text = palette.color(QPalette.ColorRole.ButtonText).name()
    pale = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText).name()
    return _drawn(name, text, pale)


def tone(name: str) -> QColor:
    """The colour of a state on the palette's background."""
    return QColor(TONES[name][is_dark(QGuiApplication.palette())])


def without_icons(buttons: QDialogButtonBox | QMessageBox) -> None:
    """Take away the icons that some systems draw on OK and Cancel, each in a style of its own."""
    for button in buttons.buttons():
        button.setIcon(QIcon())


def is_dark(palette: QPalette) -> bool:
    """Whether text is lighter than what it stands on."""
    text = palette.color(QPalette.ColorRole.Text).lightness()
    return text > palette.color(QPalette.ColorRole.Base).lightness()


@lru_cache(maxsize=200)
def _drawn(name: str, colour: str, pale: str) -> QIcon:
    source = (files("lagan.window") / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    made = QIcon()
    for mode, shade in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, pale)):
        drawing = QSvgRenderer(QByteArray(source.replace("currentColor", shade).encode()))
        for size in SIZES:
            for ratio in (1, 2):
                made.addPixmap(_pixmap(drawing, size * ratio, ratio), mode)
    return made


def _pixmap(drawing: QSvgRenderer, edge: int, ratio: int) -> QPixmap:
    picture = QPixmap(edge, edge)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    drawing.render(painter, QRectF(0, 0, edge, edge))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture

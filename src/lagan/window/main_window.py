"""The window: toolbar, headline, a tab a view; it shows what the feed tells and passes on what
people want."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QEvent, QSettings, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QLabel,
    QLineEdit,
    QMainWindow,
    QSizePolicy,
    QTabWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from lagan.agent.rows import FolderRow
from lagan.window import pictures
from lagan.window.actions import Actions
from lagan.window.clean_up import CleanUpPage
from lagan.window.columns import View
from lagan.window.feed import Feed, News, Sent
from lagan.window.headline import Headline
from lagan.window.journal import Journal, LogPage
from lagan.window.page import Page
from lagan.window.views import views

TICK = 100
"""Milliseconds between two looks at the feed: fast to the eye, and little work."""
TYPING = 200
"""Milliseconds that somebody may pause while writing into the search box."""
TOOLBAR = ("sync", "stop", "", "test", "", "folder", "web", "", "clean", "settings")
"""Names of actions, empty for a line between them."""
LASTING = frozenset({"Tasks", "Clean-up"})
"""Views whose rows outlive a run."""


class MainWindow(QMainWindow):
    """`closing` asks what becomes of a window that somebody closes: it is only hidden here."""

    closing = Signal()
    opened = Signal(object)
    shown_in_folder = Signal(object)

    def __init__(self, feed: Feed, journal: Journal) -> None:
        super().__init__()
        self._feed, self._journal = feed, journal
        self._sent, self._speed = Sent(), 0.0
        self.setWindowTitle("Lagan agent")
        self.setWindowIcon(pictures.icon("lagan"))
        self.resize(1180, 720)
        self.actions_by_name = Actions(self)
        self.headline, self.log = Headline(), LogPage()
        self.pages: dict[str, Page[Any]] = {view.title: _page(view) for view in views()}
        self.tabs = self._make_tabs()
        self.search = self._make_search()
        self.counts = QLabel()
        self._lay_out()
        self._make_keys()
        self._timer = QTimer(self, interval=TICK)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        self.headline.show_now("waits", "Ready")
        self.tabs.tabBar().setFocus()

    def look(self) -> None:
        """Show what has changed since the last look."""
        self.log.add(self._journal.take())
        self.show_news(self._feed.take())

    def rest(self) -> None:
        """Look no more."""
        self._timer.stop()

    def show_news(self, news: News) -> None:
        """Show what has changed."""
        if news.begun:
            for title in self.pages.keys() - LASTING:
                self.pages[title].clear()
        for title, rows in news.rows.items():
            self.pages[title].apply(rows)
        if news.said:
            self.headline.show_now("busy", news.said)
            self._journal.say(news.said)
        if news.cache:
            self.counts.setText("{:,} of {:,} look-ups found in cache".format(*news.cache))
        if news.speed is not None or news.sent is not None:
            self._speed = self._speed if news.speed is None else news.speed
            self._sent = news.sent or self._sent
            self.headline.show_sent(self._sent, self._speed)

    def show_running(self, running: bool) -> None:
        """Let people begin, or stop, whichever makes sense."""
        self.actions_by_name["sync"].setEnabled(not running)
        self.actions_by_name["stop"].setEnabled(running)

    def folders(self) -> Iterable[FolderRow]:
        """The datasets that are shown."""
        rows: Iterable[FolderRow] = self.pages["Folders"].model.rows()
        return rows

    def chosen(self) -> Any:
        """The row that is selected on the tab that is open, None when none is."""
        page = self.tabs.currentWidget()
        rows = page.chosen() if isinstance(page, Page) else []
        return rows[0] if rows else None

    def clean_up(self) -> CleanUpPage:
        """The page of the Clean-up view."""
        page = self.pages["Clean-up"]
        if not isinstance(page, CleanUpPage):
            raise TypeError("The Clean-up view has another page.")
        return page

    def turn_to(self, title: str) -> None:
        """Open a tab."""
        names = [self.tabs.tabText(n) for n in range(self.tabs.count())]
        self.tabs.setCurrentIndex(names.index(title))

    def bring_up(self) -> None:
        """Come to the front, from the tray too."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def keep_shape(self, store: QSettings) -> None:
        """Remember where the window was."""
        store.setValue("shape", self.saveGeometry())

    def take_shape(self, store: QSettings) -> None:
        """Be where it was."""
        shape = store.value("shape")
        if shape is not None:
            self.restoreGeometry(shape)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Whether the program ends with it is not decided here."""
        event.ignore()
        self.closing.emit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Between light and dark everything that we draw is drawn anew."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "counts"):
            self.actions_by_name.repaint()
            self.headline.repaint_icons()
            self._search_icon.setIcon(pictures.icon("search"))
            for page in self.pages.values():
                page.model.repaint()

    def _make_tabs(self) -> QTabWidget:
        tabs = QTabWidget()
        tabs.setDocumentMode(True)
        for title, page in self.pages.items():
            tabs.addTab(page, title)
            page.opened.connect(self.opened)
            page.shown_in_folder.connect(self.shown_in_folder)
        tabs.addTab(self.log, "Log")
        tabs.currentChanged.connect(lambda _: self._search_now())
        return tabs

    def _make_search(self) -> QLineEdit:
        box = QLineEdit()
        box.setPlaceholderText("Search this view")
        box.setAccessibleName("Search this view")
        box.setToolTip("Show only rows in which all these words occur (Ctrl+F)")
        box.setClearButtonEnabled(True)
        box.setMinimumWidth(180)
        box.setMaximumWidth(280)
        self._search_icon = box.addAction(
            pictures.icon("search"), QLineEdit.ActionPosition.LeadingPosition
        )
        later = QTimer(self, singleShot=True, interval=TYPING)
        later.timeout.connect(self._search_now)
        box.textChanged.connect(lambda _: later.start())
        box.returnPressed.connect(self._search_now)
        return box

    def _search_now(self) -> None:
        """Search the tab that is open; another one is searched when it is opened."""
        page = self.tabs.currentWidget()
        if isinstance(page, Page):
            page.search(self.search.text())
        elif page is self.log:
            self.log.search(self.search.text())

    def _lay_out(self) -> None:
        bar = QToolBar("Actions")
        bar.setMovable(False)
        bar.setIconSize(QSize(22, 22))
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        for name in TOOLBAR:
            if name:
                bar.addAction(self.actions_by_name[name])
            else:
                bar.addSeparator()
        room = QWidget()
        room.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(room)
        bar.addWidget(self.search)
        bar.addAction(self.actions_by_name["help"])
        bar.addAction(self.actions_by_name["about"])
        self.addToolBar(bar)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.headline)
        column.addWidget(self.tabs, 1)
        self.setCentralWidget(middle)
        self.statusBar().addPermanentWidget(self.counts)

    def _make_keys(self) -> None:
        QShortcut(QKeySequence.StandardKey.Find, self, self.search.setFocus)
        for n in range(self.tabs.count()):
            act = self.tabs.setCurrentIndex
            QShortcut(QKeySequence(f"Alt+{n + 1}"), self, lambda n=n, act=act: act(n))


def _page(view: View[Any]) -> Page[Any]:
    return CleanUpPage(view) if view.title == "Clean-up" else Page(view)

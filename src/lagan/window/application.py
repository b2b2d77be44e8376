"""The program: engine, window and tray put together, and what happens when people want things."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QSettings, Qt, QTimer, QUrl, Signal
from PySide6.QtWidgets import QApplication

from lagan.agent import log
from lagan.agent.report import Report, load
from lagan.agent.schedule import local_now
from lagan.agent.settings import Settings
from lagan.agent.turn import turn
from lagan.kit.errors import LaganError
from lagan.kit.stopping import on_signals
from lagan.window import asking, autostart, closing, opening, pictures
from lagan.window.collecting import Collector
from lagan.window.engine import Engine
from lagan.window.feed import Feed
from lagan.window.help import HelpWindow
from lagan.window.journal import Journal
from lagan.window.main_window import MainWindow
from lagan.window.settings_dialog import SettingsDialog
from lagan.window.test_run import TestRunWindow
from lagan.window.tray import Tray

SCHEDULED = frozenset({"Once", "Daily", "Weekly", "Timer"})
"""Schedules with which a closed window waits in the tray, as documented."""
NEXT = 2000
"""Milliseconds between two looks at when the next run is due."""
PATIENCE = 60.0
"""Seconds that a run has to end between two pieces when the program ends."""
ABOUT = (
    "Lagan agent\nSends this instrument's data to the hub and proves that it arrived there."
    "\n\nSettings: {config}\nIts memory and last report: {state}"
)


class Application(QObject):
    """Lives as long as the program; `open_url` opens things outside of it."""

    told_to_end = Signal()
    """By the system, from any thread: nobody is there to be asked."""

    def __init__(
        self,
        config: Path,
        *,
        store: QSettings | None = None,
        open_url: Callable[[QUrl], bool] = opening.in_system,
    ) -> None:
        super().__init__()
        self.config, self._open_url = config, open_url
        self._store = store or QSettings("Lagan", "agent")
        self.feed, self.journal = Feed(), Journal()
        self.window = MainWindow(self.feed, self.journal)
        self.engine = Engine(config, self._run, self.feed)
        self.tray = Tray(self.window.actions_by_name, self)
        self.dialog: SettingsDialog | None = None
        self.test_run: TestRunWindow | None = None
        self._has_begun = False
        self._connect()
        self._next = QTimer(self, interval=NEXT)
        self._next.timeout.connect(self._show_next)

    def start(self, *, minimised: bool = False) -> None:
        """Show the window, or the tray's icon alone, and follow the schedule. Without settings
        that can be read their dialogue comes first."""
        self.window.take_shape(self._store)
        self.tray.show()
        self._begin()
        settings = self.engine.settings()
        if not (minimised and self.tray.is_there()):
            self._show_window(settings)
        if settings is None:
            self.open_settings()
        self._next.start()

    def close(self) -> None:
        """End everything; what was being sent goes on with the next run."""
        self._next.stop()
        self.window.headline.show_now("busy", "Ending…")
        self.window.keep_shape(self._store)
        self.window.clean_up().stop()
        self.engine.close(PATIENCE)
        QCoreApplication.sendPostedEvents(self)  # how the run ended is on its way to us
        self._end_log()
        self.window.rest()
        self.tray.icon.hide()
        self.window.hide()

    def quit(self) -> None:
        """End the program, after a question when files are on their way."""
        question = (
            "Files are being sent. End the agent all the same?"
            "\nNothing is lost: the next run goes on where this one stops."
        )
        if self.engine.is_running and not asking.confirm(self.window, "Quit", question, "Quit"):
            return
        self._end()

    def open_settings(self) -> None:
        """The settings dialogue; one at a time."""
        if self.dialog is None:
            self.dialog = SettingsDialog(self.config, self.window)
            self.dialog.saved.connect(self._saved)
            self.dialog.finished.connect(self._settings_closed)
        self.dialog.open()

    def open_test_run(self) -> None:
        """A test run in a window of its own."""
        if settings := self._settings_or_dialog():
            self.test_run = TestRunWindow(settings, self.window)
            self.test_run.show()

    def sync_now(self) -> None:
        """Run at once."""
        if self._settings_or_dialog():
            self.engine.sync_now()
            self.window.show_running(True)
            self.window.headline.show_now("busy", "Starting…")

    def open_web(self, row: Any = None) -> None:
        """The page of a row, or of the one that is chosen, or the hub's."""
        chosen = row or self.window.chosen()
        url = opening.page(chosen, self.window.folders(), self.engine.settings())
        self._open(url, "There is no address yet: it is in the settings.")

    def open_folder(self, row: Any = None) -> None:
        """The folder of a row, or of the one that is chosen, or the data directory."""
        chosen = row or self.window.chosen()
        url = opening.folder(chosen, self.engine.settings())
        self._open(url, "There is no such folder on this computer any more.")

    def _run(self, settings: Settings, stop: threading.Event) -> Report:
        return turn(settings, self.config, self.feed, stop, log.log.info, self.feed)

    def _end(self) -> None:
        self.close()
        QApplication.exit(0)

    def _connect(self) -> None:
        acts: dict[str, Callable[[], object]] = {
            "sync": self.sync_now,
            "stop": self._stop,
            "test": self.open_test_run,
            "folder": self.open_folder,
            "web": self.open_web,
            "clean": lambda: self.window.turn_to("Clean-up"),
            "settings": self.open_settings,
            "help": lambda: HelpWindow(self.window).show(),
            "about": self._about,
            "window": self.window.bring_up,
            "quit": self.quit,
        }
        for name, act in acts.items():
            self.window.actions_by_name[name].triggered.connect(lambda _=False, act=act: act())
        self.told_to_end.connect(self._end, Qt.ConnectionType.QueuedConnection)
        self.window.closing.connect(self._closing)
        self.window.opened.connect(self.open_web)
        self.window.shown_in_folder.connect(self.open_folder)
        self.tray.clicked.connect(self.window.bring_up)
        self.engine.began.connect(self._began)
        self.engine.ended.connect(self._ended)
        self.engine.failed.connect(self._failed)
        self.engine.said.connect(self._say)
        self.window.show_running(False)
        self.window.clean_up().settings = self.engine.settings

    def _begin(self) -> None:
        """Follow the schedule, or say why not."""
        if not self.engine.begin():
            self.window.headline.show_now("doubt", "The settings have to be filled in")
        elif not self._has_begun:
            self._has_begun = True
            self._begin_log()
            self.window.headline.show_now("waits", "Ready")
            self._show_last()
        self._show_next()

    def _begin_log(self) -> None:
        """The service's log, and the Log view beside it."""
        if (settings := self.engine.settings()) is None:
            return
        self.journal.keep_secret(settings)
        try:
            self.journal.say(f"This is also written to {log.begin(settings)}.")
        except LaganError as error:
            self.journal.say(error.sentence)
        log.log.addHandler(self.journal)

    def _end_log(self) -> None:
        for handler in list(log.log.handlers):
            log.log.removeHandler(handler)
            handler.close()

    def _say(self, text: str) -> None:
        """A line for both."""
        if self._has_begun:
            log.log.info(text)
        else:
            self.journal.say(text)

    def _saved(self) -> None:
        is_first = not self._has_begun
        self._begin()
        settings = self.engine.settings()
        if is_first and settings and settings.schedule_type == "On Settings Saved":
            self.engine.sync_now()
        values = self.dialog.form.values() if self.dialog else {}
        try:
            autostart.put(values.get("start_automatically_on_login") == "True", self.config)
        except LaganError as error:
            self._say(error.sentence)
        if settings:
            self.journal.keep_secret(settings)

    def _settings_closed(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None

    def _settings_or_dialog(self) -> Settings | None:
        settings = self.engine.settings()
        if settings is None:
            self.open_settings()
        return settings

    def _began(self) -> None:
        self.window.show_running(True)
        self._say("A run begins.")
        self.window.headline.show_now("busy", "Looking for data")
        self.tray.show_now("a run is under way")

    def _ended(self, report: Report) -> None:
        tone, sentence = closing.sentence(report)
        self._over(tone, sentence)
        if report.failed or report.refused:
            self.tray.tell("Not everything was uploaded", sentence, failed=True)
        elif report.sent:
            self.tray.tell("Uploaded", sentence, failed=False)

    def _failed(self, sentence: str) -> None:
        self._over("bad", sentence)
        self.tray.tell("The run did not succeed", sentence, failed=True)

    def _over(self, tone: str, sentence: str) -> None:
        self.window.look()
        self.window.show_running(False)
        self.window.headline.show_now(tone, sentence)
        self.tray.show_now(sentence)
        self._say(sentence)
        self.window.headline.show_last(f"Ended {local_now():%Y-%m-%d %H:%M}")
        self._show_next()

    def _stop(self) -> None:
        self.engine.halt()
        self.window.actions_by_name["stop"].setEnabled(False)
        self.window.headline.show_now("busy", "Stopping after what is being sent now…")

    def _closing(self) -> None:
        """A schedule goes on in the tray; without one, or without a tray, the program ends."""
        settings = self.engine.settings()
        goes_on = self.engine.is_running or (settings and settings.schedule_type in SCHEDULED)
        if self.tray.is_there() and goes_on:
            self.window.hide()
            if not self._store.value("told-about-tray"):
                self._store.setValue("told-about-tray", "yes")
                told = "The agent goes on here. Its menu has Quit."
                self.tray.tell("Lagan agent", told, failed=False)
        else:
            self.quit()

    def _about(self) -> None:
        settings = self.engine.settings()
        state = settings.state if settings else "not yet made"
        asking.tell(self.window, "About", ABOUT.format(config=self.config, state=state))

    def _show_window(self, settings: Settings | None) -> None:
        how = getattr(settings, "on_start_run", "")
        if how == "Minimized":
            self.window.showMinimized()
        elif how == "Maximized":
            self.window.showMaximized()
        else:
            self.window.show()

    def _show_last(self) -> None:
        settings = self.engine.settings()
        document = load(settings.state) if settings else None
        if document:
            told = closing.describe(document)[1]
            self.window.headline.show_last(f"Last run {closing.when(document)}: {told}")

    def _show_next(self) -> None:
        self.window.headline.show_next(self.engine.next_run())

    def _open(self, url: QUrl | None, otherwise: str) -> None:
        if url is None or not self._open_url(url):
            self.window.statusBar().showMessage(otherwise, 8000)


def start(config: Path, *, minimised: bool = False) -> int:
    """Run the program; its exit code. WindowOpen when there is a window for these settings."""
    from lagan.window.instance import Instance

    program = QApplication(sys.argv[:1])
    program.setApplicationName("Lagan agent")
    program.setDesktopFileName(autostart.NAME)
    program.setWindowIcon(pictures.icon("lagan"))
    program.setQuitOnLastWindowClosed(False)
    place, collector = Instance(config), Collector()
    try:
        ours = Application(config)
        place.called.connect(ours.window.bring_up)
        program.commitDataRequest.connect(lambda _: ours.close())  # somebody logs out
        on_signals(ours.told_to_end.emit)
        ours.start(minimised=minimised)
        ours.engine.ended.connect(collector.among_all)
        ours.engine.failed.connect(collector.among_all)
        return program.exec()
    finally:
        collector.close()
        place.close()

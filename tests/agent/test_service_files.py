"""The agent as a service of every system: the files that install it name commands that there are,
and the Windows service keeps to the protocol of the service control."""

from __future__ import annotations

import plistlib
import re
import shlex
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from lagan.agent.errors import BadSetting
from lagan.agent.windows import NAME, ServiceControl, Stage, Status, WindowsService
from lagan.kit.errors import BadInput
from tests.repository.test_deployment import LAGAN, require_command

DEPLOY = Path(__file__).parents[2] / "deploy"


def test_launchd_runs_a_command_of_ours_with_nobody_logged_in() -> None:
    with (DEPLOY / "launchd/org.lagan.agent.plist").open("rb") as file:
        given = plistlib.load(file)
    program, *words = given["ProgramArguments"]
    assert program == LAGAN
    require_command(words)
    assert given["RunAtLoad"] is True
    assert given["KeepAlive"] is True
    assert given["Umask"] == 0o77


def test_the_windows_script_installs_a_command_of_ours() -> None:
    text = (DEPLOY / "windows/install-agent.ps1").read_text()
    found = re.search(r'\$line = "`"\$Lagan`" (.*) `"\$Config`""', text)
    assert found is not None
    words = shlex.split(found[1])
    assert "--windows-service" in words
    require_command([*words, r"C:\agent.ini"])
    assert f"create {NAME} " in text
    assert all(line.count('"') % 2 == 0 for line in text.splitlines())


class Windows:
    """The service control as the service sees it: starts it, stops it, keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int, int]] = []
        self.handler: Callable[[int], int] = lambda control: 0
        self.answers: list[int] = []

    def dispatch(self, name: str, main: Callable[[], None]) -> None:
        assert name == NAME
        main()

    def register(self, name: str, handler: Callable[[int], int]) -> object:
        self.handler = handler
        return 5

    def tell(self, handle: object, status: Status) -> None:
        assert handle == 5
        self.told.append((status.stage, status.accepts, status.own_exit))


def test_a_service_starts_runs_and_stops_when_told_to() -> None:
    windows, stop = Windows(), threading.Event()

    def serve() -> None:
        windows.answers += [windows.handler(4), windows.handler(99), windows.handler(1)]
        assert stop.is_set()

    assert WindowsService(windows, serve, stop).run() == 0
    stages = [stage for stage, _, _ in windows.told]
    assert stages == [Stage.STARTING, Stage.RUNNING, Stage.STOPPING, Stage.STOPPED]
    assert [accepts for _, accepts, _ in windows.told] == [0, 5, 0, 0]
    assert windows.answers == [0, 120, 0]


def test_a_service_that_cannot_be_says_so() -> None:
    windows = Windows()

    def serve() -> None:
        raise BadSetting("No.")

    assert WindowsService(windows, serve, threading.Event()).run() == BadSetting.exit
    assert windows.told[-1] == (Stage.STOPPED, 0, BadSetting.exit)


def test_elsewhere_it_is_refused() -> None:
    with pytest.raises(BadInput, match="Windows"):
        ServiceControl()

"""The agent as a Windows service: tells the system's service control how it stands, and ends when
told to.

Only the calls of advapi32 are Windows' own; they are handed in, so that everything else is tested
on any system. Installed by deploy/windows/install-agent.ps1.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from enum import IntEnum
from typing import Any, Protocol

from lagan.kit.errors import BadInput, LaganError

NAME = "LaganAgent"
_OWN_PROCESS, _ACCEPT_STOP, _ACCEPT_SHUTDOWN = 0x10, 0x1, 0x4
_CONTROL_STOP, _CONTROL_INTERROGATE, _CONTROL_SHUTDOWN = 1, 4, 5
_NOT_IMPLEMENTED = 120
_SPECIFIC = 1066
"""ERROR_SERVICE_SPECIFIC_ERROR: the exit code is our own."""
PATIENCE = 60_000
"""Milliseconds within which the service ends or says that it needs longer."""


class Stage(IntEnum):
    """How a service stands, by the numbers of the system."""

    STOPPED = 1
    STARTING = 2
    STOPPING = 3
    RUNNING = 4


class Status(ctypes.Structure):
    """SERVICE_STATUS of winsvc.h."""

    _fields_ = (
        ("kind", ctypes.c_uint32), ("stage", ctypes.c_uint32), ("accepts", ctypes.c_uint32),
        ("exit", ctypes.c_uint32), ("own_exit", ctypes.c_uint32), ("checkpoint", ctypes.c_uint32),
        ("wait_hint", ctypes.c_uint32),
    )  # fmt: skip


class System(Protocol):
    """The three calls of the system's service control that are needed."""

    def dispatch(self, name: str, main: Callable[[], None]) -> None:
        """Call `main` in a thread of the system's and return when the service has stopped."""

    def register(self, name: str, handler: Callable[[int], int]) -> object:
        """Have controls handed to `handler`; what statuses are told with."""

    def tell(self, handle: object, status: Status) -> None:
        """Say how the service stands."""


class WindowsService:
    """Runs `serve` until the system says stop, when `stop` is set."""

    def __init__(self, system: System, serve: Callable[[], None], stop: threading.Event) -> None:
        self._system, self._serve, self._stop = system, serve, stop
        self._handle: object = None
        self.exit = 0

    def run(self) -> int:
        """Be a service until the end; the exit code of the agent. BadInput when nobody started us
        as one."""
        self._system.dispatch(NAME, self._main)
        return self.exit

    def _main(self) -> None:
        self._handle = self._system.register(NAME, self._control)
        self._tell(Stage.STARTING)
        self._tell(Stage.RUNNING)
        try:
            self._serve()
        except LaganError as error:
            self.exit = error.exit
        except BaseException:
            self.exit = LaganError.exit
            raise
        finally:
            self._tell(Stage.STOPPED)

    def _control(self, control: int) -> int:
        if control in (_CONTROL_STOP, _CONTROL_SHUTDOWN):
            self._tell(Stage.STOPPING)
            self._stop.set()
            return 0
        return 0 if control == _CONTROL_INTERROGATE else _NOT_IMPLEMENTED

    def _tell(self, stage: Stage) -> None:
        accepts = _ACCEPT_STOP | _ACCEPT_SHUTDOWN if stage is Stage.RUNNING else 0
        is_moving = stage in (Stage.STARTING, Stage.STOPPING)
        failed = stage is Stage.STOPPED and self.exit != 0
        self._system.tell(
            self._handle,
            Status(_OWN_PROCESS, stage, accepts, _SPECIFIC if failed else 0, self.exit,
                   int(is_moving), PATIENCE if is_moving else 0),
        )  # fmt: skip


class ServiceControl:
    """The calls as Windows has them. BadInput anywhere else."""

    def __init__(self) -> None:
        loader: Any = getattr(ctypes, "WinDLL", None)
        if loader is None:
            raise BadInput("--windows-service is for Windows; here the system's own units do it.")
        self._calls = loader("advapi32", use_last_error=True)
        self._types: Any = ctypes
        # Callbacks must outlive every call of the system's: they are kept here.
        self._kept: list[Any] = []

    def dispatch(self, name: str, main: Callable[[], None]) -> None:
        """See `System`."""
        entry = self._types.WINFUNCTYPE(None, ctypes.c_uint32, ctypes.c_void_p)

        class Row(ctypes.Structure):
            _fields_ = (("name", ctypes.c_wchar_p), ("main", entry))

        begin = entry(lambda count, arguments: main())
        table = (Row * 2)(Row(name, begin), Row(None, entry()))
        self._kept += [begin, table]
        if not self._calls.StartServiceCtrlDispatcherW(table):
            raise BadInput("--windows-service is for the system's service control alone.")

    def register(self, name: str, handler: Callable[[int], int]) -> object:
        """See `System`."""
        kind = self._types.WINFUNCTYPE(
            ctypes.c_uint32, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p
        )
        act = kind(lambda control, event, data, context: handler(control))
        self._kept.append(act)
        call = self._calls.RegisterServiceCtrlHandlerExW
        call.restype = ctypes.c_void_p
        call.argtypes = (ctypes.c_wchar_p, kind, ctypes.c_void_p)
        return call(name, act, None)

    def tell(self, handle: object, status: Status) -> None:
        """See `System`."""
        self._calls.SetServiceStatus(ctypes.c_void_p(handle), ctypes.byref(status))  # type: ignore[arg-type]

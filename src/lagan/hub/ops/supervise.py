"""Keeps child processes running: starts them in order, restarts them with back-off, ends them in
order.

The supervisor has one thread and waits for signals: TERM and INT end everything, HUP restarts the
children one after the other (they read their configuration again), CHLD says that one ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lagan.hub.ops.leash import end_with_parent
from lagan.kit.errors import Unavailable

ENDING = {signal.SIGTERM, signal.SIGINT}
WATCHED = ENDING | {signal.SIGHUP, signal.SIGCHLD}
SHORT_LIFE = 5.0  # seconds; a child that ended sooner counts as one that cannot start
SHORT_LIVES = 5  # so many in a row, and the supervisor gives up
LONGEST_WAIT = 30.0  # seconds between two starts of one child
GRACE = 20.0  # seconds that a child has to end by itself
TICK = 0.1  # seconds between two looks while something is awaited
LOG_LIMIT = 16 << 20  # bytes; a longer log is put aside when its child starts


@dataclass(frozen=True, slots=True)
class Program:
    """What to run: a name for logs and messages, and a command line."""

    name: str
    command: Sequence[str]


@dataclass(slots=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    start_at: float = 0.0
    short_lives: int = 0


def next_wait(short_lives: int) -> float:
    """Seconds until a child is started again after so many short lives in a row: 0, 1, 2, 4 ...
    30."""
    return 0.0 if short_lives == 0 else min(LONGEST_WAIT, 2.0 ** (short_lives - 1))


@dataclass(slots=True)
class Supervisor:
    """Runs `programs` until told to end. Their output goes to `logs`/<name>.log."""

    programs: Sequence[Program]
    logs: Path
    environment: Mapping[str, str]
    say: Callable[[str], None]
    """Takes a sentence about what happens to a child."""
    on_tick: Callable[[], bool] | None = None
    """Called every TICK until it returns False (for example while a port does not answer yet).
    Only then are the programs after the first started."""
    short_life: float = SHORT_LIFE
    grace: float = GRACE
    wait: Callable[[int], float] = next_wait
    """Seconds until the next start, by the number of short lives in a row."""
    _children: list[_Child] = field(default_factory=list)

    def run(self) -> None:
        """Run until TERM or INT. Unavailable when a child cannot be kept running, with its
        reason."""
        self.logs.mkdir(parents=True, exist_ok=True)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
        self._children = [_Child(program) for program in self.programs]
        try:
            while self._wait() not in ENDING:
                for child in self._wanted():
                    self._look_after(child)
        finally:
            self._end_all()
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _wanted(self) -> Sequence[_Child]:
        """The first alone while it is awaited: what starts beside it takes its processor time."""
        return self._children if self.on_tick is None else self._children[:1]

    def _wait(self) -> signal.Signals | None:
        """The next signal, or None when it is time to look after the children."""
        if self.on_tick is not None and not self.on_tick():
            self.on_tick = None
        info = signal.sigtimedwait(WATCHED, self._patience())
        sign = None if info is None else signal.Signals(info.si_signo)
        if sign is signal.SIGHUP:
            for child in self._children:
                self._end(child)
        return sign

    def _patience(self) -> float:
        now = time.monotonic()
        due = [child.start_at - now for child in self._children if child.process is None]
        longest = TICK if self.on_tick is not None else LONGEST_WAIT
        return max(0.0, min([longest, *due]))

    def _look_after(self, child: _Child) -> None:
        if child.process is None:
            if time.monotonic() >= child.start_at:
                self._start(child)
            return
        status = child.process.poll()
        if status is not None:
            self._bury(child, child.process.pid, status)

    def _start(self, child: _Child) -> None:
        path = self.log_of(child.program.name)
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_suffix(".log.1"))
        with path.open("ab") as log:
            child.process = subprocess.Popen(
                child.program.command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that its own children can be ended with it
                preexec_fn=_in_child,
            )
        child.started = time.monotonic()

    def _bury(self, child: _Child, leader: int, status: int) -> None:
        """Clear away what a child left behind, and decide when it is started again."""
        _kill_group(leader)
        lived = time.monotonic() - child.started
        child.process = None
        child.short_lives = child.short_lives + 1 if lived < self.short_life else 0
        name = child.program.name
        if child.short_lives >= SHORT_LIVES:
            raise Unavailable(
                f"{name} {describe(status)} {SHORT_LIVES} times within {self.short_life:g} s "
                f"of its start; it last said: {self.last_line(name)} ({self.log_of(name)})",
                program=name,
            )
        wait = self.wait(child.short_lives)
        child.start_at = time.monotonic() + wait
        self.say(f"{name} {describe(status)}; starting it again in {wait:g} s")

    def log_of(self, name: str) -> Path:
        """Where a child's output goes."""
        return self.logs / f"{name}.log"

    def last_line(self, name: str) -> str:
        """The last line that is not empty of what a child said."""
        with contextlib.suppress(OSError), self.log_of(name).open("rb") as log:
            log.seek(max(0, os.fstat(log.fileno()).st_size - 4096))
            lines = [line.strip() for line in log.read().decode(errors="replace").splitlines()]
            return next((line for line in reversed(lines) if line), "nothing")
        return "nothing"

    def _end_all(self) -> None:
        for child in self._children:
            self._end(child)

    def _end(self, child: _Child) -> None:
        process, child.process = child.process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(self.grace)
        except subprocess.TimeoutExpired:
            self.say(f"{child.program.name} did not end within {self.grace:g} s and is killed")
        _kill_group(process.pid)
        process.wait()


def describe(status: int) -> str:
    """What an exit status of `subprocess` means, in words."""
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _in_child() -> None:
    """Between fork and exec: what a child must not inherit, and the leash."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
    end_with_parent()

"""A program ends when it is told to, whatever it does in the moment in which the signal comes."""

from __future__ import annotations

import _thread
import signal
from collections.abc import Callable, Iterable
from threading import Event

ENDING = (signal.SIGTERM, signal.SIGINT)
_LOOK = 0.5
"""Seconds between two looks: see `await_event`."""


def on_signals(act: Callable[[], object], signals: Iterable[signal.Signals] = ENDING) -> None:
    """Have each of `signals` run `act`, in a thread of its own: in the thread that the signal
    interrupts it might wait for a lock that this very thread holds, such as that of an event."""
    for number in signals:
        signal.signal(number, lambda *_: _thread.start_new_thread(act, ()))


def await_event(event: Event) -> None:
    """Wait for an event in the main thread. The system may hand a signal to any thread, and what
    is to be done about it begins only when the main one wakes: so it wakes now and then."""
    while not event.wait(_LOOK):
        pass

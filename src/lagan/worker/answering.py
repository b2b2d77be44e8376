"""Answers what a site is asked, beside its tasks and never behind them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from lagan.kit.errors import LaganError, Unavailable
from lagan.worker.answers import answer
from lagan.worker.ledger import Asked, Ledger

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Questions that one process answers at the same time."""
PAUSE = 2.0
"""Seconds until a ledger that cannot be reached is asked again."""
_END = 2.0  # seconds that the end of the program waits for the thread


@contextmanager
def answering(sites: Sequence[str], ledger: Ledger, patience: float) -> Iterator[None]:
    """Answer questions for `sites` in threads of their own while the block runs; `patience` is how
    many seconds one request to the ledger waits."""
    stop = Event()
    thread = Thread(target=_answer_all, args=(sites, ledger, patience, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_END)


def answer_one(asked: Asked, ledger: Ledger) -> None:
    """Answer a question, or refuse it; whatever goes wrong is the answer, not this worker's end."""
    told: Mapping[str, Any] | None = None
    refusal: LaganError | None = None
    try:
        told = answer(asked.verb)(asked.args)
    except LaganError as error:
        refusal = error
    except Exception:
        log.exception("the question %s at %s could not be answered", asked.verb, asked.site)
        refusal = Unavailable(f"The worker of {asked.site} could not answer; its log says why.")
    try:
        ledger.answer(asked, told, refusal)
    except Exception as error:
        log.warning("an answer did not arrive: %s", error)
    finally:
        ledger.leave()


def _answer_all(sites: Sequence[str], ledger: Ledger, patience: float, stop: Event) -> None:
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="answer")
    try:
        while not stop.is_set():
            for asked in _asked(sites, ledger, patience, stop):
                pool.submit(answer_one, asked, ledger)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        ledger.leave()


def _asked(sites: Sequence[str], ledger: Ledger, patience: float, stop: Event) -> list[Asked]:
    try:
        return ledger.ask(sites, patience)
    except LaganError as error:
        log.warning("questions cannot be heard: %s", error.sentence)
    except Exception:
        log.exception("questions cannot be heard")
    stop.wait(PAUSE)
    return []

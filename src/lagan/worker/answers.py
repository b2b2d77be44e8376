"""What a site can be asked: functions that answer within seconds and change nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lagan.kit.errors import NotFound

Answer = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Takes the arguments of a question and returns what JSON can hold; names that are no UTF-8 are
surrogate-escaped. A LaganError is the answer too: whoever asked gets that refusal."""

_answers: dict[str, Answer] = {}


def register_answer(verb: str, answer: Answer) -> None:
    """Have questions of `verb` answered by `answer`."""
    known = _answers.setdefault(verb, answer)
    if known is not answer:
        raise ValueError(f"two answers are called {verb}")


def answer(verb: str) -> Answer:
    """Who answers `verb`; NotFound when this worker knows no such question."""
    try:
        return _answers[verb]
    except KeyError:
        raise NotFound(f"This worker knows no question called {verb}.", verb=verb) from None

"""Which folders and files are wanted at all: pure decisions on names and ages."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from lagan.agent.errors import BadSetting
from lagan.agent.settings import Settings
from lagan.agent.structures import Level

_DAY = 86_400.0
SECONDS = {"day": _DAY, "week": 7 * _DAY, "month": 365.25 * _DAY / 12, "year": 365.25 * _DAY}
"""Lengths of the units that ages are given in."""


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of one run; the pattern files were read when it was made."""

    texts: dict[Level, str]
    oldest: float | None
    youngest: float | None
    wants_name: Callable[[str], bool]

    def wants_folder(self, level: Level, name: str) -> bool:
        """Whether a folder of this level passes its filter: `*text*`, case as the system does
        it."""
        text = self.texts.get(level, "")
        return not text or fnmatch.fnmatch(name, f"*{text}*")

    def wants_age(self, created: float, now: float) -> bool:
        """Whether a dataset folder's age is wanted; both in seconds since the epoch."""
        age = now - created
        too_old = self.oldest is not None and age > self.oldest
        too_young = self.youngest is not None and age < self.youngest
        return not (too_old or too_young)


def from_settings(settings: Settings) -> Filters:
    """The filters that are switched on. BadSetting when a pattern file cannot be read."""
    user, experiment = settings.user_filter, settings.experiment_filter
    texts = {
        Level.USER: user, Level.EMAIL: user, Level.GROUP: user,
        Level.EXPERIMENT: experiment, Level.DATASET: settings.dataset_filter,
    }  # fmt: skip
    return Filters(
        {level: text for level, text in texts.items() if text},
        _age(
            settings.ignore_old_datasets,
            settings.ignore_interval_number,
            settings.ignore_interval_unit,
        ),
        _age(
            settings.ignore_new_datasets,
            settings.ignore_new_interval_number,
            settings.ignore_new_interval_unit,
        ),
        name_rule(
            _patterns("includes_file", settings.includes_file)
            if settings.use_includes_file
            else None,
            _patterns("excludes_file", settings.excludes_file)
            if settings.use_excludes_file
            else None,
        ),
    )


def name_rule(
    includes: Iterable[str] | None, excludes: Iterable[str] | None
) -> Callable[[str], bool]:
    """Whether a base name is wanted; None says that there is no such list.

    Only includes: it must match one. Only excludes: it must match none. Both: it is left out when
    it
    matches an exclude and no include (the uploader's documentation, Filters).
    """
    included = _any(includes) if includes is not None else None
    excluded = _any(excludes) if excludes is not None else None
    if included and excluded:
        return lambda name: included(name) or not excluded(name)
    if included:
        return included
    if excluded:
        return lambda name: not excluded(name)
    return lambda name: True


def patterns(text: str) -> list[str]:
    """The patterns of an includes or excludes file: a line each; blank ones and those after # or ;
    are none."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith(("#", ";"))]


def _any(wanted: Iterable[str]) -> Callable[[str], bool]:
    """fnmatch against all patterns at once: one expression instead of one a pattern for each
    file."""
    expressions = [fnmatch.translate(os.path.normcase(pattern)) for pattern in wanted]
    if not expressions:
        return lambda name: False
    found = re.compile("|".join(f"(?:{each})" for each in expressions)).match
    return lambda name: found(os.path.normcase(name)) is not None


def _patterns(setting: str, path: str) -> list[str]:
    try:
        return patterns(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise BadSetting(
            f"{setting} names {path!r}, which cannot be read: {reason}.", setting=setting
        ) from None


def _age(on: bool, number: int, unit: str) -> float | None:
    return number * SECONDS[unit.rstrip("s")] if on else None

"""How long a dataset may last: the policy that templates lay down, and which expire dates it
allows; no database.

Source: seeds/dataset-archive.txt, how to set dataset lifespan policies, how to change expire date.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lagan.hub.datasets.errors import BeyondPolicy
from lagan.hub.datasets.models import OPEN
from lagan.hub.datasets.search.filters import read_moment
from lagan.kit.errors import BadInput

_LONGEST = 100 * 366 * 86400
"""Seconds: a policy that says more says no end at all."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is laid down for one state, in seconds; None where nothing is.

    `lifespan` from its beginning to its expire date, `extendmax` how far one change may put the
    date off, `extendlimit` how long it may last in all, from its beginning.
    """

    lifespan: int | None = None
    extendmax: int | None = None
    extendlimit: int | None = None


def policy_of(state: str, value: Callable[[str], Sequence[str]]) -> Policy:
    """The policy of open datasets, or of closed ones; `value` gives the values of a template's
    key. What is no number of seconds counts as not laid down."""
    stage = "open" if state == OPEN else "close"
    keys = (f"system.dataset.{stage}.{each}" for each in ("lifespan", "extendmax", "extendlimit"))
    return Policy(*(_seconds(value(key)) for key in keys))


def first_date(policy: Policy, begun: datetime) -> datetime | None:
    """When a dataset that is opened (or closed) at `begun` expires; None for never."""
    return None if policy.lifespan is None else begun + timedelta(seconds=policy.lifespan)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a dataset stands: since when it is in its state, its expire date, the time now."""

    begun: datetime
    expires: datetime | None
    now: datetime


def latest(policy: Policy, stage: Stage) -> datetime | None:
    """The latest date that the policy allows; None where it sets no bound."""
    bounds = []
    if policy.extendmax is not None:
        base = max(stage.expires or stage.now, stage.now)
        bounds.append(base + timedelta(seconds=policy.extendmax))
    if policy.extendlimit is not None:
        bounds.append(stage.begun + timedelta(seconds=policy.extendlimit))
    return min(bounds) if bounds else None


def require_allowed(
    wanted: datetime | None, policy: Policy, stage: Stage, *, unlimited: bool
) -> None:
    """BeyondPolicy, or BadInput for a date that has passed. An earlier date than now set is always
    allowed; `unlimited` is DATASET_EXTEND_UNLIMITED."""
    if wanted is not None and wanted <= stage.now:
        raise BadInput("This date has passed already.", field="expires")
    if unlimited or (wanted is not None and stage.expires and wanted <= stage.expires):
        return
    bound = latest(policy, stage)
    if wanted is None and (policy.lifespan is not None or bound is not None):
        raise BeyondPolicy("The lifespan policy asks for an expire date here.", field="expires")
    if wanted is not None and bound is not None and wanted > bound:
        raise BeyondPolicy(
            f"The lifespan policy allows at most {bound:%Y-%m-%d %H:%M} UTC here.",
            field="expires",
            latest=bound.isoformat(),
        )


def read_date(text: str, *, base: datetime) -> datetime | None:
    """The moment that people write: a date as the search takes them, `+3 days`, `+2 weeks`,
    `+6 months`, `+1 year` from `base`, or `never`. BadInput."""
    plain = text.strip().lower()
    if plain == "never":
        return None
    if not plain.startswith("+"):
        try:
            return read_moment(text)
        except BadInput as error:
            raise BadInput(error.sentence, field="expires") from None
    found = _RELATIVE.fullmatch(plain)
    if found is None:
        raise BadInput(
            f"Not a date: {text[:40]!r}. Write 2030-01-31, +30 days, +6 weeks or +12 months.",
            field="expires",
        )
    try:
        return _later(base, int(found[1]), found[2])
    except (OverflowError, ValueError):
        raise BadInput("This date is too far away.", field="expires") from None


_RELATIVE = re.compile(r"\+ *(\d{1,6}) *(second|minute|hour|day|week|month|year)s?", re.ASCII)


def _later(base: datetime, count: int, unit: str) -> datetime:
    if unit not in ("month", "year"):
        return base + timedelta(**{f"{unit}s": count})
    months = base.month - 1 + count * (12 if unit == "year" else 1)
    year, month = base.year + months // 12, months % 12 + 1
    return base.replace(
        year=year, month=month, day=min(base.day, calendar.monthrange(year, month)[1])
    )


def _seconds(values: Sequence[str]) -> int | None:
    text = values[0].strip() if values else ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
    return None if number is None or number > _LONGEST else number

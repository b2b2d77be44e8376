"""Lifespan policies: what is laid down decides the first date and how far it may be put off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lagan.kit.errors import BadInput

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 3, tzinfo=UTC)
DAY = 86400


def rules():
    from lagan.hub.datasets import lifespans

    return lifespans


def require(wanted, *, unlimited=False, expires=None, **policy):
    lifespans = rules()
    lifespans.require_allowed(
        wanted,
        lifespans.Policy(**policy),
        lifespans.Stage(BEGUN, expires, NOW),
        unlimited=unlimited,
    )


def refused(wanted, **given):
    from lagan.hub.datasets.errors import BeyondPolicy

    with pytest.raises(BeyondPolicy):
        require(wanted, **given)


def test_open_and_closed_have_policies_of_their_own():
    lifespans = rules()
    values = {
        "system.dataset.open.lifespan": ["259200"],
        "system.dataset.close.lifespan": ["2592000"],
        "system.dataset.close.extendmax": ["two weeks"],
    }
    assert lifespans.policy_of("open", lambda key: values.get(key, [])).lifespan == 259200
    closed = lifespans.policy_of("closed", lambda key: values.get(key, []))
    assert (closed.lifespan, closed.extendmax) == (2592000, None)
    assert lifespans.first_date(closed, BEGUN) == BEGUN + timedelta(days=30)
    assert lifespans.first_date(lifespans.Policy(), BEGUN) is None


def test_one_change_puts_it_off_by_extendmax_at_most():
    expires = NOW + timedelta(days=1)
    require(expires + timedelta(days=1), expires=expires, extendmax=DAY)
    refused(expires + timedelta(days=1, seconds=1), expires=expires, extendmax=DAY)
    # What is due already is put off from now.
    require(NOW + timedelta(days=1), expires=BEGUN, extendmax=DAY)


def test_in_all_it_lasts_extendlimit_at_most():
    require(BEGUN + timedelta(days=7), expires=NOW, extendlimit=7 * DAY)
    refused(BEGUN + timedelta(days=7, seconds=1), expires=NOW, extendlimit=7 * DAY)
    refused(NOW + timedelta(days=6), expires=NOW, extendmax=30 * DAY, extendlimit=7 * DAY)


def test_earlier_is_always_allowed_and_the_past_never():
    late = NOW + timedelta(days=90)
    require(NOW + timedelta(days=60), expires=late, extendmax=1, extendlimit=1)
    with pytest.raises(BadInput, match="passed"):
        require(NOW, expires=late, unlimited=True)


def test_the_unlimited_are_not_limited():
    require(NOW + timedelta(days=9999), expires=NOW, extendmax=1, extendlimit=1, unlimited=True)
    require(None, lifespan=DAY, unlimited=True)
    refused(None, lifespan=DAY)
    require(None)  # nothing is laid down


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2030-01-31", datetime(2030, 1, 31, tzinfo=UTC)),
        ("2030-01-31 08", datetime(2030, 1, 31, 8, tzinfo=UTC)),
        ("2030 01 31 06 00 00", datetime(2030, 1, 31, 6, tzinfo=UTC)),
        ("2030-01-31T11:00:00Z", datetime(2030, 1, 31, 11, tzinfo=UTC)),
        ("+3 days", NOW + timedelta(days=3)),
        ("+ 2 weeks", NOW + timedelta(weeks=2)),
        ("+1 month", datetime(2026, 2, 3, tzinfo=UTC)),
        ("+14 months", datetime(2027, 3, 3, tzinfo=UTC)),
        ("+1 year", datetime(2027, 1, 3, tzinfo=UTC)),
        ("+90 seconds", NOW + timedelta(seconds=90)),
        (" Never ", None),
    ],
)
def test_dates_as_people_write_them(text, moment):
    assert rules().read_date(text, base=NOW) == moment


def test_a_month_after_a_long_month_ends_with_the_short_one():
    last = datetime(2026, 1, 31, tzinfo=UTC)
    assert rules().read_date("+1 month", base=last) == datetime(2026, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "soon", "+3", "+3 moons", "+999999 years", "2026-13-01", "-1"]
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(BadInput):
        rules().read_date(text, base=NOW)

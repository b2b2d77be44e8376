"""A pin is an attribute that lasts, holds until its moment, and is never taken for none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lagan.hsm.policy import pins
from lagan.hsm.policy.pins import Pin
from lagan.kit.times import parse_time

MOMENT = parse_time("2031-05-01")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "x"
    path.write_text("x")
    return path


@pytest.mark.parametrize("pin", [Pin(), Pin(MOMENT)])
def test_what_was_pinned_is_pinned(file: Path, pin: Pin) -> None:
    with file.open("rb") as opened:
        assert pins.read(opened.fileno()) is None
        pins.write(opened.fileno(), pin)
        assert pins.read(opened.fileno()) == pins.read(file) == pin
        assert pins.drop(opened.fileno())
        assert not pins.drop(opened.fileno())
    assert pins.read(file) is None


def test_it_holds_until_its_moment() -> None:
    assert Pin(MOMENT).holds(MOMENT - 1)
    assert not Pin(MOMENT).holds(MOMENT)
    assert Pin().holds(MOMENT * 10)


@pytest.mark.parametrize("value", [b"", b"soon", b"\xff", b"2031-13-40"])
def test_what_nobody_can_read_holds_for_ever(file: Path, value: bytes) -> None:
    os.setxattr(file, pins.NAME, value)
    assert pins.read(file) == Pin()


def test_of_two_pins_the_longer_holds() -> None:
    assert pins.later(None, None) is None
    assert pins.later(Pin(1), None) == pins.later(None, Pin(1)) == Pin(1)
    assert pins.later(Pin(1), Pin(2)) == pins.later(Pin(2), Pin(1)) == Pin(2)
    assert pins.later(Pin(1), Pin()) == Pin()

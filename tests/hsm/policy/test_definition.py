"""A policy is read whole or refused with every reason, and reads back as what it was."""

from __future__ import annotations

from typing import Any

import pytest

from lagan.hsm.policy.definition import FIELDS, MIN_SIZE, Policy, check
from lagan.hsm.policy.errors import UnsoundPolicy

DAY = 86400.0


def test_what_people_write_is_understood() -> None:
    policy = check(
        {
            "paths": ["/data"],
            "exclude": "*.tmp",
            "min_size": "1 MiB",
            "unread_for": "90 d",
            "high": "80",
            "low": 70,
            "target": "archive",
            "most_files": "10",
        }
    )
    assert policy == Policy(
        paths=("/data",),
        exclude=("*.tmp",),
        min_size=1 << 20,
        unread_for=90 * DAY,
        high=80.0,
        low=70.0,
        target="archive",
        most_files=10,
    )


def test_what_is_missing_is_as_usual() -> None:
    policy = check({"paths": None, "high": "", "order": ""})
    assert policy == Policy()
    assert policy.min_size == MIN_SIZE == 65536


def test_what_is_kept_is_taken_back() -> None:
    policy = check({"paths": ["/a", "/b"], "unwritten_for": "1 h", "owners": ["ann"]})
    assert check(policy.as_json()) == policy
    assert set(policy.as_json()) == set(FIELDS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("paths", ["data"]),
        ("paths", [7]),
        ("paths", "/a\0b"),
        ("include", [""]),
        ("exclude", ["x"] * 101),
        ("min_size", "much"),
        ("min_size", -1),
        ("min_size", True),
        ("unread_for", "a while"),
        ("unread_for", float("nan")),
        ("unwritten_for", -5),
        ("owners", {"ann": 1}),
        ("premigrated", "perhaps"),
        ("order", "best"),
        ("high", 101),
        ("low", "nan"),
        ("high", [80]),
        ("action", "delete"),
        ("target", "a\nb"),
        ("stub_size", 1.5),
        ("most_files", 0),
        ("most_files", 2.5),
        ("most_files", 10**7),
        ("colour", "blue"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(field: str, value: Any) -> None:
    with pytest.raises(UnsoundPolicy) as refused:
        check({"high": 80, "low": 70, **{field: value}})
    assert list(refused.value.reasons) == [field]


def test_every_reason_is_told_at_once() -> None:
    with pytest.raises(UnsoundPolicy) as refused:
        check({"high": "x", "min_size": "y", "order": "z"})
    assert set(refused.value.reasons) == {"high", "min_size", "order"}
    assert refused.value.facts["reasons"] == refused.value.reasons


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"high": 80}, "low"),
        ({"low": 70}, "high"),
        ({"high": 70, "low": 70}, "low"),
        ({"action": "premigrate", "high": 80, "low": 70}, "high"),
        ({"action": "premigrate", "premigrated": "only"}, "premigrated"),
    ],
)
def test_what_makes_no_sense_together_is_refused(given: dict[str, Any], field: str) -> None:
    with pytest.raises(UnsoundPolicy) as refused:
        check(given)
    assert list(refused.value.reasons) == [field]

"""`lagan policies` tells what the hub told, as text with bars and as JSON."""

from __future__ import annotations

from lagan.cli.policies import told
from lagan.cli.policy_report import WIDTH, bar, lines
from lagan.hsm.policy.report import DAY, LeftOut, report
from lagan.hsm.policy.selection import Candidate


def test_bars_are_as_long_as_what_they_count() -> None:
    assert bar(10, 10) == "█" * WIDTH
    assert bar(5, 10) == "█" * (WIDTH // 2)
    assert bar(1, 10**9) == "▏"
    assert bar(0, 10) == bar(0, 0) == ""


def test_a_report_is_told_whole() -> None:
    chosen = [
        Candidate(1, f"/data/r{n}/x\udcff", 1 << 20, 1 << 20, 100 * DAY, n, f"/data/r{n}")
        for n in range(2)
    ]
    left_out = LeftOut()
    left_out.add("pinned", 7, 12)
    disk = {"path": "/data", "percent": 85.0, "percent_after": 70.0, "keeps_read_times": False}
    text = "\n".join(lines(report(chosen, left_out, [disk], "owner {}".format, limited=True)))
    for said in (
        "2 files of 2.00 MiB would go; that frees 2.00 MiB.",
        "/data: 85 % full, 70 % afterwards (noatime",
        "another one would go on",
        "90 to 180 days",
        "owner 1",
        "/data/r1",
        "12 files  pinned",
    ):
        assert said in text, text
    assert "\udcff" not in text


def test_nothing_to_do_is_told_too() -> None:
    text = "\n".join(lines(report([], LeftOut(), [], str, limited=False)))
    assert "0 files of 0 B would go; that frees 0 B." in text
    assert "Owner" not in text


def test_a_policy_is_a_line() -> None:
    row = {
        "id": 3, "site": "lab", "title": "Room", "high": 80.0, "low": 70.0, "enabled": True,
        "every": "", "last_run": None, "last_error": "",
        "filesystems": [{"path": "/data", "percent": 85.5}],
    }  # fmt: skip
    assert told(row) == "3\tlab\tRoom\t70-80 %\tenabled\tnever ran\t/data 85.5 %"
    more = {**row, "high": None, "enabled": False, "every": "6 h", "last_run": {"job": 8}}
    assert told(more) == "3\tlab\tRoom\tno marks\tdisabled\t6 h\tlast job 8\t/data 85.5 %"

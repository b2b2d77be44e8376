"""A report's sums are those of what was chosen, however they are parted."""

from __future__ import annotations

from lagan.hsm.policy.report import DAY, SHOWN, LeftOut, report
from lagan.hsm.policy.selection import Candidate


def told(*chosen: Candidate) -> dict[str, object]:
    left_out = LeftOut()
    left_out.add("pinned", 5)
    left_out.add("small", 1, files=3)
    return report(chosen, left_out, [], str, limited=False)


def file(name: str, days: float, size: int, owner: int = 1, folder: str = "/d") -> Candidate:
    return Candidate(days, name, size, size // 2, days * DAY, owner, folder)


def test_every_way_to_part_it_has_the_same_sums() -> None:
    some = [file(f"/d/{n}", n * 40.0, (n + 1) << 20, n % 3, f"/d/{n % 30}") for n in range(60)]
    said = told(*some)
    whole = (60, sum(each.size for each in some), sum(each.frees for each in some))
    assert (said["files"], said["bytes"], said["frees"]) == whole
    for part in ("by_age", "by_size", "by_owner", "by_folder"):
        rows = said[part]
        assert isinstance(rows, list)
        sums = tuple(sum(row[key] for row in rows) for key in ("files", "bytes", "frees"))
        assert sums == whole, part


def test_classes_hold_what_belongs_there() -> None:
    said = told(file("a", 29.9, 10), file("b", 30, 10), file("c", 5000, 5 << 30))
    ages = said["by_age"]
    assert isinstance(ages, list)
    assert [(row["least"], row["below"], row["files"]) for row in ages] == [
        (0, 30, 1), (30, 90, 1), (90, 180, 0), (180, 365, 0), (365, 730, 0), (730, 1825, 0),
        (1825, None, 1),
    ]  # fmt: skip


def test_many_folders_are_told_together_beyond_some() -> None:
    said = told(*(file(f"/{n}", 1, (n + 1) * 10, folder=f"/f{n}") for n in range(SHOWN + 5)))
    rows = said["by_folder"]
    assert isinstance(rows, list)
    assert len(rows) == SHOWN + 1
    assert rows[0]["name"] == f"/f{SHOWN + 4}"
    assert rows[-1]["name"] is None
    assert rows[-1]["files"] == 5


def test_the_first_and_the_last_are_named_and_what_stays_is_counted() -> None:
    said = told(file("a", 3, 10), file("b", 2, 10))
    first = said["first"]
    assert isinstance(first, list)
    assert [row["path"] for row in first] == ["a", "b"]
    assert said["left_out"] == {
        "small": {"files": 3, "bytes": 1, "frees": 0},
        "pinned": {"files": 1, "bytes": 5, "frees": 0},
    }

"""Every bag of the corpus gets the right verdict for the right reason, whatever it is packed in."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import bagit
import pytest

from lagan.bag import BytesReader, Verdict, judge
from lagan.bag.codes import CLAUSES
from tests.bag.building import Files, as_folder, as_tar, as_zip
from tests.bag.corpus import CASES, Case

EACH = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
HIDDEN = {"base-flat"}
BAGIT_HEADING = "Where the package bagit says another thing"


def told(verdict: Verdict) -> tuple[frozenset[str], frozenset[str]]:
    some = (verdict.errors, verdict.warnings)
    errors, warnings = (frozenset(each.code for each in findings) for findings in some)
    return errors, warnings - HIDDEN


def test_the_corpus_is_large_and_its_names_are_different():
    assert len({case.name for case in CASES}) == len(CASES) >= 80


def packed(files: Files, tmp_path: Path) -> Iterator[tuple[str, Path | BytesReader]]:
    yield "zip", BytesReader(as_zip(files))
    yield "deflated zip with a base folder", BytesReader(as_zip(files, base="b c/", deflate=True))
    yield "tar", BytesReader(as_tar(files, base="b/"))
    yield "tar.gz", BytesReader(as_tar(files, mode="w:gz"))
    bag = as_folder(files, tmp_path / "bag")
    if not any(name.startswith("data/") for name in files):
        (bag / "data").rmdir()
    yield "folder", bag


@EACH
def test_a_bag_gets_its_verdict_whatever_it_is_packed_in(case: Case, tmp_path: Path):
    for form, source in packed(case.make(), tmp_path):
        verdict = judge(source, **case.options)
        assert (form, *told(verdict)) == (form, case.errors, case.warnings)
        assert all(each.reason.endswith(".") and each.clause for each in verdict.errors)


@EACH
def test_the_package_bagit_says_what_the_table_tells(case: Case, tmp_path: Path):
    bag = as_folder(case.make(), tmp_path / "bag")
    assert bagit_takes(bag) is case.bagit


def bagit_takes(bag: Path) -> bool:
    """Whether it calls the bag valid; when it falls over it does not."""
    logging.disable()
    try:
        bagit.Bag(str(bag)).validate()
    except (bagit.BagError, ValueError, AttributeError):
        return False
    finally:
        logging.disable(logging.NOTSET)
    return True


def test_every_code_of_bags_comes_in_the_corpus():
    archives = ("archive", "zip", "tar", "gzip", "member", "limit", "profile", "base")
    codes = {code for code in CLAUSES if not code.startswith(archives)}
    seen = {code for case in CASES for code in case.errors | case.warnings}
    assert codes - seen == {"file-unreadable"}


PAGE = Path(__file__).parents[2] / "docs" / "internals" / "bag.md"


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading of the page."""
    section = PAGE.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_page_lists_every_code_with_its_clause():
    assert {code.strip("`"): clause for code, clause, _ in rows("Codes")} == CLAUSES


def test_the_page_lists_where_the_package_bagit_is_not_followed():
    told = {name: (ours, theirs) for name, ours, theirs, _, _ in rows(BAGIT_HEADING)}
    word = {True: "takes", False: "refuses"}
    differing = [case for case in CASES if case.bagit is bool(case.errors)]
    assert told == {case.name: (word[not case.errors], word[case.bagit]) for case in differing}


def test_each_difference_names_the_clauses_of_its_codes():
    clauses = {name: set(clause.split(", ")) for name, _, _, clause, _ in rows(BAGIT_HEADING)}
    for case in CASES:
        if case.errors and case.name in clauses:
            assert clauses[case.name] == {CLAUSES[code] for code in case.errors}

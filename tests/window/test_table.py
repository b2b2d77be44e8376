"""A hundred thousand rows: changed in batches, searched and sorted, what is chosen stays chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QAbstractItemModel, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from lagan.agent.rows import CleanUpRow, Condition, UploadRow
from lagan.window.page import Page
from lagan.window.table import FRACTION, Table
from lagan.window.views import views

Make = Callable[[str], Table[Any]]


def upload(number: int, size: int = 100, condition: Condition = Condition.QUEUED) -> UploadRow:
    return UploadRow(number, "anna/scan", "deep", f"{number:06}.tif", size, condition)


@pytest.fixture
def make(qt: object) -> Make:
    """A view's table, watched for broken promises to Qt."""
    kept: list[QAbstractItemModelTester] = []

    def made(title: str) -> Table[Any]:
        table: Table[Any] = Table(next(view for view in views() if view.title == title))
        mode = QAbstractItemModelTester.FailureReportingMode.Fatal
        kept.append(QAbstractItemModelTester(table, mode))
        return table

    return made


def shown(model: QAbstractItemModel, column: int = 3) -> list[str]:
    return [model.index(n, column).data() for n in range(model.rowCount())]


def test_a_row_told_again_takes_the_place_of_the_older(make: Make) -> None:
    table = make("Uploads")
    table.apply([upload(1), upload(2)])
    table.apply([replace(upload(1), condition=Condition.GREW), upload(3)])
    assert shown(table) == ["000001.tif", "000002.tif", "000003.tif"]
    assert table.index(0, 5).data() == "Next run"
    assert table.index(0, 7).data() == "It grew while it was sent"


def test_one_row_twice_in_a_batch_is_one_row(make: Make) -> None:
    table = make("Uploads")
    table.apply([upload(1), replace(upload(1), sent=50)])
    assert table.rowCount() == 1
    assert table.index(0, 6).data(FRACTION) == 0.5


def test_search_wants_every_word_in_any_case(make: Make) -> None:
    table = make("Uploads")
    table.apply([upload(n) for n in range(1, 30)])
    table.search("ANNA 00002")
    assert shown(table) == ["000002.tif", *(f"00002{n}.tif" for n in range(10))]
    table.search("")
    assert table.rowCount() == 29


def test_what_changes_is_found_by_its_new_words(make: Make) -> None:
    table = make("Uploads")
    table.apply([upload(1), upload(2)])
    table.search("vanished")
    assert table.rowCount() == 0
    assert table.apply([replace(upload(2), condition=Condition.VANISHED)])
    table.arrange()
    assert shown(table) == ["000002.tif"]


def test_numbers_sort_as_numbers(make: Make) -> None:
    table = make("Uploads")
    table.apply([upload(1, 5000), upload(2, 90), upload(3, 1 << 30)])
    table.sort(4, Qt.SortOrder.DescendingOrder)
    assert shown(table, 4) == ["1.00 GiB", "4.88 KiB", "90 B"]
    table.sort(-1)
    assert shown(table) == ["000001.tif", "000002.tif", "000003.tif"]


def test_every_column_of_every_view_sorts(make: Make) -> None:
    table = make("Uploads")
    table.apply([upload(n, n, each) for n, each in enumerate(Condition, 1)])
    for column in range(table.columnCount()):
        table.sort(column, Qt.SortOrder.DescendingOrder)
        assert table.rowCount() == len(Condition)


def test_what_is_held_stays_the_same_row(make: Make) -> None:
    table = make("Uploads")
    table.apply([upload(n, 100 - n) for n in range(1, 50)])
    held = QPersistentModelIndex(table.index(6, 3))
    table.sort(4)
    assert held.data() == "000007.tif"
    table.search("000007")
    assert (held.row(), held.data()) == (0, "000007.tif")
    table.search("000008")
    assert not held.isValid()


def test_only_what_is_verified_can_be_ticked(make: Make) -> None:
    table = make("Clean-up")
    table.apply([CleanUpRow(1, "7", True, "a/b/c", 3), CleanUpRow(2, "8", False, "a/b/d", 3)])
    for row, wanted in ((0, Qt.CheckState.Checked), (1, Qt.CheckState.Unchecked)):
        box = table.index(row, 2)
        assert box.flags() & Qt.ItemFlag.ItemIsUserCheckable
        table.setData(box, Qt.CheckState.Checked.value, Qt.ItemDataRole.CheckStateRole)
        assert Qt.CheckState(box.data(Qt.ItemDataRole.CheckStateRole)) is wanted


def test_a_hundred_thousand_rows_and_a_batch_of_changes(qt: object) -> None:
    page: Page[UploadRow] = Page(next(view for view in views() if view.title == "Uploads"))
    page.apply(upload(n) for n in range(1, 100_001))
    page.apply([replace(upload(n), condition=Condition.VERIFIED) for n in range(1, 100_001, 25)])
    page.search("archived and verified")
    assert page.model.rowCount() == 4000
    assert page.foot.text() == "4,000 of 100,000 rows match the search"

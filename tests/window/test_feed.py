"""The engine's threads hand over rows and go on; the window fetches the newest of each."""

from __future__ import annotations

import threading
from dataclasses import replace

from lagan.agent.rows import Condition, TaskRow, UploadRow
from lagan.window.feed import Feed, Sent

ROW = UploadRow(1, "anna/scan", "", "a.tif", 100, Condition.QUEUED)


def test_only_the_newest_of_a_row_is_fetched_and_only_once() -> None:
    feed = Feed()
    feed.uploads([ROW])
    feed.uploads([replace(ROW, sent=50)])
    assert feed.take().rows == {"Uploads": [replace(ROW, sent=50)]}
    assert feed.take().rows == {}


def test_much_comes_in_pieces_in_its_order() -> None:
    feed = Feed()
    feed.uploads([replace(ROW, id=n) for n in range(10)])
    taken = [feed.take(4).rows["Uploads"] for _ in range(3)]
    assert [[row.id for row in piece] for piece in taken] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_a_new_run_forgets_rows_of_the_last_one_but_not_its_task() -> None:
    feed = Feed()
    task = TaskRow(1, "Scan", None, None, "Manually", None)
    feed.uploads([ROW])
    feed.tasks([task])
    feed.begun()
    news = feed.take()
    assert news.begun
    assert news.rows == {"Tasks": [task]}
    assert not feed.take().begun


def test_progress_adds_up_and_ends() -> None:
    feed = Feed()
    feed.begin(3, 300)
    feed.advance(size=120)
    feed.advance(files=1)
    assert feed.take().sent == Sent(1, 120, 3, 300)
    feed.end()
    assert feed.take().sent == Sent()


def test_many_threads_lose_nothing() -> None:
    feed = Feed()
    seen: dict[int, UploadRow] = {}

    def tell(start: int) -> None:
        for n in range(start, start + 2000):
            feed.uploads([replace(ROW, id=n)])
            feed.advance(files=1)

    tellers = [threading.Thread(target=tell, args=(k * 2000,)) for k in range(4)]
    for each in tellers:
        each.start()
    while any(each.is_alive() for each in tellers):
        seen |= {row.id: row for row in feed.take(100).rows.get("Uploads", [])}
    while rows := feed.take().rows:
        seen |= {row.id: row for row in rows["Uploads"]}
    assert len(seen) == 8000
    feed.advance()
    assert feed.take().sent == Sent(8000)

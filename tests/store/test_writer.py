"""A group shares its flushes and its transaction, and one bad landing spares its neighbours."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lagan.kit.errors import Conflict, NoSpace, Unavailable
from lagan.store import FileLine, Journal, Landing, NoteLine, Verdict, VoidLine, Volume, Writer
from lagan.store.wrappers import Fault, FaultyVolume
from lagan.store.writer import GROUP_LANDINGS, Catalogue
from tests.store.conftest import get, line_for, names, put


class Book:
    """A catalogue in memory that can be told to hold, to refuse, to fail before or in its
    COMMIT."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.rows: list[str] = []
        self.hold = threading.Event()
        self.hold.set()
        self.refuse: dict[str, Exception] = {}
        self.commit_fails: Exception | None = None
        self.empty: set[str] = set()

    @contextmanager
    def __call__(self, landings: Sequence[Landing]) -> Iterator[Sequence[Verdict]]:
        assert self.hold.wait(60)
        self.groups.append([landing.object for landing in landings])
        for landing in landings:
            if landing.object in self.refuse:
                raise self.refuse[landing.object]
        yield [self.verdict(landing) for landing in landings]
        if self.commit_fails:
            raise self.commit_fails
        self.rows += [landing.object for landing in landings]

    def verdict(self, landing: Landing) -> Verdict:
        if landing.object in self.empty:
            return Verdict("present", [NoteLine("seen", {}, 0.0)])
        line = line_for(landing.object, landing.context)
        return Verdict(("stored", landing.object), [line])


def landing(volume: Volume, name: str, data: bytes = b"bytes") -> Landing:
    incoming = volume.receive(f"up-{name.replace('/', '-')}")
    incoming.write([data])
    return Landing(incoming, name, data)


@contextmanager
def writing(volume: Volume, book: Catalogue) -> Iterator[Writer]:
    writer = Writer(volume, Journal(volume), book)
    try:
        yield writer
    finally:
        writer.close()


def counted(volume: Volume) -> tuple[list[str], list[str]]:
    """Objects that the journal counts, and objects that it voids."""
    lines = list(Journal(volume).entries())
    void = {line.id for line in lines if isinstance(line, VoidLine)}
    filed = [line for line in lines if isinstance(line, FileLine)]
    return (
        [line.object for line in filed if line.id not in void],
        [line.object for line in filed if line.id in void],
    )


def commit_together(volume: Volume, book: Book, wanted: Sequence[Landing]) -> list[Any]:
    """Let the first landing hold the writer until all others wait; results or errors."""
    book.hold.clear()
    with writing(volume, book) as writer:
        futures = [writer.commit(each) for each in wanted]
        book.hold.set()
        return [future.exception(30) or future.result() for future in futures]


def test_the_result_comes_after_everything_is_stored(each: Volume) -> None:
    with writing(each, book := Book()) as writer:
        assert writer.commit(landing(each, "a/b")).result(60) == ("stored", "a/b")
        assert get(each, "a/b") == b"bytes"
        assert counted(each) == (["a/b"], [])
        assert book.rows == ["a/b"]


def test_what_waits_is_committed_together(volume: Volume) -> None:
    book = Book()
    results = commit_together(volume, book, [landing(volume, f"o{n}") for n in range(40)])
    assert results == [("stored", f"o{n}") for n in range(40)]
    assert len(book.groups) <= 3
    assert sorted(counted(volume)[0]) == sorted(f"o{n}" for n in range(40))


def test_a_group_is_cut_at_its_limits(volume: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lagan.store.writer.GROUP_LANDINGS", 10)
    monkeypatch.setattr("lagan.store.writer.GROUP_BYTES", 300)
    book = Book()
    wanted = [landing(volume, f"o{n}", bytes(20)) for n in range(25)]
    wanted += [landing(volume, f"p{n}", bytes(150)) for n in range(3)]
    wanted.append(landing(volume, "huge", bytes(1000)))
    assert all(isinstance(each, tuple) for each in commit_together(volume, book, wanted))
    sizes = {each.object: each.incoming.size for each in wanted}
    assert max(map(len, book.groups)) == 10 < GROUP_LANDINGS
    assert all(len(g) == 1 or sum(sizes[name] for name in g) <= 300 for g in book.groups)


def test_a_taken_name_spares_its_neighbours(quick: Volume) -> None:
    put(quick, "taken", b"first")
    wanted = [landing(quick, name) for name in ("first", "a", "taken", "b")]
    results = commit_together(quick, book := Book(), wanted)
    assert isinstance(results[2], Conflict)
    assert sorted(book.rows) == ["a", "b", "first"]
    assert get(quick, "taken") == b"first"
    wanted[2].incoming.discard()
    assert not list(quick.pending())


def test_a_refusal_of_the_catalogue_spares_its_neighbours(quick: Volume) -> None:
    book = Book()
    book.refuse = {"bad": Conflict("The dataset is closed.")}
    wanted = [landing(quick, name) for name in ("first", "a", "bad", "b")]
    results = commit_together(quick, book, wanted)
    assert isinstance(results[2], Conflict)
    assert sorted(book.rows) == ["a", "b", "first"]
    assert names(quick) == {"a", "b", "first"}
    assert sorted(counted(quick)[0]) == ["a", "b", "first"]


def test_an_error_before_the_commit_takes_everything_back(quick: Volume) -> None:
    book = Book()
    book.refuse = {"a": RuntimeError("a bug")}
    (result,) = commit_together(quick, book, [landing(quick, "a")])
    assert isinstance(result, RuntimeError)
    assert names(quick) == set()
    assert counted(quick) == ([], [])


def test_a_commit_of_unknown_outcome_leaves_the_objects(quick: Volume) -> None:
    book = Book()
    book.commit_fails = OSError("the connection broke")
    (result,) = commit_together(quick, book, [landing(quick, "a")])
    assert isinstance(result, OSError)
    assert names(quick) == {"a"}
    assert counted(quick) == (["a"], [])


def test_a_commit_that_certainly_failed_voids_its_lines(quick: Volume) -> None:
    book = Book()
    book.commit_fails = Conflict("serialisation failure")
    (result,) = commit_together(quick, book, [landing(quick, "a")])
    assert isinstance(result, Conflict)
    assert names(quick) == set()
    assert counted(quick) == ([], ["a"])


def test_a_landing_that_counts_for_nothing_is_removed(quick: Volume) -> None:
    book = Book()
    book.empty = {"again"}
    results = commit_together(quick, book, [landing(quick, "again"), landing(quick, "new")])
    assert results == ["present", ("stored", "new")]
    assert names(quick) == {"new"}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("publish", "unavailable"), Unavailable),
        (Fault("publish", "no-space"), NoSpace),
        (Fault("append", "no-space"), NoSpace),
        (Fault("append", "unavailable"), Unavailable),
        (Fault("append", "lost-answer"), Unavailable),
    ],
    ids=lambda value: getattr(value, "call", "") + getattr(value, "kind", ""),
)
def test_a_failing_volume_leaves_nothing_visible(
    quick: Volume, fault: Fault, error: type[Exception]
) -> None:
    faulty = FaultyVolume(quick, [fault])
    only = landing(faulty, "a")
    (result,) = commit_together(faulty, book := Book(), [only])
    assert faulty.hits == [fault]
    assert isinstance(result, error)
    assert book.rows == []
    assert names(quick) == set()
    assert counted(quick)[0] == []
    only.incoming.discard()
    assert not list(quick.pending())


def test_one_landing_that_cannot_be_published_fails_alone(quick: Volume) -> None:
    faults = [Fault("publish", "unavailable", nth=n, name="bad") for n in (1, 2)]
    faulty = FaultyVolume(quick, faults)
    wanted = [landing(faulty, name) for name in ("first", "a", "bad", "b")]
    results = commit_together(faulty, book := Book(), wanted)
    assert isinstance(results[2], Unavailable)
    assert sorted(book.rows) == ["a", "b", "first"]
    assert names(quick) == {"a", "b", "first"}


def test_a_landing_that_was_cancelled_is_left_alone(volume: Volume) -> None:
    book = Book()
    book.hold.clear()
    with writing(volume, book) as writer:
        writer.commit(landing(volume, "first"))
        other = landing(volume, "other")
        later = writer.commit(other)
        cancelled = later.cancel()
        book.hold.set()
    assert names(volume) == ({"first"} if cancelled else {"first", "other"})
    other.incoming.discard()


def test_a_closed_writer_finishes_what_waits_and_takes_no_more(volume: Volume) -> None:
    writer = Writer(volume, Journal(volume), book := Book())
    futures = [writer.commit(landing(volume, f"o{n}")) for n in range(10)]
    writer.close()
    writer.close()
    assert all(future.done() for future in futures)
    assert len(book.rows) == 10
    late = landing(volume, "late")
    with pytest.raises(Unavailable):
        writer.commit(late)
    late.incoming.discard()


def test_many_threads_lose_nothing(volume: Volume, folder: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with writing(volume, book := Book()) as writer, ThreadPoolExecutor(8) as pool:
        results = list(
            pool.map(
                lambda n: writer.commit(landing(volume, f"d{n % 5}/o{n}")).result(60), range(200)
            )
        )
    assert len(results) == len(set(results)) == 200
    assert len(book.groups) < 200
    assert len(names(volume)) == 200

"""A site's folders are shown to those who may browse it, as its worker tells them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from django.db import connections

from lagan.hub.base.actors import NOBODY, SYSTEM, Actor
from lagan.hub.jobs import bell, browsing
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Question, Site
from lagan.kit.errors import BadInput, LaganError, NotFound, Unavailable
from lagan.worker.answers import answer
from lagan.worker.ledger import WorkerFacts
from lagan.worker.place import Place, serving
from lagan.worker.site import register


@contextmanager
def answering(ledger: DatabaseLedger) -> Iterator[None]:
    """A worker that answers the questions of the site `lab`."""
    ended = Event()

    def answer_all() -> None:
        while not ended.is_set():
            for asked in ledger.ask(["lab"], 0.1):
                try:
                    ledger.answer(asked, answer(asked.verb)(asked.args), None)
                except LaganError as error:
                    ledger.answer(asked, None, error)
        connections.close_all()

    register()
    ledger.present(WorkerFacts("w", ["lab"]))
    worker = Thread(target=answer_all)
    worker.start()
    try:
        yield
    finally:
        ended.set()
        worker.join()
        bell.hush()


@pytest.mark.django_db(transaction=True)
def test_a_folder_is_shown_as_the_worker_sees_it(
    site: Site, ledger: DatabaseLedger, tmp_path: Path
) -> None:
    (tmp_path / "dir").mkdir()
    (tmp_path / "caf\udce9\nx").write_bytes(b"123")
    with serving(Place(roots=(tmp_path,))), answering(ledger):
        seen = browsing.folder(actor=SYSTEM, site="lab", path=str(tmp_path), size=1)
        assert [(each.name, each.type) for each in seen.entries] == [("dir", "directory")]
        rest = browsing.folder(actor=SYSTEM, site="lab", path=str(tmp_path), after=seen.next)
        (file,) = rest.entries
        assert (file.name, file.size, file.type) == ("caf\udce9\nx", 3, "file")
        assert (rest.path, rest.next) == (str(tmp_path), None)
        (top,) = browsing.folder(actor=SYSTEM, site="lab").entries
        assert top.path == str(tmp_path)
        with pytest.raises(NotFound):
            browsing.folder(actor=SYSTEM, site="lab", path=f"{tmp_path}/gone")
        with pytest.raises(BadInput):
            browsing.folder(actor=SYSTEM, site="lab", path="/etc")
    assert not Question.objects.exists()


@pytest.mark.django_db
def test_who_may_not_browse_a_site_asks_it_nothing(
    site: Site, ledger: DatabaseLedger, stranger: Actor
) -> None:
    ledger.present(WorkerFacts("w", ["lab"]))
    for who in (stranger, NOBODY):
        with pytest.raises(NotFound, match="no site"):
            browsing.folder(actor=who, site="lab", path="/data")
    assert not Question.objects.exists()


@pytest.mark.django_db
def test_a_site_without_a_worker_is_said_to_be_away(site: Site) -> None:
    with pytest.raises(Unavailable, match="No worker"):
        browsing.folder(actor=SYSTEM, site="lab", path="/data")


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"path": "/", "entries": None, "next": None},
        {"path": "/", "entries": [{"name": "x"}], "next": None},
        {"path": "/", "entries": [{"name": "x", "path": "/x", "type": "file", "size": "many"}],
         "next": None},
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_read_is_no_fault_of_the_hub(told: dict[str, object]) -> None:
    with pytest.raises(Unavailable, match="does not know"):
        browsing.read("lab", told)

"""Searches follow every change at once, show nobody what they may not read, page by key, and start
from what is rare."""

from __future__ import annotations

import base64
import json

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from lagan.hub.base.actors import NOBODY, SYSTEM, Actor
from lagan.hub.datasets import queries as datasets
from lagan.hub.datasets import services
from lagan.hub.datasets.search import documents, drivers, facets, finding, queries
from lagan.hub.datasets.search.asking import query
from lagan.hub.datasets.search.errors import BadSearch
from lagan.hub.tree import services as tree
from tests.hub.people import People

pytestmark = pytest.mark.django_db


def make(people: People, name: str, **metadata: str) -> int:
    made = services.create_dataset(by=people.owner, name=name, group=people.team.id)
    if metadata:
        values = {f".{key}": [value] for key, value in metadata.items()}
        tree.set_metadata(by=people.owner, entity=made.pk, values=values)
    return int(made.pk)


def names(actor: Actor, *where: str, **settings: str) -> list[str]:
    return [each.name for each in queries.search(actor, query(where, **settings)).rows]


def test_a_search_follows_creation_naming_and_metadata_in_their_transaction(
    people: People,
) -> None:
    made = make(people, "Retina 1", Sample="quartz")
    assert names(people.owner, text="retina quartz") == ["Retina 1"]
    tree.rename(by=people.owner, entity=made, name="Cornea")
    tree.set_metadata(by=people.owner, entity=made, values={".Sample": ["mica"]})
    assert names(people.owner, text="retina") == names(people.owner, text="quartz") == []
    assert names(people.owner, ".Sample = mica", text="cornea mic*") == ["Cornea"]
    with transaction.atomic():
        tree.rename(by=people.owner, entity=made, name="Lens")
        assert names(people.owner, text="lens") == ["Lens"]
        transaction.set_rollback(True)
    assert names(people.owner, text="lens") == []
    assert names(people.owner, text="cornea") == ["Cornea"]


def test_the_words_of_all_datasets_can_be_found_again(people: People) -> None:
    make(people, "Retina", Note="warm day")
    documents.renew()
    assert names(people.owner, text="retina warm") == ["Retina"]


def test_a_stranger_finds_nothing_and_a_mate_what_the_team_reads(people: People) -> None:
    make(people, "Retina", Sample="quartz")
    for asked in ({}, {"text": "retina"}, {"text": "quartz"}):
        assert names(people.mate, **asked) == ["Retina"]
        assert names(people.stranger, **asked) == names(NOBODY, **asked) == []
    assert names(people.stranger, ".Sample = quartz", "system.dataset.id > 0", match="any") == []
    assert facets.facets(people.stranger, query([])).counted == 0


def test_who_may_not_read_metadata_is_told_nothing_of_it(people: People) -> None:
    made = make(people, "Retina", Sample="quartz")
    tree.set_grants(
        by=SYSTEM, subject=people.stranger.entity or 0, object=made, grant={"DATASET_READ"}
    )
    assert names(people.stranger, "system.dataset.name like ret*") == ["Retina"]
    assert names(people.stranger, ".Sample has") == names(people.stranger, text="quartz") == []
    counted = facets.facets(people.stranger, query([]), [".Sample"])
    assert counted.counted == 1
    assert ".Sample" not in [each.key for each in counted.facets]


def test_removed_datasets_are_found_on_request(people: People) -> None:
    made = make(people, "Retina", Sample="quartz")
    services.remove_dataset(by=SYSTEM, dataset=made)
    assert names(people.mate, ".Sample = quartz") == []
    assert names(people.mate, ".Sample = quartz", removed="1") == ["Retina"]


def test_pages_stay_as_they_are_while_datasets_are_added(people: People) -> None:
    for number in range(5):
        make(people, f"scan {number}")
    seen, after = [], None
    for number in range(10):
        page = queries.search(people.owner, query([], text="scan", size=2), after=after)
        seen += [each.name for each in page.rows]
        after = page.next
        make(people, f"scan later {number}")
        if after is None:
            break
    assert seen == [f"scan {number}" for number in (4, 3, 2, 1, 0)]


def test_the_list_of_datasets_goes_the_same_way(people: People) -> None:
    for number in range(3):
        make(people, f"scan {number}")
    page = datasets.visible(people.mate, text="SCAN", size=2)
    assert [each.name for each in page.items] == ["scan 2", "scan 1"]
    rest = datasets.visible(people.mate, text="SCAN", size=2, after=page.next)
    assert [each.name for each in rest.items] == ["scan 0"]
    assert rest.next is None
    assert datasets.visible(people.mate, state="closed").items == []


def test_facets_count_what_is_found(people: People) -> None:
    for number in range(3):
        make(people, f"scan {number}", Sample="quartz" if number else "mica")
    counted = facets.facets(people.mate, query([]), [".Sample"])
    by_key = {each.key: {v.words: v.count for v in each.values} for each in counted.facets}
    assert (counted.counted, counted.complete) == (3, True)
    assert by_key["system.dataset.status"] == {"open": 3}
    assert by_key["system.dataset.group"] == {"/root/team": 3}
    assert by_key["system.dataset.owner"] == {"owner": 3}
    assert by_key[".Sample"] == {"quartz": 2, "mica": 1}
    for facet in counted.facets:
        for value in facet.values:
            assert len(names(people.mate, *value.where)) == value.count


def test_facets_stop_at_their_bound(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facets, "MOST_COUNTED", 2)
    for number in range(3):
        make(people, f"scan {number}")
    counted = facets.facets(people.mate, query([]))
    assert (counted.counted, counted.complete) == (2, False)
    with pytest.raises(BadSearch):
        facets.facets(people.mate, query([]), [f".K{n}" for n in range(6)])


def cursor(given: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(given).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "after",
    ["zz", "€", "W10", cursor(["newest"]), cursor(["oldest", 1, 1]), cursor(["newest", "a", 1]),
     cursor(["newest", 1, 2**70]), cursor(["newest", True, 1]), cursor([["newest"], 1, 1]),
     "W1tb" * 5000],
)  # fmt: skip
def test_a_cursor_of_something_else_is_refused(people: People, after: str) -> None:
    with pytest.raises(BadSearch):
        finding.find(people.owner, query([]), after=after)


def test_what_is_rare_drives_wherever_it_stands(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drivers, "ENOUGH", 1)
    for number in range(60):
        make(people, f"scan {number}", Half=str(number % 2), Rare="yes" if number == 3 else "no")
    admin = SYSTEM
    for where in (
        [".Half = 1", ".Rare = yes"],
        [".Rare like y*s", "system.dataset.status = open"],
        [".Half != 0", ".Rare > x"],
    ):
        found = finding.find(admin, query(where))
        assert len(found.ids) == 1
        assert found.looked_at == 1, where
    assert finding.find(admin, query([], text="scan 42")).looked_at == 1
    few = people.stranger
    tree.set_grants(
        by=SYSTEM, subject=few.entity or 0, object=datasets.visible(admin).items[0].id,
        grant={"DATASET_READ"},
    )  # fmt: skip
    assert finding.find(few, query(["system.dataset.status = open"])).looked_at == 1


@pytest.mark.parametrize("other", [".Half = 1", ".Half > 0", ".Half != 0", ".Half >= text"])
def test_no_condition_costs_a_scan(people: People, other: str) -> None:
    """A candidate is looked up by its dataset; nothing reads all that lies in a range for it."""
    make(people, "scan", Half="1", Rare="yes")
    with CaptureQueriesContext(connection) as captured:
        finding.find(SYSTEM, query([".Rare = yes", other]))
    read = [each["sql"] for each in captured.captured_queries if "tree_metadata" in each["sql"]]
    assert read
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as asked:
        if connection.vendor == "postgresql":
            asked.execute("SET LOCAL enable_seqscan = off")
        for sql in read:
            asked.execute(f"{explain} {sql}")
            steps = [str(row[-1]) for row in asked.fetchall()]
            assert not [each for each in steps if "SCAN m" in each]
            assert not [each for each in steps if "Seq Scan on tree_metadata" in each]
            if connection.vendor == "sqlite" and "EXISTS" in sql:
                looked_up = [each for each in steps if "SEARCH m" in each]
                assert all("entity_id=?" in each for each in looked_up), steps


def test_a_search_that_looked_at_enough_says_how_far_it_came(people: People) -> None:
    made = [make(people, f"scan {number}", Note="x" * 70 + str(number)) for number in range(6)]
    sought = query([".Note like *x0"])
    found = finding.find(SYSTEM, sought, most=4)
    assert (found.ids, found.stopped) == ([], made[2])
    rest = finding.find(SYSTEM, sought, after=found.next, most=4)
    assert (rest.ids, rest.next) == ([made[0]], None)

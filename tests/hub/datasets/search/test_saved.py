"""Saved searches: their owner's, shared with groups, run with the rights of whoever runs them."""

from __future__ import annotations

import pytest

from lagan.hub.base.actors import NOBODY, SYSTEM
from lagan.hub.datasets import services as datasets
from lagan.hub.datasets.search import queries, services
from lagan.hub.datasets.search.asking import query
from lagan.hub.datasets.search.errors import BadSearch
from lagan.hub.tree import services as tree
from lagan.kit.errors import Conflict, Forbidden, NotFound
from tests.hub.people import People

pytestmark = pytest.mark.django_db
SOUGHT = query(["system.dataset.name like scan*"], text="warm", order="name")


def test_it_comes_back_as_it_was(people: People) -> None:
    services.save_search(by=people.owner, name=" Warm scans ", query=SOUGHT)
    (kept,) = queries.saved(people.owner)
    assert (kept.name, kept.mine, kept.group, kept.query) == ("Warm scans", True, None, SOUGHT)
    assert queries.saved_search(people.owner, "Warm scans") == kept
    assert queries.saved_search(people.owner, str(kept.id)) == kept


def test_it_is_its_owners_until_it_is_shared(people: People) -> None:
    made = services.save_search(by=people.owner, name="scans", query=SOUGHT)
    assert queries.saved(people.mate) == queries.saved(people.stranger) == []
    services.change_search(by=people.owner, search=made.pk, group=people.role.id)
    (shared,) = queries.saved(people.mate)
    assert (shared.name, shared.mine, shared.group) == ("scans", False, "/root/team/team_member")
    assert queries.saved(people.stranger) == queries.saved(NOBODY) == []
    services.change_search(by=people.owner, search=made.pk, name="mine", group=None)
    assert queries.saved(people.mate) == []


def test_it_runs_with_its_readers_rights(people: People) -> None:
    datasets.create_dataset(by=SYSTEM, name="scan", group=people.team.id, owner=people.owner.entity)
    services.save_search(
        by=people.owner, name="all", query=query(["system.dataset.name = scan"]),
        group=people.role.id,
    )  # fmt: skip
    tree.add_member(by=SYSTEM, member=people.stranger.entity or 0, group=people.role.id)
    tree.set_grants(by=SYSTEM, subject=people.role.id, object=people.team.id, grant=(), deny=())
    kept = queries.saved_search(people.stranger, "all").query
    assert len(queries.search(people.owner, kept).rows) == 1
    assert queries.search(people.stranger, kept).rows == []


def test_only_its_owner_changes_or_forgets_it(people: People) -> None:
    made = services.save_search(by=people.owner, name="s", query=SOUGHT, group=people.role.id)
    for other in (people.mate, people.stranger, NOBODY):
        with pytest.raises(NotFound):
            services.change_search(by=other, search=made.pk, name="x", group=None)
        with pytest.raises(NotFound):
            services.forget_search(by=other, search=made.pk)
    services.forget_search(by=people.owner, search=made.pk)
    assert queries.saved(people.owner) == []


def test_it_is_shared_only_with_ones_own_groups(people: People) -> None:
    for group in (people.role.id, people.team.id, people.ground.root.id, 10**12):
        with pytest.raises(Forbidden):
            services.save_search(by=people.stranger, name="s", query=SOUGHT, group=group)
    with pytest.raises(Forbidden):  # everybody is beneath the root
        services.save_search(by=people.owner, name="s", query=SOUGHT, group=people.ground.root.id)
    assert people.team.id in queries.sharing_groups(people.owner)


def test_names_are_ones_own_and_once(people: People) -> None:
    services.save_search(by=people.owner, name="s", query=SOUGHT)
    services.save_search(by=people.mate, name="s", query=SOUGHT)
    with pytest.raises(Conflict):
        services.save_search(by=people.owner, name="s", query=SOUGHT)
    for name in ("", " ", "x" * 101, "a\nb"):
        with pytest.raises(BadSearch):
            services.save_search(by=people.owner, name=name, query=SOUGHT)
    with pytest.raises(Forbidden):
        services.save_search(by=NOBODY, name="s", query=SOUGHT)

"""Who may browse a site, run something there, and look after all of them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lagan.hub.base.actors import NOBODY, SYSTEM, Actor
from lagan.hub.jobs import site_rights
from lagan.hub.jobs.models import Site
from lagan.hub.jobs.services import ensure_site
from lagan.hub.tree.permissions import Permission
from lagan.hub.tree.services import create_entity, ensure_root, set_grants
from lagan.kit.errors import Forbidden, NotFound

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Cast:
    """A laboratory whose group is the place of the site `lab`; `root` has none."""

    owner: Actor
    mate: Actor
    stranger: Actor
    admin: Actor
    group: int


@pytest.fixture
def cast(db: None) -> Cast:
    ground = ensure_root()
    group = create_entity(type="GROUP", name="Lab", parent=ground.root.id, by=SYSTEM).id
    people = {
        name: create_entity(type="USER", name=name, parent=ground.users.id, by=SYSTEM).id
        for name in ("owner", "mate", "stranger", "admin")
    }
    may = {
        ("owner", group): [Permission.TASK_READ, Permission.TASK_CREATE],
        ("mate", group): [Permission.TASK_READ],
        ("admin", ground.root.id): [each for each in Permission if each.startswith("TASK_")],
    }
    for (name, object), permissions in may.items():
        set_grants(by=SYSTEM, subject=people[name], object=object, grant=permissions)
    ensure_site(name="lab")
    ensure_site(name="other")
    Site.objects.filter(name="lab").update(place=group)
    actors = {name: Actor(id, name, "session") for name, id in people.items()}
    return Cast(**actors, group=group)


def test_the_owner_runs_the_team_mate_browses_and_to_the_stranger_there_is_no_site(
    cast: Cast,
) -> None:
    assert site_rights.require_run(cast.owner, "lab").name == "lab"
    assert site_rights.require_browse(cast.owner, "lab").place == cast.group
    assert site_rights.require_browse(cast.mate, "lab").name == "lab"
    with pytest.raises(Forbidden, match="TASK_CREATE"):
        site_rights.require_run(cast.mate, "lab")
    for who in (cast.stranger, NOBODY):
        for require in (site_rights.require_browse, site_rights.require_run):
            with pytest.raises(NotFound):
                require(who, "lab")


@pytest.mark.parametrize("require", [site_rights.require_browse, site_rights.require_run])
def test_a_hidden_site_is_refused_as_one_that_is_not_there(cast: Cast, require: object) -> None:
    assert callable(require)
    told = []
    for name in ("lab", "nowhere"):
        with pytest.raises(NotFound) as caught:
            require(cast.stranger, name)
        told.append(caught.value.sentence.replace(name, "X"))
    assert told[0] == told[1]


def test_a_site_without_a_place_is_at_the_root(cast: Cast) -> None:
    assert site_rights.require_run(cast.admin, "other").name == "other"
    with pytest.raises(NotFound):
        site_rights.require_browse(cast.owner, "other")
    Site.objects.filter(name="lab").update(place=10**15)
    assert site_rights.require_run(cast.admin, "lab").name == "lab"
    with pytest.raises(NotFound):
        site_rights.require_browse(cast.owner, "lab")
    assert site_rights.browsable(cast.owner) == []


def test_sites_are_looked_after_from_the_root(cast: Cast) -> None:
    site_rights.require_administer(cast.admin)
    site_rights.require_administer(SYSTEM)
    for who in (cast.owner, cast.mate, cast.stranger, NOBODY):
        assert not site_rights.may_administer(who)
        with pytest.raises(Forbidden):
            site_rights.require_administer(who)


def test_the_lists_agree_with_the_single_checks_and_cost_the_same_for_many(cast: Cast) -> None:
    def names(sites: list[Site]) -> list[str]:
        return [site.name for site in sites]

    expected = {
        cast.owner: (["lab"], ["lab"]),
        cast.mate: (["lab"], []),
        cast.stranger: ([], []),
        cast.admin: (["lab", "other"], ["lab", "other"]),
        SYSTEM: (["lab", "other"], ["lab", "other"]),
        NOBODY: ([], []),
    }
    for who, (browse, run) in expected.items():
        assert names(site_rights.browsable(who)) == browse
        assert names(site_rights.runnable(who)) == run
    with CaptureQueriesContext(connection) as few:
        site_rights.browsable(cast.admin)
    Site.objects.bulk_create(Site(name=f"s{n}", place=cast.group) for n in range(20))
    with CaptureQueriesContext(connection) as many:
        assert len(site_rights.browsable(cast.admin)) == 22
    assert len(few) == len(many)

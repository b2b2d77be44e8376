"""A computer is registered, its host key confirmed by a person, its data looked at."""

from __future__ import annotations

import time

import pytest

from lagan.kit.errors import Conflict, Forbidden, NotFound
from lagan.transfer import OutsideTop, make_key, public_part
from tests.hub.laboratory import facts, fill


def connection(lab):
    from lagan.hub.computers import queries

    return queries.connection(queries.computer(lab.people.owner, lab.computer))


def test_what_was_told_is_system_metadata_that_people_cannot_set(lab):
    from lagan.hub.computers import queries, services
    from lagan.hub.tree import queries as tree_queries
    from lagan.hub.tree import services as tree

    row = queries.computer(lab.people.mate, lab.computer)
    assert row.facts["need"] == "200 GB"
    assert tree_queries.metadata(lab.computer)["system.computer.path"] == [str(lab.top)]
    with pytest.raises(Forbidden):
        tree.set_metadata(
            by=lab.people.owner, entity=lab.computer, values={"system.computer.path": ["/"]}
        )
    services.change_computer(
        by=lab.people.owner, computer=lab.computer, facts={"room": "2.13", "need": ""}
    )
    row = queries.computer(lab.people.mate, lab.computer)
    assert (row.facts["room"], row.facts.get("need")) == ("2.13", None)


def test_who_may_what(lab):
    from lagan.hub.computers import queries, services

    people = lab.people
    with pytest.raises(NotFound):
        queries.computer(people.stranger, lab.computer)
    assert queries.visible(people.stranger).items == []
    assert [each.name for each in queries.visible(people.mate).items] == ["nmr"]
    for act in (
        lambda by: services.change_computer(by=by, computer=lab.computer, facts={"room": "1"}),
        lambda by: services.test_connection(by=by, computer=lab.computer),
        lambda by: services.confirm_host_key(by=by, computer=lab.computer, fingerprint="x"),
        lambda by: services.register_computer(by=by, group=lab.team, name="x", facts={}),
    ):
        with pytest.raises(Forbidden):
            act(people.mate)
        with pytest.raises(NotFound):
            act(people.stranger)
    with pytest.raises(NotFound):
        services.browse(by=people.stranger, computer=lab.computer)


def test_a_confirmed_computer_works(lab):
    from lagan.hub.computers import services

    fill(lab.top, {"a.txt": b"a", "b/c.txt": b"c"})
    services.test_connection(by=lab.people.owner, computer=lab.computer)
    found = connection(lab)
    assert (found.state, found.worked, found.confirmed_by) == ("ready", True, "owner")
    assert "holds 2 names" in found.words


def test_only_the_key_that_was_shown_can_be_confirmed(lab):
    from lagan.hub.computers import services

    with pytest.raises(Conflict, match="test the connection again"):
        services.confirm_host_key(
            by=lab.people.owner, computer=lab.computer, fingerprint="SHA256:other"
        )


def test_another_host_key_stops_everything_until_confirmed(lab):
    from lagan.hub.computers import services
    from lagan.hub.computers.models import Connection
    from lagan.transfer import HostKeyChanged, forget

    Connection.objects.filter(computer=lab.computer).update(
        host_key=public_part(make_key("before"))
    )
    forget()
    with pytest.raises(HostKeyChanged):
        services.browse(by=lab.people.owner, computer=lab.computer)
    services.test_connection(by=lab.people.owner, computer=lab.computer)
    found = connection(lab)
    assert (found.state, found.worked) == ("changed", False)
    services.confirm_host_key(by=lab.people.owner, computer=lab.computer, fingerprint=found.offered)
    assert services.browse(by=lab.people.owner, computer=lab.computer).items == []


def test_another_address_must_be_confirmed_again(lab):
    from lagan.hub.computers import services
    from lagan.hub.computers.errors import NotConnected

    services.change_computer(by=lab.people.owner, computer=lab.computer, facts={"ip": "127.0.0.2"})
    assert connection(lab).state == "unconfirmed"
    with pytest.raises(NotConnected):
        services.browse(by=lab.people.owner, computer=lab.computer)


def test_a_computer_that_does_not_answer_says_so(lab):
    from lagan.hub.computers import services
    from tests.services.process import free_port

    services.change_computer(
        by=lab.people.owner, computer=lab.computer, facts={"port": str(free_port())}
    )
    services.test_connection(by=lab.people.owner, computer=lab.computer)
    found = connection(lab)
    assert found.worked is False
    assert "no SSH server" in found.words


def test_browsing_shows_folders_first_and_the_newest_when_asked(lab):
    from lagan.hub.computers import services

    fill(lab.top, {"old.txt": b"old", "new.txt": b"newer", "run/x": b"x"})
    page = services.browse(by=lab.people.mate, computer=lab.computer, size=2)
    assert [(each.name, each.kind) for each in page.items] == [
        ("run", "folder"),
        ("new.txt", "file"),
    ]
    rest = services.browse(by=lab.people.mate, computer=lab.computer, size=2, after=page.next)
    assert [each.name for each in rest.items] == ["old.txt"]
    page = services.browse(by=lab.people.mate, computer=lab.computer, order="newest")
    assert [each.name for each in page.items][1:] == ["new.txt", "old.txt"]
    with pytest.raises(OutsideTop):
        services.browse(by=lab.people.mate, computer=lab.computer, folder="../")


def test_a_folder_opens_quickly(lab):
    from lagan.hub.computers import services

    fill(lab.top, {f"{n}.dat": b"" for n in range(300)})
    services.browse(by=lab.people.mate, computer=lab.computer)
    begun = time.process_time()
    assert len(services.browse(by=lab.people.mate, computer=lab.computer).items) == 200
    assert time.process_time() - begun < 1  # a tenth of this is usual


def test_acts_are_recorded_and_facts_are_not(lab):
    from lagan.hub.audit.models import Event

    kinds = list(
        Event.objects.filter(subject=lab.computer).order_by("id").values_list("kind", flat=True)
    )
    assert "computer.registered" in kinds
    assert "host-key.confirmed" in kinds
    (event,) = Event.objects.filter(subject=lab.computer, kind="computer.registered")
    assert "200 GB" not in event.data


def test_registering_says_every_problem_and_leaves_nothing(lab, ssh, top):
    from lagan.hub.computers import services
    from lagan.hub.computers.errors import BadFacts
    from lagan.hub.tree import queries as tree

    with pytest.raises(BadFacts):
        services.register_computer(
            by=lab.people.owner,
            group=lab.team,
            name="other",
            facts={**facts(ssh, top), "ip": "nowhere", "port": "many"},
        )
    assert tree.find(type="COMPUTER", name="other") is None

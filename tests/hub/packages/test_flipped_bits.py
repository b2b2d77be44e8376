"""Any single bit of a stored package may flip: a round finds it, says so, and heals it; nothing
wrong is given out, not even what was prepared before the bit flipped."""

from __future__ import annotations

import sys

import pytest

from lagan.hub.archive.models import Replica
from lagan.hub.archive.reactions import replicate_lacking
from lagan.hub.audit.models import Event
from lagan.hub.audit.queries import as_row
from lagan.hub.packages import services
from lagan.hub.packages.downloading import proved
from lagan.hub.packages.models import Package
from lagan.hub.packages.rules import Status
from lagan.kit.errors import Unavailable
from tests.chance import dice
from tests.hub.packages.depot import Depot
from tests.hub.packages.flipping import Flipper


def healed(depot: Depot, packages: int, rounds: int) -> int:
    """Flip a bit of each in so many rounds, on one volume and then on the other; how many bits."""
    flipper, flips = Flipper(depot, dice("flips"), packages), 0
    replicate_lacking()
    depot.work()
    right = flipper.digests()
    for number in range(rounds):
        volume = ("main", "copy")[number % 2]
        bits = flipper.flip(volume)
        wrong = flipper.read(volume)
        assert all(wrong[each.package] != right[each.package] for each in bits)
        before = flipper.wait_a_month()
        looks = Event.objects.filter(kind="package.checked", id__gt=before)
        found = {each.subject: each for each in looks}
        beside = flipper.found_beside(before)
        missed = [
            each
            for each in bits
            if _damaged(found[each.package]) != [volume] and each.package not in beside
        ]
        assert missed == []
        assert {each.result for each in found.values()} == {"done"}
        assert len(looks) == len(bits)
        assert flipper.read("main") == flipper.read("copy") == right
        assert set(Package.objects.values_list("status", flat=True)) == {"3"}
        flips += len(bits)
        sys.stdout.write(f"round {number}: {flips} bits found and healed\n")
    return flips


def _damaged(event: Event) -> list[str]:
    told: list[str] = as_row(event).data["damaged"]
    return told


def unhealable(depot: Depot, packages: int, rounds: int) -> int:
    """The same of only copies: nothing is given out, whenever it had been asked for."""
    flipper, flips = Flipper(depot, dice("only copies"), packages), 0
    owner = depot.people.owner
    for _ in range(rounds):
        for package in flipper.packages:
            assert services.ask_for(by=owner, package=package) is None
        depot.work()
        ready = {each: services.ask_for(by=owner, package=each) for each in flipper.packages}
        bits = flipper.flip("main")
        for package, given in ready.items():
            assert given is not None
            with pytest.raises(Unavailable):
                assert b"".join(map(bytes, proved(package, given))) is None
        Replica.objects.update(state="good")
        before = flipper.wait_a_month()
        looks = Event.objects.filter(kind="package.checked", id__gt=before)
        assert {(each.subject, each.result) for each in looks} == {
            (each.package, "failed") for each in bits
        }
        assert _states() == {Status.CHECKSUM_FAILED}
        for package in flipper.packages:
            assert services.ask_for(by=owner, package=package) is None
        depot.work()
        given_out = [services.ask_for(by=owner, package=each) for each in flipper.packages]
        assert given_out == [None] * len(bits)
        depot.work()
        flips += len(bits)
        _put_back(depot, flipper)
    return flips


def _states() -> set[str]:
    return set(Package.objects.values_list("status", flat=True))


def _put_back(depot: Depot, flipper: Flipper) -> None:
    """Somebody brings the right bytes back, and a round notices."""
    for row in Replica.objects.select_related("file"):
        package = Package.objects.get(stored=row.file_id)
        path = depot.root / "main" / row.object
        content = bytearray(path.read_bytes())
        content[row.offset : row.offset + row.length] = flipper.packages[package.pk]
        path.write_bytes(content)
    Replica.objects.update(state="good")
    flipper.wait_a_month()
    assert _states() == {Status.CHECKSUM_OK}


@pytest.mark.slow
def test_some_flipped_bits_are_found_and_healed(depot: Depot):
    """10,000 are `make soak`."""
    assert healed(depot, 40, 3) == 120


def test_only_copies_are_never_given_out(depot: Depot):
    assert unhealable(depot, 8, 2) == 16


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_ten_thousand_flipped_bits_are_found_and_healed(depot: Depot):
    assert healed(depot, 200, 50) == 10_000


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_a_thousand_only_copies_are_never_given_out(depot: Depot):
    assert unhealable(depot, 100, 10) == 1000

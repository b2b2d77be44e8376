"""The record of a package comes back from the volumes alone."""

from __future__ import annotations

from typing import Any

from lagan.hub.archive import services as archive
from lagan.hub.packages import keeping, services
from lagan.hub.packages.models import Package
from lagan.store.journal import NoteLine
from tests.hub.packages.bags import bag_zip
from tests.hub.packages.depot import Depot


def everything() -> list[dict[str, Any]]:
    return [dict(each) for each in Package.objects.order_by("pk").values()]


def noted() -> list[NoteLine]:
    """What a volume's journal says of packages."""
    from lagan.hub.archive import queries

    (volume,) = (each.id for each in queries.volumes() if each.name == "copy")
    lines = archive.journal(volume).entries()
    return [each for each in lines if isinstance(each, NoteLine) and each.kind == keeping.NOTE]


def test_packages_come_back_from_a_journal(depot: Depot):
    first = depot.kept(user_metadata={"author": "Milán"})
    depot.kept(b"no zip")
    depot.kept(bag_zip({"data/x": b"x"}), group=None, after=first.pk)
    services.update_package(by=depot.people.owner, package=first.pk, name="renamed")
    depot.react()
    lines, before = noted(), everything()
    Package.objects.update(next_version=None)
    Package.objects.all().delete()
    for _ in range(2):
        keeping.adopt(lines)
        assert everything() == before


def test_what_the_database_knows_is_not_taken_back(depot: Depot):
    row = depot.kept()
    depot.react()
    old = noted()
    services.update_package(by=depot.people.owner, package=row.pk, name="renamed")
    before = everything()
    keeping.adopt(old)
    assert everything() == before


def test_a_copys_journal_is_told_of_the_packages_it_holds(depot: Depot):
    row = depot.kept()
    (line,) = keeping.describe([{"dataset": row.pk, "path": row.file_name}, {"dataset": 1}])
    assert (line.data["id"], line.data["checksum"]) == (row.pk, row.checksum)

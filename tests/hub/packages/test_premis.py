"""What happens to a package is told as PREMIS: events in its vocabulary with their outcomes, the
zip with its digest and formats, and the rights that are known."""

from __future__ import annotations

from datetime import timedelta
from xml.etree.ElementTree import Element, fromstring

import pytest
from click.testing import CliRunner

from lagan.cli.audit import audit as command
from lagan.hub.audit import queries as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import Actor
from lagan.hub.evidence import queries
from lagan.hub.evidence.premis_terms import TERMS
from lagan.hub.packages import services
from lagan.hub.packages.models import Package
from lagan.kit.errors import NotFound
from tests.hub.audit.sealing import seal_all
from tests.hub.evidence.schema import NAMESPACE, TYPE, faults
from tests.hub.packages.bags import bag_zip
from tests.hub.packages.depot import Depot, damage
from tests.hub.packages.test_keeping import age

OWN = {Kind.PACKAGE_BEGUN, Kind.PACKAGE_REQUESTED}
"""What the vocabulary has no word for."""


def document(by: Actor, row: Package) -> Element:
    seal_all()
    asked = audit.asked({"subject": str(row.pk)})
    made: Element = fromstring("".join(queries.premis(by, asked, files="package")).encode())
    return made


def outcomes(found: Element) -> list[tuple[str, str]]:
    events = found.iter(f"{NAMESPACE}event")
    return [(one(each, "eventType"), one(each, "eventOutcome")) for each in events]


def one(found: Element, name: str) -> str:
    return str(next(found.iter(f"{NAMESPACE}{name}")).text)


def every(found: Element, name: str) -> list[str]:
    return [str(each.text) for each in found.iter(f"{NAMESPACE}{name}")]


def test_every_kind_of_event_has_its_term():
    kinds = {each for each in Kind if each.startswith("package.")}
    assert kinds - set(TERMS) == OWN


def test_the_life_of_a_package(depot: Depot):
    from lagan.hub.packages import fixity

    row = depot.kept(user_metadata={"license": "CC-BY-4.0"})
    owner = depot.people.owner
    services.update_package(by=owner, package=row.pk, user_metadata={"rights": "CC0-1.0"})
    services.ask_for(by=owner, package=row.pk)
    depot.work()
    services.ask_for(by=depot.people.mate, package=row.pk)
    later = depot.kept(bag_zip({"data/2": b"2"}), group=None, after=row.pk)
    age(row, checked_at=timedelta(days=30))
    damage(depot.path(row))
    fixity.plan_round()
    depot.work()
    found = document(depot.people.mate, row)
    assert faults(found) == []
    told = [each for each in outcomes(found) if not each[0].startswith(("package.", "entity."))]
    wanted = [
        ("validation", "success"), ("message digest calculation", "success"),
        ("ingestion", "success"), ("metadata modification", "success"),
        ("fixity check", "success"), ("dissemination", "success"), ("fixity check", "fail"),
    ]  # fmt: skip
    rest = iter(told)
    assert all(each in rest for each in wanted), told
    (file,) = (each for each in found if each.get(TYPE) == "file")
    assert every(file, "messageDigest")[0] == row.checksum
    assert every(file, "size") == [str(row.size)]
    assert every(file, "formatRegistryKey") == ["x-fmt/263", "RFC 8493"]
    assert "0.97" in every(file, "formatVersion")
    assert "CC0-1.0" in every(found, "licenseTerms")
    assert every(found, "rightsBasis") == ["license", "other"]
    assert "/root/team/team_member" in one(found, "restriction")
    entities = [each for each in found if each.get(TYPE) == "intellectualEntity"]
    own = next(each for each in entities if one(each, "objectIdentifierValue") == str(row.pk))
    assert every(own, "relatedObjectIdentifierValue") == [str(later.pk)]
    assert every(own, "relationshipSubType") == ["is source of"]
    names = {one(each, "agentName") for each in found.iter(f"{NAMESPACE}agent")}
    assert {"Lagan", "owner", "mate"} <= names


def test_the_command_tells_the_same(depot: Depot):
    row = depot.kept()
    seal_all()
    words = ["export", "--premis", "--subject", str(row.pk), "--files", "package"]
    done = CliRunner().invoke(command, words)
    assert done.exception is None, done.output
    found = fromstring(done.stdout.encode())  # noqa: S314 - our own
    assert faults(found) == []
    assert every(found, "messageDigest")[0] == row.checksum


def test_a_refused_deposit_fails_its_validation(depot: Depot):
    row = depot.kept(b"no bag")
    found = document(depot.people.owner, row)
    assert faults(found) == []
    assert ("validation", "fail") in outcomes(found)
    assert every(found, "formatName") == ["application/octet-stream"]


def test_a_stranger_is_told_nothing(depot: Depot):
    row = depot.kept()
    with pytest.raises(NotFound):
        document(depot.people.stranger, row)

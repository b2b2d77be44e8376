"""A package is certified to who may read it: its zip, the verdict, copies and versions; by all ways
that certificates go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client
from pypdfium2 import PdfDocument

from lagan.cli.audit import audit as command
from lagan.hub.accounts.queries import find_user
from lagan.hub.archive.reactions import replicate_lacking
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.evidence import queries
from lagan.hub.evidence.certificate import make_certificate
from lagan.hub.evidence.verifying import attached, verify_certificate
from lagan.hub.packages.models import Package
from lagan.hub.packages.rules import Status
from lagan.hub.tree import services as tree
from lagan.kit.errors import NotFound
from tests.hub.accounts.cast import bearer
from tests.hub.packages.bags import bag_zip
from tests.hub.packages.depot import Depot, digest

DATA = bag_zip()


def certify(by: Actor, package: Package, folder: str = "") -> dict[str, Any]:
    made = make_certificate(by=by, kind="package", id=package.pk, folder=folder)
    value: dict[str, Any] = made["certificate"]
    return value


def test_it_tells_the_zip_its_verdict_and_every_copy(depot: Depot):
    row = depot.kept(DATA, user_metadata={"Licence": "CC-BY-4.0"})
    replicate_lacking()
    depot.work()
    for by in (depot.people.owner, depot.people.mate):
        value = certify(by, row)
        about, (file,) = value["about"], value["files"]
        assert about["checksum"]["received"] == about["checksum"]["stored"] == digest(DATA)
        assert (about["name"], about["depositor"], about["status"]) == (row.name, "owner", "3")
        assert (about["bag"]["valid"], about["bag"]["files"], about["bag"]["version"]) == (
            True, 2, "0.97",
        )  # fmt: skip
        assert about["compared"]
        assert (file["path"], file["sha256"]) == (row.file_name, digest(DATA))
        assert {copy["volume"] for copy in file["copies"]} == {"main", "copy"}
        assert all(copy["seen"] for copy in file["copies"])
        assert [each["name"] for each in file["formats"]] == ["ZIP Format", "BagIt"]
        licence, permission = value["rights"]
        assert licence["address"] == "https://creativecommons.org/licenses/by/4.0/"
        assert permission["act"] == "read"


def test_it_tells_all_versions_from_any_of_them(depot: Depot):
    chain = [depot.kept(DATA)]
    for number in range(3):
        data = bag_zip({"data/n": bytes([number])})
        chain.append(depot.kept(data, group=None, after=chain[-1].pk))
    for row in chain:
        told = certify(depot.people.mate, row)["about"]["versions"]
        assert [(each["id"], each["version"]) for each in told] == [
            (each.pk, number) for number, each in enumerate(chain, 1)
        ]
    tree.set_grants(by=SYSTEM, subject=depot.people.role.pk, object=chain[0].pk,
                    deny={"DATASET_READ"})  # fmt: skip
    told = certify(depot.people.mate, chain[3])["about"]["versions"]
    assert [each["version"] for each in told] == [2, 3, 4]


def test_a_stranger_gets_none_and_neither_does_anybody_of_what_is_gone(depot: Depot):
    row, coming = depot.kept(DATA), depot.kept(DATA)
    with pytest.raises(NotFound):
        certify(depot.people.stranger, row)
    with pytest.raises(NotFound, match="no files"):
        certify(depot.people.owner, row, folder="data")
    Package.objects.filter(pk=coming.pk).update(stored=None, status=Status.NEW)
    with pytest.raises(NotFound, match="no files"):
        certify(depot.people.owner, coming)


def test_one_that_was_refused_says_why(depot: Depot):
    row = depot.kept(bag_zip(leave_out="bagit.txt"))
    bag = certify(depot.people.owner, row)["about"]["bag"]
    assert bag["valid"] is False
    assert "bagit.txt" in bag["errors"][0]["error"]


def test_command_and_door_give_it_as_json_and_pdf(depot: Depot, tmp_path: Path):
    row, run = depot.kept(DATA), CliRunner()
    for name in ("c.json", "c.pdf"):
        words = ["certificate", "make", str(row.pk), "--kind", "package", "--to"]
        made = run.invoke(command, [*words, str(tmp_path / name)])
        assert made.exception is None, made.output
        judged = verify_certificate((tmp_path / name).read_bytes(), queries.public_keys())
        assert judged.certificate["about"]["checksum"]["received"] == digest(DATA)
    page = PdfDocument(tmp_path / "c.pdf")[0].get_textpage().get_text_range()
    assert "valid, BagIt 0.97" in page
    assert row.checksum in page
    given = {"kind": "package", "id": row.pk, "form": "pdf"}
    for name, status in (("owner", 200), ("mate", 200), ("stranger", 404)):
        user = find_user(username=name)
        assert user is not None
        answer = Client().post(
            "/api/audit/certificates/", given, content_type="application/json",
            headers=bearer(user),
        )  # fmt: skip
        assert answer.status_code == status
        if status == 200:
            assert json.loads(attached(answer.content))["certificate"]["about"]["id"] == row.pk

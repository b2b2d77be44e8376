"""A certificate says what is kept, is signed, and is judged without the hub; whoever may not read
the dataset gets none."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from joserfc.jwk import OKPKey
from pypdfium2 import PdfDocument

from lagan.cli.audit import audit as command
from lagan.hub.archive import services as archive
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.models import Event
from lagan.hub.base.actors import Actor
from lagan.hub.datasets import queries as datasets
from lagan.hub.evidence import certificate, certified, queries
from lagan.hub.evidence.certificate import as_text, make_certificate
from lagan.hub.evidence.jws import BadSignature, read_keys
from lagan.hub.evidence.paper import as_pdf
from lagan.hub.evidence.verifying import attached, verify_certificate
from lagan.kit.errors import BadInput, Forbidden, NotFound, TooLarge
from tests.hub.evidence.conftest import CONTENT, Kept


def told(made: dict[str, Any]) -> dict[str, Any]:
    value: dict[str, Any] = made["certificate"]
    return value


def test_it_says_what_is_kept(kept: Kept) -> None:
    id, people = kept.dataset, kept.people
    value = told(make_certificate(by=people.mate, kind="dataset", id=id))
    assert (value["about"]["name"], value["about"]["owner"]) == ("Dvořák", "owner")
    assert value["totals"] == {"files": 3, "bytes": 6, "copies": 6, "good_copies": 6}
    found = {each["path"]: each for each in value["files"]}
    assert set(found) == set(CONTENT)
    for path, data in CONTENT.items():
        assert found[path]["sha256"] == hashlib.sha256(data).hexdigest()
        assert {copy["volume"] for copy in found[path]["copies"]} == {"main", "copy"}
        assert all(copy["seen"] for copy in found[path]["copies"])
    event = Event.objects.filter(kind=Kind.CERTIFICATE_MADE).get()
    assert (event.subject, event.actor) == (id, "mate")


def test_of_a_folder_only(kept: Kept) -> None:
    id, people = kept.dataset, kept.people
    value = told(make_certificate(by=people.owner, kind="dataset", id=id, folder="/raw/"))
    assert [each["path"] for each in value["files"]] == sorted(CONTENT)[:2]
    assert value["folder"] == "raw"


def test_who_may_not_read_the_dataset_gets_none(kept: Kept) -> None:
    id, people = kept.dataset, kept.people
    for actor in (people.stranger, Actor(None, "", "none")):
        with pytest.raises((NotFound, Forbidden)):
            make_certificate(by=actor, kind="dataset", id=id)
    with pytest.raises(BadInput, match="certifies"):
        make_certificate(by=people.owner, kind="elephant", id=id)
    with pytest.raises(NotFound, match="no files"):
        make_certificate(by=people.owner, kind="dataset", id=id, folder="nothing")
    assert not Event.objects.filter(kind=Kind.CERTIFICATE_MADE).exists()


def test_more_files_than_one_holds_are_refused(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificate, "MOST", 2)
    with pytest.raises(TooLarge, match="of each folder"):
        make_certificate(by=kept.people.owner, kind="dataset", id=kept.dataset)


def change(data: bytes, old: bytes, new: bytes) -> bytes:
    assert data.count(old) >= 1
    return data.replace(old, new, 1)


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "a digest": lambda data: change(data, b'"sha256": "', b'"sha256": "0'),
    "a volume": lambda data: change(data, b'"main"', b'"tape"'),
    "a path": lambda data: change(data, b"three", b"four"),
    "a state": lambda data: change(data, b'"good"', b'"bad"'),
    "a time": lambda data: change(data, b'"made": "20', b'"made": "19'),
    "the signature": lambda data: change(data, b'"jws": "', b'"jws": "x'),
    "no signature": lambda data: change(data, b'"jws": "', b'"jws": "", "was": "'),
}


def test_whatever_is_changed_is_found(kept: Kept) -> None:
    data = as_text(make_certificate(by=kept.people.owner, kind="dataset", id=kept.dataset))
    assert verify_certificate(data, queries.public_keys()).certificate["totals"]["files"] == 3
    for name, changed in CHANGES.items():
        with pytest.raises(BadSignature):
            print(name, verify_certificate(changed(data), queries.public_keys()))
    stranger = read_keys(OKPKey.generate_key("Ed25519").as_pem(private=False))
    with pytest.raises(BadSignature, match="another key"):
        verify_certificate(data, stranger)


@pytest.mark.once
@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"\xff", b'{"certificate": 1, "jws": 2}', b"%PDF-1.4 nothing",
     b'{"certificate": {"lagan": "record", "format": 1}, "jws": ""}', b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_certificate_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        verify_certificate(data)


def test_the_pdf_shows_it_and_carries_it(kept: Kept, tmp_path: Path) -> None:
    made = make_certificate(by=kept.people.owner, kind="dataset", id=kept.dataset)
    [key] = queries.public_keys()
    pdf = as_pdf(made, as_text(made), key)
    assert json.loads(attached(pdf)) == made
    assert verify_certificate(pdf, queries.public_keys()).key == key
    document = PdfDocument(pdf)
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert "Dvořák" in text
    assert key in text
    assert "žluť \\u9ec4.txt" in text
    assert hashlib.sha256(b"one").hexdigest() in text


def test_the_commands_make_and_verify_it(kept: Kept, tmp_path: Path) -> None:
    run, keys = CliRunner(), tmp_path / "keys.json"
    for name in ("c.json", "c.pdf"):
        file = str(tmp_path / name)
        made = run.invoke(command, ["certificate", "make", str(kept.dataset), "--to", file])
        assert made.exception is None, made.output
        keys.write_text(run.invoke(command, ["key"]).output)
        good = run.invoke(command, ["certificate", "verify", file, "--key", str(keys)])
        assert "3 files, 6 of 6 copies good" in good.output
        assert "Signed by" in good.output
    (tmp_path / "c.json").write_bytes(CHANGES["a path"]((tmp_path / "c.json").read_bytes()))
    bad = run.invoke(command, ["certificate", "verify", str(tmp_path / "c.json")])
    assert isinstance(bad.exception, BadSignature)
    assert bad.exception.exit == 6


def test_another_room_tells_of_its_own_things(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certified, "_tellers", {})

    def tell(by: Actor, id: int, folder: str) -> certified.Certified:
        row = datasets.entry(by, kept.dataset, "three")
        return certified.Certified(id, {"name": "bag"}, [certified.Item("bag.zip", 2, row.stored)])

    certified.register_certified("package", tell)
    value = told(make_certificate(by=kept.people.owner, kind="package", id=160))
    assert (value["about"], value["files"][0]["version"]) == (
        {"kind": "package", "id": 160, "name": "bag"}, 2,
    )  # fmt: skip
    with pytest.raises(ValueError, match="Two rooms"):
        certified.register_certified("package", lambda by, id, folder: tell(by, id, folder))
    assert archive.hub_id() is not None
    assert io.BytesIO(as_text({"certificate": value})).read(1) == b"{"

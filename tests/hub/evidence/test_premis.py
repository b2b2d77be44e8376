"""The record as PREMIS 3.0: units in their order, every link leads to something, whatever people
wrote."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, fromstring

import pytest

from lagan.hub.audit import queries as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.datasets import queries as datasets
from lagan.hub.evidence import queries
from lagan.hub.evidence.premis_terms import TERMS
from lagan.kit.errors import BadInput, NotFound
from tests.hub.audit.sealing import seal_all
from tests.hub.evidence.conftest import CONTENT
from tests.hub.evidence.schema import NAMESPACE, TYPE, faults

if TYPE_CHECKING:
    from tests.hub.evidence.conftest import Kept, Story


def told(actor: Actor, **given: str) -> Element:
    pieces = queries.premis(actor, audit.asked(given))
    return fromstring("".join(pieces).encode())  # noqa: S314 - our own


def values(document: Element, name: str) -> set[tuple[str, str]]:
    found = document.iter(f"{NAMESPACE}{name}Identifier")
    return {(str(each[0].text), str(each[1].text)) for each in found}


def texts(document: Element, name: str) -> list[str]:
    return [str(each.text) for each in document.iter(f"{NAMESPACE}{name}")]


def test_a_document_is_premis_and_its_links_lead_somewhere(story: Story) -> None:
    for kind in (Kind.FILES_STORED, Kind.LOGIN_DONE, Kind.FILE_DAMAGED):
        record(
            kind=kind, by=story.people.owner, subject=story.dataset,
            data={"t": "<b>\x00\udcff & ž"},
        )  # fmt: skip
    record(kind=Kind.VOLUME_SWEPT, by=SYSTEM)
    seal_all()
    document = told(SYSTEM)
    assert faults(document) == []
    assert document.get("version") == "3.0"
    assert values(document, "linkingObject") <= values(document, "object")
    assert values(document, "linkingAgent") == values(document, "agent")
    assert len(values(document, "event")) == audit.head()[0]
    kinds = texts(document, "eventType")
    assert {"ingestion", "fixity check", "login.done", "volume.swept"} <= set(kinds)
    assert "fail" in texts(document, "eventOutcome")
    assert any(audit.head()[1] in each for each in texts(document, "eventOutcomeDetailNote"))


def test_it_tells_what_the_asker_sees_and_asked_for(story: Story) -> None:
    story.note(story.people.owner, story.dataset, 1)
    story.note(story.people.mate, story.dataset, 2)
    seal_all()
    mine = told(story.people.mate, kind="files.")
    assert len(list(mine.iter(f"{NAMESPACE}event"))) == 1
    assert texts(mine, "agentName") == ["mate"]
    none = told(story.people.stranger, kind="files.")
    assert faults(none) == []
    assert [each.get(TYPE) for each in none] == ["intellectualEntity"]


def test_with_its_files_a_dataset_is_told_with_their_digests_and_copies(kept: Kept) -> None:
    stored = [str(each.stored) for each in datasets.entries(SYSTEM, kept.dataset)]
    record(
        kind=Kind.FILES_STORED, by=SYSTEM, subject=kept.dataset, data={"files": [*stored, "x", 1]}
    )
    record(kind=Kind.FILE_DAMAGED, by=SYSTEM, data={"files": "all"})
    seal_all()
    asked = audit.asked({"subject": str(kept.dataset)})
    document = fromstring("".join(queries.premis(kept.people.mate, asked, files="dataset")))
    assert faults(document) == []
    files = [each for each in document if each.get(TYPE) == "file"]
    assert {str(each[0][1].text) for each in files} == set(stored)
    digests = texts(document, "messageDigest")
    assert {hashlib.sha256(data).hexdigest() for data in CONTENT.values()} <= set(digests)
    assert texts(document, "contentLocationValue").count("copy") == len(files)
    asked_of_all = queries.premis(SYSTEM, asked, files="dataset")
    whole = fromstring("".join(asked_of_all))
    linked = {value for kind, value in values(whole, "linkingObject") if kind == "Lagan file"}
    assert linked == set(stored)
    with pytest.raises(NotFound):
        queries.premis(kept.people.stranger, asked, files="dataset")


def test_files_are_those_of_a_subject(story: Story) -> None:
    with pytest.raises(BadInput, match="Name a subject"):
        queries.premis(SYSTEM, audit.asked({}), files="dataset")
    with pytest.raises(BadInput, match="certifies"):
        queries.premis(SYSTEM, audit.asked({"subject": str(story.dataset)}), files="elephant")


@pytest.mark.once
def test_the_judge_of_documents_finds_what_is_wrong() -> None:
    good = (
        f'<premis xmlns="{NAMESPACE[1:-1]}"><object xmlns:x="{TYPE[1:-5]}" x:type="file"/></premis>'
    )
    assert faults(fromstring(good)) == ["object file holds "]  # noqa: S314
    assert set(TERMS) <= set(Kind)

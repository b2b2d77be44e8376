"""What is said of a dataset is what the standards ask for: read back by their own readers."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from datacite import schema45
from rocrate.rocrate import ROCrate

from lagan.hub.base.actors import SYSTEM
from lagan.hub.datasets import reach as reaching
from lagan.hub.datasets import services
from lagan.hub.datasets.description import citation, datacite, ro_crate, schema_org
from lagan.hub.datasets.description.facts import doi, facts, sorted_out
from lagan.hub.datasets.description.people import is_orcid, person
from lagan.hub.datasets.errors import Undescribed
from lagan.hub.tree import services as tree
from tests.hub.datasets.citizens.conftest import FILES

ROOT = "https://hub.example.org"
KERNEL = f"{{{datacite.NAMESPACE}}}"
METADATA: dict[str, Sequence[Any]] = {
    ".Title": ["Crystals under pressure"],
    ".Description": [
        "Diffraction <images> & more.",
        "A second paragraph\x0bwith\x01 odd signs ]]>",
    ],
    ".Creator": ["Owner, Olga (0000-0002-1825-0097)", "Mats Mate"],
    ".Keywords": ["diffraction; pressure", "diamond anvil"],
    ".License": ["CC-BY-4.0"],
    ".Publisher": ['Østfold "U" & Sons'],
    ".DOI": ["https://doi.org/10.5072/Lagan-1"],
    ".Language": ["en"],
    ".Version": ["1.2"],
    ".Funder": ["Research Council"],
    ".Spatial": ["Trondheim"],
    ".Instrument.Voltage": [200, "kV"],
}


@pytest.fixture
def about(stage):
    tree.set_metadata(by=SYSTEM, entity=stage.dataset, values=METADATA)
    services.close_dataset(by=stage.owner, dataset=stage.dataset)
    services.publish(by=stage.owner, dataset=stage.dataset, files=True)
    return facts(reaching.reach(stage.owner, stage.dataset), ROOT)


def crate(stage):
    reach = reaching.reach(stage.owner, stage.dataset)
    return b"".join(ro_crate.crate_pieces(reach, ROOT))


def test_the_facts_are_sorted_into_what_the_world_knows(about):
    assert about.title == "Crystals under pressure"
    assert [each.turned for each in about.creators] == ["Owner, Olga", "Mate, Mats"]
    assert about.creators[0].address == "https://orcid.org/0000-0002-1825-0097"
    assert about.keywords == ["diffraction", "pressure", "diamond anvil"]
    assert about.license.address == "https://creativecommons.org/licenses/by/4.0/"
    assert about.identifier == "https://doi.org/10.5072/lagan-1"
    assert about.others == {".Instrument.Voltage": ["200", "kV"]}


def test_the_systems_own_keys_are_told_to_nobody():
    assert sorted_out({"system.secret": ["x"], ".A": [""], ".title": ["t"]}) == (
        {"titles": ["t"]},
        {},
    )


def test_metadata_needs_its_permission_until_it_is_published(stage):
    tree.set_metadata(by=SYSTEM, entity=stage.dataset, values=METADATA)
    reach = reaching.reach(stage.mate, stage.dataset)
    assert facts(reach, ROOT).title == "crystals"
    services.close_dataset(by=stage.owner, dataset=stage.dataset)
    services.publish(by=stage.owner, dataset=stage.dataset, files=False)
    assert facts(reach, ROOT).title == "Crystals under pressure"


def test_rocrate_reads_the_crate_and_finds_every_file(about, stage, tmp_path):
    (tmp_path / ro_crate_name()).write_bytes(crate(stage))
    for path, content in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    read = ROCrate(tmp_path)
    assert read.name == "Crystals under pressure"
    assert read.license.id == "https://creativecommons.org/licenses/by/4.0/"
    found = {each.id: each for each in read.data_entities}
    assert set(found) == {"raw/one.dcm", "raw/deep/two.fits", "read%20me.txt"}
    one = found["raw/one.dcm"]
    assert one["sha256"] == hashlib.sha256(FILES["raw/one.dcm"]).hexdigest()
    assert (one["contentSize"], one["encodingFormat"]) == ("10", "application/dicom")
    olga = read.get("https://orcid.org/0000-0002-1825-0097")
    assert olga["name"] == "Olga Owner"
    values = [each["value"] for each in read.root_dataset["additionalProperty"]]
    assert values == ["200", "kV"]


def ro_crate_name() -> str:
    return "ro-crate-metadata.json"


def test_a_crate_has_one_root_that_refers_only_to_what_is_there(about, stage):
    graph = json.loads(crate(stage))["@graph"]
    ids = [each["@id"] for each in graph]
    assert len(ids) == len(set(ids))
    (root,) = [each for each in graph if each["@id"] == "./"]
    referred = [each["@id"] for each in root["hasPart"] + root["author"]]
    assert set(referred) <= set(ids)
    assert root["license"]["@id"] in ids


def test_an_instrument_is_what_the_data_was_made_with(stage):
    computer = tree.create_entity(by=SYSTEM, type="COMPUTER", name="QCM", parent=stage.group)
    from lagan.hub.datasets.models import Dataset

    Dataset.objects.filter(pk=stage.dataset).update(computer=computer)
    graph = {each["@id"]: each for each in json.loads(crate(stage))["@graph"]}
    act = graph["#creation"]
    assert graph[act["instrument"]["@id"]]["@type"] == "IndividualProduct"
    assert graph[act["agent"]["@id"]]["name"] == "Olga Owner"
    assert graph["./"]["mentions"] == {"@id": "#creation"}


def test_a_crate_of_many_files_takes_no_memory(stage, monkeypatch):
    row = next(reaching.entries(reaching.reach(stage.owner, stage.dataset)))
    many = 15_000
    rows = (replace(row, path=f"raw/{number:07d}.dcm") for number in range(many))
    monkeypatch.setattr(reaching, "entries", lambda reach: rows)
    tracemalloc.start()
    size = sum(map(len, ro_crate.crate_pieces(reaching.reach(stage.owner, stage.dataset), ROOT)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > many * 200
    assert peak < 2 << 20


def test_datacite_json_is_valid_by_the_published_schema(about):
    told = datacite.as_json(about)
    schema45.validator.validate(told)
    assert told["doi"] == "10.5072/lagan-1"


def test_datacite_xml_says_the_same_as_the_package_makes_of_our_json(about):
    ours = ElementTree.fromstring(datacite.as_xml(about))
    clean = json.loads(json.dumps(datacite.as_json(about)))
    for each in clean["descriptions"]:
        each["description"] = datacite.xml_text(each["description"])
    theirs = ElementTree.fromstring(schema45.tostring(clean).encode())
    for path in (
        "identifier", "creators/creator/creatorName", "creators/creator/familyName",
        "creators/creator/nameIdentifier", "titles/title", "publisher", "publicationYear",
        "resourceType", "subjects/subject", "dates/date", "language", "version", "sizes/size",
        "rightsList/rights", "descriptions/description",
        "geoLocations/geoLocation/geoLocationPlace",
        "fundingReferences/fundingReference/funderName",
    ):  # fmt: skip
        inside = "/".join(KERNEL + name for name in path.split("/"))
        mine = [(each.text or "").replace("\r", "") for each in ours.findall(inside)]
        assert mine == [each.text for each in theirs.findall(inside)], path
        assert mine, path


@pytest.mark.parametrize("sign", ["\x00", "\x01", "\x0b", "\x1f", "\ufffe", "\uffff", "\ud800"])
def test_no_character_breaks_the_xml(about, sign):
    odd = replace(about, title=f"a{sign}b<&>\"'", keywords=[sign, "]]>"], publisher=f"x{sign}")
    read = ElementTree.fromstring(datacite.as_xml(odd))
    assert read.findtext(f"{KERNEL}titles/{KERNEL}title") == "a\ufffdb<&>\"'"


def test_every_missing_property_is_named_at_once(stage, settings):
    about = facts(reaching.reach(stage.owner, stage.dataset), ROOT)
    bare = replace(about, creators=[], publisher="")
    with pytest.raises(Undescribed) as refused:
        datacite.as_json(bare)
    missing = [each["property"] for each in refused.value.facts["missing"]]
    assert missing == ["creators", "publisher", "publicationYear"]
    for name in missing:
        assert name in refused.value.sentence


def test_over_the_api(about, stage, client_of):
    owner = client_of(stage.owner)
    place = f"/api/datasets/{stage.dataset}"
    streamed = owner.get(f"{place}/ro-crate-metadata.json")
    assert streamed["Content-Type"] == "application/ld+json"
    assert json.loads(b"".join(streamed))["@graph"]
    schema45.validator.validate(owner.get(f"{place}/datacite.json").json())
    assert (
        ElementTree.fromstring(owner.get(f"{place}/datacite.xml").content).tag
        == f"{KERNEL}resource"
    )
    assert owner.get(f"{place}/citation.bib").content.startswith(b"@misc{owner%d-" % about.year)
    assert owner.get("/api/datasets/999999/datacite.json").status_code == 404


def test_a_citation_names_everything(about):
    year = about.year
    assert citation.sentence(about) == (
        f'Owner, Olga; Mate, Mats ({year}). Crystals under pressure. Østfold "U" & Sons. '
        "Dataset. https://doi.org/10.5072/lagan-1"
    )
    entry = citation.bibtex(replace(about, title="50% {off} \\x_1\n"))
    assert "title = {{50\\% \\{off\\} \\textbackslash{}x\\_1}}" in entry
    assert "author = {Owner, Olga and Mate, Mats}" in entry


def test_schema_org_and_dublin_core(about):
    told = json.loads(json.dumps(schema_org.dataset(about)))
    assert told["creator"][0]["@id"] == "https://orcid.org/0000-0002-1825-0097"
    assert told["distribution"][0]["contentUrl"].endswith("/zip")
    assert ("DC.creator", "Owner, Olga") in schema_org.meta_tags(about)
    assert "distribution" not in schema_org.dataset(replace(about, gives_files=False))


@pytest.mark.parametrize(
    ("text", "name", "family", "orcid"),
    [
        ("Ng, Carol", "Carol Ng", "Ng", ""),
        ("Carol Ann Ng", "Carol Ann Ng", "Ng", ""),
        (
            "Ng, Carol <0000-0002-1694-233X>",
            "Carol Ng",
            "Ng",
            "0000-0002-1694-233X",
        ),
        ("Ng, Carol (0000-0002-1825-0098)", "Carol Ng", "Ng", ""),
        ("Plato", "Plato", "", ""),
        ("", "", "", ""),
    ],
)
def test_persons_are_read_as_people_write_them(text, name, family, orcid):
    found = person(text)
    assert (found.name, found.family, found.orcid) == (name, family, orcid)


def test_an_orcid_has_a_check_digit():
    assert is_orcid("0000-0002-1825-0097")
    assert not is_orcid("0000-0002-1825-0096")
    assert not is_orcid("x")


def test_a_doi_is_known_in_each_of_its_forms():
    for text in ("10.5072/A.b", "doi:10.5072/A.b", "https://doi.org/10.5072/a.B"):
        assert doi(text) == "10.5072/a.b"
    assert doi("https://example.org/10.5072/a") == ""

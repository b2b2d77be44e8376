"""A bag may carry an RO-Crate 1.1: the manifests guard it, other programs read it, the same folder
gives the same."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import bagit
import pytest
from rocrate.rocrate import ROCrate

from lagan.bag import Crate, Unbaggable, judge, make_bag
from lagan.kit.errors import BadInput
from lagan.kit.sizes import MIB

ADA = "Ada Lovelace <https://orcid.org/0000-0002-1825-0097>"
ABOUT = Crate("Run 7", "Seventh run", (ADA, "Milan Kůň"), "CC-BY-4.0", "Example", "2026-11-22")
FILES = {"a.txt": b"alpha", "deep/kůň x.h5": b"\x00" * (9 * MIB + 1), "deep/empty": b""}
NAME = "ro-crate-metadata.json"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "run7"
    for name, data in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
        os.utime(root / name, ns=(0, 1_700_000_000_000_000_000))
    return root


def graph_of(text: bytes) -> dict[str, Any]:
    document = json.loads(text)
    assert document["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    return {each["@id"]: each for each in document["@graph"]}


@pytest.mark.parametrize("target", ["bag.zip", "bag"])
def test_the_bag_is_valid_with_its_crate(source: Path, tmp_path: Path, target: str) -> None:
    made = make_bag(source, tmp_path / target, crate=ABOUT, algorithms=["md5"])
    verdict = judge(tmp_path / target)
    assert verdict.errors == ()
    assert (made.files, verdict.facts.files) == (4, 4)
    assert made.oxum == verdict.facts.oxum
    assert set(verdict.facts.manifests) == {"md5"}
    if target == "bag":
        bagit.Bag(str(tmp_path / target)).validate()


def test_the_crate_has_what_its_specification_asks_for(source: Path, tmp_path: Path) -> None:
    make_bag(source, tmp_path / "bag", crate=ABOUT)
    graph = graph_of((tmp_path / "bag/data" / NAME).read_bytes())
    descriptor, root = graph[NAME], graph["./"]
    assert descriptor["@type"] == "CreativeWork"
    assert descriptor["about"] == {"@id": "./"}
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert root["@type"] == "Dataset"
    assert (root["name"], root["description"]) == ("Run 7", "Seventh run")
    assert root["datePublished"] == "2026-11-22"
    assert root["license"] == {"@id": "https://spdx.org/licenses/CC-BY-4.0"}
    assert graph["https://orcid.org/0000-0002-1825-0097"]["name"] == "Ada Lovelace"
    assert graph["#person-Milan%20K%C5%AF%C5%88"]["@type"] == "Person"
    assert graph["#publisher"]["name"] == "Example"
    parts = [each["@id"] for each in root["hasPart"]]
    assert sorted(map(unquote, parts)) == sorted(FILES)
    for id in parts:
        file = graph[id]
        data = FILES[unquote(id)]
        assert file["@type"] == "File"
        assert file["contentSize"] == str(len(data))
        assert file["sha256"] == hashlib.sha256(data).hexdigest()
        assert file["dateModified"] == "2023-11-14T22:13:20+00:00"
    assert graph["deep/k%C5%AF%C5%88%20x.h5"]["encodingFormat"] == "application/x-hdf5"
    referred = {each["@id"] for each in [*root["author"], root["license"], root["publisher"]]}
    assert referred <= set(graph)


def test_a_reader_of_crates_reads_it(source: Path, tmp_path: Path) -> None:
    make_bag(source, tmp_path / "bag", crate=ABOUT)
    crate = ROCrate(str(tmp_path / "bag/data"))
    assert (crate.name, crate.license["@id"]) == ("Run 7", "https://spdx.org/licenses/CC-BY-4.0")
    assert {unquote(each.id) for each in crate.data_entities} == set(FILES)


def test_the_same_folder_gives_the_same_bag(source: Path, tmp_path: Path) -> None:
    bags = []
    for name in ("one.zip", "two.zip"):
        make_bag(source, tmp_path / name, crate=ABOUT)
        bags.append((tmp_path / name).read_bytes())
    assert bags[0] == bags[1]
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        payload = [name for name in archive.namelist() if name.startswith("data/")]
    assert payload[-1] == f"data/{NAME}"


def test_what_nobody_says_is_told_truthfully(source: Path, tmp_path: Path) -> None:
    make_bag(source, tmp_path / "bag", crate=Crate("run7"))
    graph = graph_of((tmp_path / "bag/data" / NAME).read_bytes())
    root = graph["./"]
    assert root["datePublished"] == "2023-11-14"
    assert root["description"] == "run7"
    assert graph[root["license"]["@id"]]["name"].startswith("No licence was given")
    assert "author" not in root


@pytest.mark.parametrize(
    ("licence", "id"),
    [("https://x.org/l", "https://x.org/l"), ("MIT", "https://spdx.org/licenses/MIT"),
     ("as agreed by letter", "#license")],
)  # fmt: skip
def test_licences_by_address_by_name_and_in_words(
    source: Path, tmp_path: Path, licence: str, id: str
) -> None:
    make_bag(source, tmp_path / "bag", crate=Crate("x", licence=licence))
    graph = graph_of((tmp_path / "bag/data" / NAME).read_bytes())
    assert graph["./"]["license"] == {"@id": id}
    assert graph[id]["name"] == licence


def test_a_crate_that_cannot_be_is_refused(source: Path, tmp_path: Path) -> None:
    for date in ("today", "20261122", "2026-13-01"):
        with pytest.raises(Unbaggable, match="for the crate"):
            make_bag(source, tmp_path / "bag", crate=Crate("x", date=date))
    with pytest.raises(BadInput, match="In place"):
        make_bag(source, in_place=True, crate=ABOUT)
    with pytest.raises(Unbaggable, match="say the day"):
        make_bag([("a", lambda: [b"1"])], tmp_path / "bag", crate=Crate("x"))
    (source / NAME).write_text("{}")
    with pytest.raises(Unbaggable, match="already"):
        make_bag(source, tmp_path / "bag", crate=ABOUT)
    assert not (tmp_path / "bag").exists()
    assert sorted(each.name for each in source.iterdir()) == ["a.txt", "deep", NAME]

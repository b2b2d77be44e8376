"""A profile's every rule is held against a bag; a malformed profile is refused, not the bag."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lagan.bag import BadProfile, BytesReader, Verdict, judge
from tests.bag.building import as_folder, as_tar, as_zip, right

ID = "https://example.org/profile.json"
INFO = f"BagIt-Profile-Identifier: {ID}\nContact-Name: A\nType: raw\n"
BAG = right(info=INFO, more={"meta/a.xml": b"<a/>"})
FETCH = right(info=INFO, more={"fetch.txt": b"http://example.org/ 6 data/a.txt\n"})
EMPTY = right(info=INFO, payload={"data/.keep": b""})


def against(rules: dict[str, Any], archive: bytes | None = None) -> Verdict:
    profile = {"BagIt-Profile-Info": {"BagIt-Profile-Identifier": ID}, **rules}
    reader = BytesReader(archive or as_zip(BAG))
    return judge(reader, profile=profile, allow_fetch=True)


FITS: list[tuple[dict[str, Any], bytes | None]] = [
    ({}, None),
    ({"Bag-Info": {"Contact-Name": {"required": True}, "type": {"values": ["raw", "x"]}}}, None),
    ({"Manifests-Required": ["sha256"], "Tag-Manifests-Required": ["sha256"]}, None),
    ({"Manifests-Allowed": ["sha256", "md5"]}, None),
    ({"Serialization": "required", "Accept-Serialization": ["application/zip"]}, None),
    ({"Accept-Serialization": ["application/gzip"]}, as_tar(BAG, mode="w:gz")),
    ({"Accept-Serialization": ["application/x-tar"]}, as_tar(BAG)),
    ({"Accept-BagIt-Version": ["0.97", "1.0"]}, None),
    ({"Tag-Files-Required": ["meta/a.xml"], "Tag-Files-Allowed": ["meta/*.xml"]}, None),
    ({"Payload-Files-Required": ["data/a.txt"], "Payload-Files-Allowed": ["data/*"]}, None),
    ({"Allow-Fetch.txt": True, "Fetch.txt-Required": True}, as_zip(FETCH)),
    ({"Data-Empty": True}, as_zip(EMPTY)),
]
BREAKS: list[tuple[dict[str, Any], bytes | None, str]] = [
    ({"Bag-Info": {"Contact-Email": {"required": True}}}, None, "profile-info"),
    ({"Bag-Info": {"Type": {"values": ["cooked"]}}}, None, "profile-info"),
    ({"Bag-Info": {"A": {"repeatable": False}}},
     as_zip(right(info=INFO + "A: 1\nA: 2\n")), "profile-info"),
    ({}, as_zip(right()), "profile-identifier"),
    ({"Manifests-Required": ["md5"]}, None, "profile-manifest"),
    ({"Manifests-Allowed": ["md5"]}, None, "profile-manifest"),
    ({"Tag-Manifests-Required": ["md5"]}, None, "profile-tag-manifest"),
    ({"Tag-Manifests-Allowed": ["md5"]}, None, "profile-tag-manifest"),
    ({"Serialization": "forbidden"}, None, "profile-serialization"),
    ({"Accept-Serialization": ["application/tar"]}, None, "profile-serialization"),
    ({"Accept-BagIt-Version": ["0.97"]}, None, "profile-version"),
    ({"Tag-Files-Required": ["meta/b.xml"]}, None, "profile-tag-file"),
    ({"Tag-Files-Allowed": ["*.txt"]}, None, "profile-tag-file"),
    ({"Payload-Files-Required": ["data/b.txt"]}, None, "profile-payload-file"),
    ({"Payload-Files-Allowed": ["data/a*"]}, None, "profile-payload-file"),
    ({"Allow-Fetch.txt": False}, as_zip(FETCH), "profile-fetch"),
    ({"Fetch.txt-Required": True}, None, "profile-fetch"),
    ({"Data-Empty": True}, None, "profile-empty"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "archive"), FITS)
def test_a_bag_that_fits_is_valid(rules: dict[str, Any], archive: bytes | None):
    assert against(rules, archive).errors == ()


@pytest.mark.parametrize(("rules", "archive", "code"), BREAKS)
def test_one_that_does_not_is_told_why(rules: dict[str, Any], archive: bytes | None, code: str):
    assert [each.code for each in against(rules, archive).errors] == [code]


def test_a_folder_is_not_packed(tmp_path: Path):
    bag = as_folder(BAG, tmp_path / "bag")
    about = {"BagIt-Profile-Info": {"BagIt-Profile-Identifier": ID}}
    profile = tmp_path / "profile.json"
    profile.write_text(json.dumps(about | {"Serialization": "required"}))
    assert [each.code for each in judge(bag, profile=profile).errors] == ["profile-serialization"]
    profile.write_text(json.dumps(about | {"Serialization": "forbidden"}))
    assert judge(bag, profile=profile).valid


WRONG: list[dict[str, Any]] = [
    {"Bag-Info": []}, {"Bag-Info": {"A": 1}}, {"Bag-Info": {"A": {"required": 7}}},
    {"Bag-Info": {"A": {"values": "x"}}}, {"Manifests-Required": "md5"},
    {"Tag-Files-Allowed": [1]}, {"Serialization": "maybe"}, {"Allow-Fetch.txt": None},
]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "{}", '{"BagIt-Profile-Info": 1}', "\xff", "[" * 100_000]
    + [json.dumps({"BagIt-Profile-Info": {"BagIt-Profile-Identifier": ID}, **wrong})
       for wrong in WRONG],
)  # fmt: skip
def test_a_malformed_profile_is_refused(text: str, tmp_path: Path):
    path = tmp_path / "profile.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(BadProfile):
        judge(BytesReader(as_zip(BAG)), profile=path)


def test_a_profile_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(BadProfile):
        judge(BytesReader(as_zip(BAG)), profile=tmp_path / "none")

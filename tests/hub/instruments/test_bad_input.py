"""Whatever a client sends, the door answers it in its own words."""

from __future__ import annotations

import itertools
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.hub.instruments.laboratory import Laboratory

ODD: list[Any] = [
    None, True, -1, 2**70, 1.5, "", "x" * 3000, "\x00", "a/b", "../..", "é☃", "\ud800",
    [], {}, [None], [[]], {"a": {}}, "/api/v1/experiment/1/", "/api/v1/dataset/999999999999999999/",
    ["/api/v1/mydata_experiment/999/"], "2026-11-21T20:06:03.445115",
]  # fmt: skip
FIELDS = {
    "instrument/": ("facility", "name"),
    "mydata_experiment/": ("title", "description", "parameter_sets"),
    "objectacl/": ("pluginId", "entityId", "object_id", "content_object", "isOwner", "canRead"),
    "dataset/": ("instrument", "description", "experiments", "immutable"),
    "mydata_dataset_file/": (
        "dataset", "filename", "directory", "md5sum", "size", "mimetype", "created_time",
        "modification_time", "uploader_uuid", "requester_key_fingerprint",
    ),
    "mydata_uploader/": ("uuid", "name", "instruments", "memory", "cpus"),
    "mydata_uploaderregistrationrequest/": (
        "uploader", "requester_public_key", "requester_key_fingerprint", "requester_name",
    ),
}  # fmt: skip
FILTERS = {
    "user/": ("username", "email__iexact"), "group/": ("name",), "facility/": ("name", "id"),
    "instrument/": ("facility__id", "name"),
    "mydata_experiment/": ("title", "folder_structure", "user_folder_name", "uploader", "id"),
    "dataset/": ("experiments__id", "description", "instrument__id", "id"),
    "mydata_dataset_file/": ("dataset__id", "filename", "directory"),
    "mydata_uploader/": ("uuid", "id"), "mydata_user/": ("username",),
    "mydata_uploaderregistrationrequest/": ("uploader__uuid", "requester_key_fingerprint"),
}  # fmt: skip
NUMBERED = [
    "user", "facility", "instrument", "experiment", "dataset", "mydata_dataset_file", "replica",
    "mydata_uploader", "mydata_upload",
]  # fmt: skip


def test_odd_fields_are_refused(lab: Laboratory):
    dataset = lab.dataset()
    right = {
        "facility": f"/api/v1/facility/{lab.facility}/", "dataset": f"/api/v1/dataset/{dataset}/",
        "title": "T", "name": "N", "description": "D", "uuid": "u" * 36, "filename": "f",
        "size": 1, "md5sum": "0" * 32,
    }  # fmt: skip
    chance = random.Random(8)
    for path, fields in FIELDS.items():
        pairs = list(itertools.product(fields, ODD))
        for name, odd in chance.sample(pairs, min(len(pairs), 25)):
            given = {each: right.get(each, "x") for each in fields} | {name: odd}
            answer = lab.role.ask("POST", path, content=json.dumps(given))
            told = f"{path} {name} {odd!r}: {answer.text}"
            assert answer.status_code in (200, 201, 400, 401, 404, 409, 413), told
            if answer.status_code == 400:
                assert answer.json()["error"], told


def test_odd_filters_are_answered(lab: Laboratory):
    chance, odd = random.Random(8), [each for each in ODD if isinstance(each, str | int)]
    for path, names in FILTERS.items():
        for name, value in chance.sample(list(itertools.product(names, odd)), 8):
            words = {name: str(value).encode("utf-8", "surrogatepass")}
            answer = lab.role.ask("GET", path, params=words)
            assert answer.status_code in (200, 400), f"{path} {name} {value!r}: {answer.text}"


@pytest.mark.parametrize("limit", ["-1", "x", "99999999999", "0", "1"])
def test_pages_are_bounded(lab: Laboratory, limit: str):
    answer = lab.role.ask("GET", "facility/", params={"limit": limit, "format": "xml", "odd": "1"})
    assert answer.status_code in (200, 400)
    assert lab.role.ask("GET", "dataset/", params={"directory": "x"}).status_code == 400
    many = "&".join(f"a{number}=1" for number in range(500))
    assert lab.role.ask("GET", f"facility/?{many}").status_code == 400


def test_odd_bodies_and_numbers(lab: Laboratory):
    bodies = [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a": NaN}']
    for path, body in itertools.product(FIELDS, bodies):
        for kind in ("application/json", "multipart/form-data", "multipart/form-data; boundary=b"):
            answer = lab.role.ask("POST", path, content=body, headers={"Content-Type": kind})
            assert answer.status_code in (400, 401), answer.text
    for name, number in itertools.product(NUMBERED, ("0", "999", "9" * 18, "9" * 19, "x")):
        assert lab.role.ask("GET", f"{name}/{number}/").status_code in (200, 404)
    assert lab.role.ask("DELETE", "dataset/1/").status_code == 405


def test_forms_in_any_order_and_wrong_ones(lab: Laboratory):
    from tests.hub.instruments.laboratory import said

    dataset = lab.dataset()
    part = ("json_data", (None, json.dumps(said(dataset, "a", b"abc"))))
    file = ("attached_file", ("a", b"abc", "application/octet-stream"))
    for wrong in ([part], [file], [file, file, part], [part, file, file]):
        answer = lab.role.ask("POST", "mydata_dataset_file/", files=wrong)
        assert answer.status_code == 400
    assert lab.role.ask("POST", "mydata_dataset_file/", files=[file, part]).status_code == 201
    assert lab.role.send(dataset, "a", b"abc").status_code == 409
    wrongs: list[dict[str, Any]] = [
        {"filename": "../a"}, {"filename": "a/b"}, {"directory": "../x"}, {"filename": ""},
        {"size": -1}, {"size": "x"}, {"md5sum": "xyz"}, {"size": 4}, {"mimetype": []},
    ]  # fmt: skip
    for changes in wrongs:
        assert lab.role.send(dataset, "b", b"abc", **changes).status_code == 400
    assert lab.role.send(dataset, "c", b"abc", size="3").status_code == 201
    assert list((lab.root / "main/.lagan/incoming").iterdir()) == []


def test_what_is_said_last_is_what_is_checked(lab: Laboratory):
    from tests.hub.instruments.laboratory import experiment, said

    made = lab.stranger.post("mydata_experiment/", **experiment("Theirs", user_folder_name="x"))
    where = [made.json()["resource_uri"]]
    theirs = lab.stranger.post("dataset/", description="D", experiments=where).json()["id"]
    mine = lab.dataset()
    first, last = (
        ("json_data", (None, json.dumps(said(dataset, "a", b"abc")))) for dataset in (mine, theirs)
    )
    file = ("attached_file", ("a", b"abc", "application/octet-stream"))
    for parts in ([first, file, last], [first, last, file], [last, file]):
        assert lab.role.ask("POST", "mydata_dataset_file/", files=parts).status_code in (400, 401)
    sought = {"dataset__id": theirs, "filename": "a", "directory": ""}
    assert lab.stranger.get("mydata_dataset_file/", **sought) is None
    assert (
        lab.role.ask("POST", "mydata_dataset_file/", files=[last, file, first]).status_code == 400
    )
    assert (
        lab.role.ask("POST", "mydata_dataset_file/", files=[last, first, file]).status_code == 201
    )


def test_wrong_credentials_are_refused_without_words(lab: Laboratory):
    from tests.hub.instruments.laboratory import Program

    name, _, key = lab.role.header.removeprefix("ApiKey ").partition(":")
    for header in (f"ApiKey owner:{key}", f"ApiKey {name}:wrong", "ApiKey x", "ApiKey", "Basic x"):
        answer = Program(lab.role.actor, header).ask("GET", "facility/")
        assert (answer.status_code, answer.content) == (401, b"")

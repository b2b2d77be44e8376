"""Everything that makes an object or a storage root wrong is found, with the code of its rule;
ocfl-py, an editor's own validator, says of each whether it is valid too."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lagan.kit.errors import NotFound
from lagan.ocfl import check
from lagan.ocfl.layout import HASHED, Layout
from tests.ocfl import other
from tests.ocfl.building import FIRST, ID, put, rewrite, tree, two_versions

Change = Callable[[Path], object]
A = "v1/content/data/a.txt"


def inventory(change: Callable[[Any], object], *, everywhere: bool = True) -> Change:
    """A change of the object's inventory, its digests with it."""
    return lambda place: rewrite(place, change, everywhere=everywhere)


def version(key: str, value: Any) -> Change:
    return inventory(lambda given: given["versions"]["v2"].__setitem__(key, value))


def top(key: str, value: Any) -> Change:
    return inventory(lambda given: given.__setitem__(key, value))


def without(key: str) -> Change:
    return inventory(lambda given: given.pop(key))


def write(name: str, text: str | bytes) -> Change:
    def act(place: Path) -> None:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    return act


def both(*changes: Change) -> Change:
    """One after the other."""

    def act(place: Path) -> None:
        for each in changes:
            each(place)

    return act


def remove(name: str) -> Change:
    return lambda place: (place / name).unlink()


def manifest(change: Callable[[Any], object]) -> Change:
    return inventory(lambda given: change(given["manifest"]))


def first(block: dict[str, list[str]]) -> str:
    return next(digest for digest, paths in block.items() if A in paths)


def upper(block: dict[str, list[str]]) -> None:
    block[first(block).upper()] = ["v2/content/other"]


def state(change: Callable[[Any], object]) -> Change:
    return inventory(lambda given: change(given["versions"]["v2"]["state"]))


def rename_paths(to: str) -> Change:
    """The logical path a.txt of the second version gets another name."""

    def act(block: dict[str, list[str]]) -> None:
        for paths in block.values():
            paths[:] = [to if path == "data/a.txt" else path for path in paths]

    return state(act)


def content_path(to: str) -> Change:
    def act(block: dict[str, list[str]]) -> None:
        block[first(block)] = [to]

    return manifest(act)


def mended(place: Path) -> None:
    """Sidecars that are right again."""
    for folder in (place, place / "v1", place / "v2"):
        text = (folder / "inventory.json").read_bytes()
        digest = hashlib.sha512(text).hexdigest()
        (folder / "inventory.json.sha512").write_text(f"{digest} inventory.json\n")


def older_state(place: Path) -> None:
    def act(given: Any) -> None:
        block = given["versions"]["v1"]["state"]
        for paths in block.values():
            paths[:] = [f"{path}x" for path in paths]

    rewrite(place / "v1", act, everywhere=False)


WRONG: dict[str, tuple[Change, str]] = {
    "content altered": (write(A, b"alphb"), "E092"),
    "content cut": (write(A, b"alph"), "E092"),
    "content empty": (write(A, b""), "E092"),
    "content gone": (remove(A), "E092"),
    "content more": (write("v1/content/data/more", b"more"), "E023"),
    "content in another version": (
        lambda place: (place / A).rename(place / "v2/content/data/b.txt"), "E023",
    ),
    "an empty folder": (lambda place: (place / "v1/content/empty").mkdir(), "E024"),
    "a link for content": (
        both(lambda place: (place / A).rename(place.parent / "kept"),
             lambda place: (place / A).symlink_to(place.parent / "kept")), "E090",
    ),
    "declaration gone": (remove("0=ocfl_object_1.1"), "E003"),
    "declarations two": (write("0=ocfl_object_1.0", "ocfl_object_1.0\n"), "E003"),
    "declaration empty": (write("0=ocfl_object_1.1", ""), "E007"),
    "declaration of another": (write("0=ocfl_object_1.1", "ocfl_object_1.0\n"), "E007"),
    "declaration unknown": (
        lambda place: (place / "0=ocfl_object_1.1").rename(place / "0=ocfl_object_9.1"), "E006",
    ),
    "inventory gone": (remove("inventory.json"), "E063"),
    "inventory no JSON": (write("inventory.json", "{"), "E033"),
    "inventory a list": (write("inventory.json", "[]"), "E033"),
    "inventory of the version before": (
        lambda place: shutil.copy(place / "v1/inventory.json", place / "inventory.json"), "E060",
    ),
    "inventory and sidecar of the version before": (
        lambda place: [
            shutil.copy(place / "v1" / name, place / name)
            for name in ("inventory.json", "inventory.json.sha512")
        ],
        "E046",
    ),
    "sidecar gone": (remove("inventory.json.sha512"), "E058"),
    "sidecar wrong": (write("inventory.json.sha512", "0" * 128 + " inventory.json\n"), "E060"),
    "sidecar of no form": (write("inventory.json.sha512", "0" * 128), "E061"),
    "sidecar of a version wrong": (
        write("v1/inventory.json.sha512", "0" * 128 + " inventory.json\n"), "E060",
    ),
    "sidecar of a version gone": (remove("v1/inventory.json.sha512"), "E058"),
    "inventory of the newest version another": (
        inventory(lambda given: given["versions"]["v2"].__setitem__("message", "x"),
                  everywhere=False), "E064",
    ),
    "inventory of an older version altered": (write("v1/inventory.json", "{}"), "E036"),
    "state of an older version another": (older_state, "E066"),
    "id of an older version another": (
        lambda place: rewrite(place / "v1", lambda given: given.__setitem__("id", "urn:x:1"),
                              everywhere=False), "E110",
    ),
    "a version gone": (lambda place: shutil.rmtree(place / "v1"), "E046"),
    "a version more": (lambda place: shutil.copytree(place / "v2", place / "v3"), "E046"),
    "a file more": (write("notes.txt", "notes"), "E001"),
    "a folder more": (lambda place: (place / "notes").mkdir(), "E001"),
    "a file more in a version": (write("v1/notes.txt", "notes"), "E015"),
    "a file in extensions": (write("extensions/notes.txt", "notes"), "E067"),
    "no id": (without("id"), "E036"),
    "no type": (without("type"), "E036"),
    "no head": (without("head"), "E036"),
    "no algorithm": (without("digestAlgorithm"), "E036"),
    "no manifest": (without("manifest"), "E041"),
    "no versions": (without("versions"), "E043"),
    "an empty id": (top("id", ""), "E037"),
    "an id that is no text": (top("id", 1), "E037"),
    "a type of another version": (top("type", "https://ocfl.io/9.9/spec/#inventory"), "E038"),
    "a type that is none": (top("type", "inventory"), "E038"),
    "md5 for addresses": (top("digestAlgorithm", "md5"), "E025"),
    "head another": (top("head", "v1"), "E040"),
    "head unknown": (top("head", "v3"), "E040"),
    "contentDirectory with a slash": (top("contentDirectory", "a/b"), "E017"),
    "contentDirectory dots": (top("contentDirectory", ".."), "E018"),
    "contentDirectory only now": (top("contentDirectory", "stuff"), "E042"),
    "manifest a list": (top("manifest", []), "E106"),
    "versions a list": (top("versions", []), "E044"),
    "versions empty": (top("versions", {}), "E008"),
    "versions without the first": (
        inventory(lambda given: given["versions"].pop("v1")), "E009",
    ),
    "versions with a gap": (
        inventory(lambda given: given["versions"].__setitem__("v4", given["versions"]["v2"])),
        "E010",
    ),
    "a version that is none": (
        inventory(lambda given: given["versions"].__setitem__("1", given["versions"]["v2"])),
        "E046",
    ),
    "a version of no form": (
        inventory(lambda given: given["versions"].__setitem__("v2", [])), "E047",
    ),
    "no created": (inventory(lambda given: given["versions"]["v2"].pop("created")), "E048"),
    "no state": (inventory(lambda given: given["versions"]["v2"].pop("state")), "E048"),
    "created without a zone": (version("created", "2026-11-22T12:00:00"), "E049"),
    "created a date": (version("created", "2026-11-22"), "E049"),
    "created no text": (version("created", 5), "E049"),
    "message no text": (version("message", 5), "E094"),
    "user no object": (version("user", "Milan"), "E054"),
    "user without a name": (version("user", {"address": "mailto:a@example.org"}), "E054"),
    "state a list": (version("state", []), "E050"),
    "state of what is not there": (state(lambda block: block.update({"0" * 128: ["x"]})), "E050"),
    "state without a list": (state(lambda block: block.update({next(iter(block)): "x"})), "E050"),
    "logical path absolute": (rename_paths("/data/a.txt"), "E053"),
    "logical path with a slash at the end": (rename_paths("data/"), "E053"),
    "logical path up": (rename_paths("data/../a.txt"), "E052"),
    "logical path empty part": (rename_paths("data//a.txt"), "E052"),
    "logical path twice": (rename_paths("data/deep/ž/b.bin"), "E095"),
    "logical path a folder": (rename_paths("data/deep"), "E095"),
    "content path absolute": (content_path("/etc/passwd"), "E100"),
    "content path up": (content_path("v1/content/../../../../etc/passwd"), "E099"),
    "content path not in content": (content_path("v1/inventory.json"), "E042"),
    "content path in no version": (content_path("v7/content/data/a.txt"), "E042"),
    "content path twice": (
        manifest(lambda block: block[first(block)].append("v2/content/data/a.txt")), "E101",
    ),
    "digest twice": (manifest(upper), "E096"),
    "digest that is none": (manifest(lambda block: block.update({"abc": [A]})), "E025"),
    "manifest without a list": (
        manifest(lambda block: block.update({first(block): A})), "E092",
    ),
    "manifest with what no version uses": (
        both(
            write("v2/content/unused", "unused"),
            manifest(lambda block: block.update(
                {hashlib.sha512(b"unused").hexdigest(): ["v2/content/unused"]})),
        ),
        "E107",
    ),
    "fixity a list": (top("fixity", []), "E111"),
    "fixity wrong": (top("fixity", {"md5": {"0" * 32: [A]}}), "E093"),
    "fixity unknown": (top("fixity", {"sha0": {"0" * 32: [A]}}), "E056"),
    "fixity of what is not there": (top("fixity", {"md5": {"0" * 32: ["v1/content/x"]}}), "E057"),
    "fixity of no form": (top("fixity", {"md5": []}), "E057"),
    "fixity twice": (
        top("fixity", {"md5": {"ab" * 16: [A], "AB" * 16: ["v2/content/data/a.txt"]}}), "E097",
    ),
    "an unknown key": (top("remarks", "none"), "E102"),
    "an unknown key of a version": (version("remarks", "none"), "E102"),
    "a key twice": (
        both(
            lambda place: [
                (place / each / "inventory.json").write_bytes(
                    (place / "inventory.json").read_bytes().replace(b"{", b'{"id": "x:y",', 1)
                )
                for each in ("v2", ".")
            ],
            mended,
        ),
        "E033",
    ),
}  # fmt: skip
RIGHT: dict[str, tuple[Change, str]] = {
    "nothing": (lambda place: None, ""),
    "logs": (write("logs/log.txt", "log"), ""),
    "an extension": (write("extensions/0005-mutable-head/x", "x"), ""),
    "an extension of nobody": (write("extensions/mine/x", "x"), "W013"),
    "a folder in a version": (write("v1/notes/notes.txt", "notes"), "W002"),
    "an id that is no URI": (
        both(
            inventory(lambda given: given.__setitem__("id", "object")),
            lambda place: inventory(lambda given: given.__setitem__("id", "object"),
                                    everywhere=False)(place / "v1"),
        ),
        "W005",
    ),
    "no user": (inventory(lambda given: given["versions"]["v2"].pop("user")), "W007"),
    "no address": (version("user", {"name": "Milan"}), "W008"),
    "an address that is no URI": (version("user", {"name": "Milan", "address": "home"}), "W009"),
    "no inventory of a version": (
        both(remove("v1/inventory.json"), remove("v1/inventory.json.sha512")), "W010",
    ),
    "another message": (
        inventory(lambda given: given["versions"]["v1"].__setitem__("message", "x")), "W011",
    ),
    "digests in capitals": (
        both(
            lambda place: write(
                "inventory.json", (place / "inventory.json").read_bytes().replace(b"abc", b"ABC")
            )(place),
            lambda place: shutil.copy(place / "inventory.json", place / "v2/inventory.json"),
            mended,
        ),
        "",
    ),
}  # fmt: skip
OTHERWISE = {
    "a link for content", "an unknown key", "an unknown key of a version", "a key twice",
    "logical path a folder",
}  # fmt: skip
"""What ocfl-py calls valid, although the specification forbids it: 4.4 (E090), 3.5 (E102), 3.5.3.1
(E095: it knows the folder right above a file only); RFC 8259, 4, for keys."""
CRASHES = {"no manifest": TypeError}
"""What ocfl-py ends by."""


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_versions(tmp_path_factory.mktemp("right"))


@pytest.fixture
def place(right: Path, tmp_path: Path) -> Path:
    """A copy of a right object."""
    return Path(shutil.copytree(right, tmp_path / "object"))


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_found_by_its_code(name: str, place: Path) -> None:
    change, code = WRONG[name]
    change(place)
    found = check(place)
    assert code in {each.code for each in found.listed}, found.listed
    assert not found.valid
    if name in CRASHES:
        with pytest.raises(CRASHES[name]):
            other.of_object(place)
    else:
        assert bool(other.of_object(place)) == (name not in OTHERWISE)


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_stays_so(name: str, place: Path) -> None:
    change, code = RIGHT[name]
    change(place)
    found = check(place)
    assert {each.code for each in found.listed} == ({code} if code else set())
    assert found.valid
    assert other.of_object(place) == []


def test_every_flipped_bit_is_found(right: Path, tmp_path: Path) -> None:
    chance = random.Random(7)
    place = Path(shutil.copytree(right, tmp_path / "object"))
    files = sorted(tree(place))
    for _ in range(200):
        file = place / chance.choice(files)
        data = bytearray(file.read_bytes())
        before = bytes(data)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        file.write_bytes(data)
        digest = file.suffix == ".sha512" and bytes(data[:128]).lower() == before[:128]
        harmless = digest and data[128:] == before[128:]
        assert check(place, threads=1).valid == harmless, file
        file.write_bytes(before)
    assert check(place).listed == []


def test_files_are_read_once_each(place: Path) -> None:
    read: list[int] = []
    found = check(place, progress=read.append)
    assert sum(read) == found.bytes == sum(map(len, (b"alpha", b"another"))) + 70_000
    assert len(read) == found.files == 3


@pytest.fixture
def root(tmp_path: Path) -> Path:
    put(tmp_path / "root", FIRST)
    put(tmp_path / "root", FIRST, id="urn:lagan:0197:dataset/13")
    return tmp_path / "root"


def moved(root: Path) -> None:
    inventory = next(root.rglob("dataset%2f12/inventory.json".replace("dataset", "*dataset")))
    (root / "000").mkdir()
    inventory.parent.rename(root / "000" / "elsewhere")


def objects(root: Path) -> list[Path]:
    return sorted(each.parent for each in root.rglob("0=ocfl_object_1.1"))


ROOTS: dict[str, tuple[Change, str, bool]] = {
    "no declaration": (remove("0=ocfl_1.1"), "E069", True),
    "two declarations": (write("0=ocfl_1.0", "ocfl_1.0\n"), "E076", True),
    "a declaration of another": (write("0=ocfl_1.1", "ocfl_1.0\n"), "E080", True),
    "layout no JSON": (write("ocfl_layout.json", "{"), "E070", True),
    "layout a list": (write("ocfl_layout.json", "[]"), "E070", True),
    "layout without words": (write("ocfl_layout.json", '{"extension": "x"}'), "E070", True),
    "a file between": (lambda root: write("abc/def/file", "x")(root), "E072", True),
    "an empty folder": (lambda root: (root / "abc").mkdir(), "E073", True),
    "a file in extensions": (write("extensions/file", "x"), "E112", True),
    "an object at another place": (moved, "E073", True),
    "an object twice": (
        lambda root: shutil.copytree(objects(root)[0], root / "aaa" / "bbb"), "E037", False,
    ),
    "an object of a newer OCFL": (
        lambda root: ((root / "0=ocfl_1.1").rename(root / "0=ocfl_1.0"),
                      (root / "0=ocfl_1.0").write_text("ocfl_1.0\n")), "E081", False,
    ),
    "a link": (lambda root: (root / "link").symlink_to("/etc"), "E090", False),
}  # fmt: skip
"""What makes a root wrong, its code, and whether ocfl-py sees it: it does not compare objects with
each other, with their places or with the root's version."""


@pytest.mark.parametrize("name", ROOTS)
def test_what_is_wrong_with_a_root_is_found(name: str, root: Path) -> None:
    change, code, agrees = ROOTS[name]
    change(root)
    found = check(root)
    assert code in {each.code for each in found.listed}, found.listed
    assert not found.valid
    valid, number, good, _ = other.of_root(root)
    assert (valid and number == good) != agrees


@pytest.mark.parametrize("config", ["{", "[]", '{"tupleSize": 99}', '{"tupleSize": 0}'])
def test_parameters_that_a_layout_does_not_have_are_found(root: Path, config: str) -> None:
    write(f"extensions/{Layout().extension}/config.json", config)(root)
    assert [each.code for each in check(root).listed] == ["E071"]


def test_other_files_and_unknown_layouts_of_a_root_are_left_alone(root: Path) -> None:
    write("README.txt", "about this root")(root)
    assert check(root).listed == []
    words = {"extension": "0099-somebodys-layout", "description": "unknown"}
    write("ocfl_layout.json", json.dumps(words))(root)
    assert [each.code for each in check(root).listed] == ["W014"]
    assert HASHED not in tree(root)


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        check(tmp_path / "nothing")
    found = check(tmp_path)
    assert [each.code for each in found.listed] == ["E069"]
    assert str(found.listed[0]).startswith(".: ")


def test_pipes_are_not_waited_for(place: Path) -> None:
    os.mkfifo(place / "v1/content/pipe")
    assert [each.code for each in check(place).listed] == ["E090"]
    for name in ("v1/inventory.json.sha512", "v1/inventory.json", "0=ocfl_object_1.1",
                 "inventory.json.sha512", "inventory.json"):  # fmt: skip
        (place / name).unlink()
        os.mkfifo(place / name)
        assert not check(place).valid


def test_links_are_not_followed(place: Path, tmp_path: Path) -> None:
    (place / "inventory.json").rename(tmp_path / "elsewhere")
    (place / "inventory.json").symlink_to(tmp_path / "elsewhere")
    assert {each.code for each in check(place).listed} == {"E063"}
    assert ID in (place / "inventory.json").read_text()

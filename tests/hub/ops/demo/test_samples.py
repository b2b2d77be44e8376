"""The demo's files are real ones, and are laid out as an instrument would."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from lagan.hub.ops.demo.samples import find_samples, is_sample, short_names
from lagan.kit.errors import NotFound

MAGIC = {
    "pydicom": (".dcm", 128, b"DICM"),
    "astropy": (".fits", 0, b"SIMPLE"),
    "nibabel": (".gii", 0, b"<?xml"),
    "scikit-image": (".png", 0, b"\x89PNG"),
}


@pytest.mark.parametrize("package", MAGIC)
def test_samples_are_files_of_their_format(package: str) -> None:
    ending, offset, magic = MAGIC[package]
    found = find_samples(package)
    assert len(found) > 20
    right = [
        each
        for each in found
        if each.path.suffix == ending and each.path.read_bytes()[offset:].startswith(magic)
    ]
    assert len(right) > 2


def test_dicom_without_an_ending_is_a_sample() -> None:
    bare = [each for each in find_samples("pydicom") if "." not in each.path.name]
    assert len(bare) > 10
    assert all(each.path.read_bytes()[128:132] == b"DICM" for each in bare)


def test_a_package_that_is_not_there_is_named() -> None:
    with pytest.raises(NotFound, match="no-such-package"):
        find_samples("no-such-package")


def test_a_package_without_samples_is_refused() -> None:
    with pytest.raises(NotFound, match="no sample files"):
        find_samples("click")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("pydicom/data/test_files/CT_small.dcm", True),
        ("nibabel/tests/data/example4d.nii.gz", True),
        ("astropy/io/fits/tests/data/comp.FITS", True),
        ("astropy/io/fits/card.py", False),
        ("astropy/utils/tests/data/local.dat.gz", False),
        ("nibabel/tests/__pycache__/x.nii", False),
        ("README", False),
    ],
)
def test_what_a_sample_is(name: str, wanted: bool) -> None:
    assert is_sample(PurePosixPath(name)) is wanted


def test_dull_folders_go_and_no_two_files_get_one_name() -> None:
    names = ["io/fits/tests/data/a.fits", "io/votable/tests/data/b.vot"]
    assert short_names(names) == {names[0]: "fits/a.fits", names[1]: "votable/b.vot"}
    clash = ["x/data/a.fits", "x/tests/a.fits", "y/b.fits"]
    assert len(set(short_names(clash).values())) == 3


def test_the_names_of_every_package_stay_apart() -> None:
    for package in MAGIC:
        names = [each.name for each in find_samples(package)]
        assert len(set(short_names(names).values())) == len(names)

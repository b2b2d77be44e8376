"""Real instrument files, found inside the scientific Python packages that ship them as samples."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lagan.kit.errors import NotFound

FORMATS = frozenset(
    (
        *(".dcm", ".fits", ".fit", ".nii", ".hdr", ".img", ".head", ".brik", ".mgz", ".mnc"),
        *(".par", ".rec", ".gii", ".tck", ".trk", ".v", ".tif", ".tiff", ".png", ".jpg", ".gif"),
        *(".npy", ".npz", ".vot", ".ecsv", ".hdf5", ".parquet", ".icc", ".nc"),
    )
)
"""Endings of instrument and image formats: DICOM, FITS, NIfTI, Analyze, AFNI, MGH, MINC, PAR/REC,
GIFTI, TrackVis, ECAT, TIFF and other pictures, arrays and tables."""
DICOM = b"DICM"
"""What a DICOM file has after its first 128 bytes, whatever it is called (DICOM PS3.10, 7.1)."""
PACKED = frozenset((".gz", ".bz2", ".xz", ".z"))
"""Endings that stand behind those of a format."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A file of a package: where it lies, and its path inside the package."""

    path: Path
    name: str


def find_samples(package: str) -> list[Sample]:
    """All sample files of an installed package, by name. NotFound when it, or its files, are
    missing."""
    try:
        files = importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError:
        raise NotFound(
            f"The demo needs the package {package}: install lagan[samples].", package=package
        ) from None
    named = ((PurePosixPath(each.as_posix()), Path(str(each.locate()))) for each in files)
    found = [
        Sample(path, "/".join(name.parts[1:]))
        for name, path in named
        if (is_sample(name) or (not name.suffix and is_dicom(path))) and path.is_file()
    ]
    if not found:
        raise NotFound(f"The package {package} carries no sample files.", package=package)
    return sorted(found, key=lambda each: each.name)


def is_sample(name: PurePosixPath) -> bool:
    """Whether a file of a package is of one of the formats, plain or packed."""
    endings = [each.lower() for each in name.suffixes[-2:]]
    if endings and endings[-1] in PACKED:
        endings.pop()
    return bool(endings) and endings[-1] in FORMATS and "__pycache__" not in name.parts


def is_dicom(path: Path) -> bool:
    """Whether a file says of itself that it is DICOM."""
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == DICOM
    except OSError:
        return False


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Each path without the folders that all of them share and those called `tests` and `data`, as
    an instrument would lay them out; two that would then be the same keep their whole paths."""
    whole = list(names)
    shared = _shared([name.split("/")[:-1] for name in whole])
    short = {name: _short(name.split("/")[shared:]) for name in whole}
    taken: dict[str, int] = {}
    for name in short.values():
        taken[name] = taken.get(name, 0) + 1
    return {name: each if taken[each] == 1 else name for name, each in short.items()}


def _short(parts: list[str]) -> str:
    dull = {"tests", "data", "test_files", "testdata"}
    return "/".join([part for part in parts[:-1] if part not in dull] + parts[-1:])


def _shared(folders: list[list[str]]) -> int:
    """How many folders all paths begin with."""
    count = 0
    for parts in zip(*folders, strict=False):
        if len(set(parts)) > 1:
            break
        count += 1
    return count

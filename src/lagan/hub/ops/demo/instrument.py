"""An instrument's PC: its data folder `Username / Dataset` with real files, its agent's
settings."""

from __future__ import annotations

import os
import shutil
import tarfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lagan.hub.ops.demo.samples import Sample, find_samples, short_names

FACILITY, INSTRUMENT = "Imaging Facility", "Scanner 3T"
AGE = 3600.0
"""Seconds since the files were last changed: the agent leaves what may still be written."""
RAW_BYTES = 64 << 20
"""Bytes of the large file at least: enough to be killed in the middle of sending it."""
PLAIN_BYTES = 1 << 20
"""Files above this have an object of their own on a volume; smaller ones share packs."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A dataset folder: whose it is, its name, and the package whose samples it holds."""

    owner: str
    name: str
    package: str


RAW = Recorded("ingrid", "Raw acquisition", "")
"""One large file, made of samples."""
RAW_FILE = "acquisition.tar"
DATASETS = (
    Recorded("ingrid", "Brain volumes", "nibabel"),
    Recorded("ingrid", "Clinical series", "pydicom"),
    RAW,
    Recorded("tomas", "Night sky", "astropy"),
    Recorded("olga", "Micrographs", "scikit-image"),
)
LATE = DATASETS[-1]
"""The dataset that stays open and gets one file more, late."""
LATE_FILE = "late/one more.fits"


@dataclass(frozen=True, slots=True)
class Instrument:
    """The PC: its data folder, its agent's settings file and state."""

    data: Path
    config: Path
    state: Path

    def folder(self, recorded: Recorded) -> Path:
        """The folder of a dataset."""
        return self.data / recorded.owner / recorded.name

    def files(self, recorded: Recorded) -> dict[str, Path]:
        """The files of a dataset by their path in it."""
        root = self.folder(recorded)
        found = (each for each in sorted(root.rglob("*")) if each.is_file())
        return {each.relative_to(root).as_posix(): each for each in found}

    def every(self) -> Iterator[tuple[Recorded, str, Path]]:
        """Every file with its dataset and its path in it."""
        for recorded in DATASETS:
            for path, file in self.files(recorded).items():
                yield recorded, path, file


def lay_out(folder: Path) -> Instrument:
    """Fill the data folder with the packages' samples. NotFound when a package is missing."""
    instrument = Instrument(folder / "data", folder / "agent.ini", folder / "agent-state")
    found: list[Sample] = []
    for recorded in DATASETS:
        if recorded.package:
            samples = find_samples(recorded.package)
            _copy(samples, instrument.folder(recorded))
            found += samples
    _join(found, instrument.folder(RAW) / RAW_FILE)
    return instrument


def add_late(instrument: Instrument) -> None:
    """One file more for the dataset that stays open."""
    source = next(iter(instrument.files(DATASETS[3]).values()))
    _place(source, instrument.folder(LATE) / LATE_FILE)


def write_settings(instrument: Instrument, *, address: str, manager: str, key: str) -> None:
    """The agent's ini file, readable by its owner alone."""
    rows = {
        "instrument_name": INSTRUMENT,
        "facility_name": FACILITY,
        "contact_name": "Facility manager",
        "contact_email": "facility@example.org",
        "data_directory": instrument.data,
        "hub_url": address,
        "username": manager,
        "api_key": key,
        "folder_structure": "Username / Dataset",
        "state_directory": instrument.state,
        "batch_files": 50,  # several requests, so that a kill falls between acknowledgements
    }
    lines = [f"{name} = {str(value).replace('%', '%%')}" for name, value in rows.items()]
    descriptor = os.open(instrument.config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(["[agent]", *lines, ""]))


def _copy(samples: Sequence[Sample], target: Path) -> None:
    names = short_names(each.name for each in samples)
    for each in samples:
        _place(each.path, target / names[each.name])


def _place(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    _age(target)


def _join(samples: Sequence[Sample], target: Path) -> None:
    """All samples in one tar, over and over until it is large."""
    target.parent.mkdir(parents=True, exist_ok=True)
    number = 0
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
        while target.stat().st_size < RAW_BYTES:
            number += 1
            for each in samples:
                tar.add(each.path, f"acquisition {number:02}/{each.name}", recursive=False)
    _age(target)


def _age(path: Path) -> None:
    then = time.time() - AGE
    os.utime(path, (then, then))

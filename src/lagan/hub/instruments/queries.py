"""What others may ask of instruments."""

from lagan.hub.instruments.datafiles import FileRow, file_at, files
from lagan.hub.instruments.describing import DescribedRow, dataset, described
from lagan.hub.instruments.experiments import (
    ExperimentRow,
    Sought,
    are_experiments,
    experiment,
    experiments,
)
from lagan.hub.instruments.facilities import (
    Facility,
    Instrument,
    facilities,
    facility,
    instrument,
    instruments,
    manages_any,
)
from lagan.hub.instruments.staging import staged_size

__all__ = [
    "DescribedRow",
    "ExperimentRow",
    "Facility",
    "FileRow",
    "Instrument",
    "Sought",
    "are_experiments",
    "dataset",
    "described",
    "experiment",
    "experiments",
    "facilities",
    "facility",
    "file_at",
    "files",
    "instrument",
    "instruments",
    "manages_any",
    "staged_size",
]

"""What others may ask of instruments."""

from lagan.hub.instruments.approving import registrations
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
from lagan.hub.instruments.models import Registration, Setting, Uploader
from lagan.hub.instruments.staging import folder_of, staged_size
from lagan.hub.instruments.uploaders import known as uploaders
from lagan.hub.instruments.uploaders import named, settings_of, uploader

__all__ = [
    "DescribedRow",
    "ExperimentRow",
    "Facility",
    "FileRow",
    "Instrument",
    "Registration",
    "Setting",
    "Sought",
    "Uploader",
    "are_experiments",
    "dataset",
    "described",
    "experiment",
    "experiments",
    "facilities",
    "facility",
    "file_at",
    "files",
    "folder_of",
    "instrument",
    "instruments",
    "manages_any",
    "named",
    "registrations",
    "settings_of",
    "staged_size",
    "uploader",
    "uploaders",
]

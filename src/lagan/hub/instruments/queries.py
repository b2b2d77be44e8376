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
from lagan.hub.instruments.overview import (
    InstrumentState,
    Waiting,
    awaited,
    overview,
    registrations_of,
    waiting_of,
)
from lagan.hub.instruments.staging import folder_of, staged_size
from lagan.hub.instruments.uploaders import known as uploaders
from lagan.hub.instruments.uploaders import named, settings_of, uploader

__all__ = [
    "DescribedRow",
    "ExperimentRow",
    "Facility",
    "FileRow",
    "Instrument",
    "InstrumentState",
    "Registration",
    "Setting",
    "Sought",
    "Uploader",
    "Waiting",
    "are_experiments",
    "awaited",
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
    "overview",
    "registrations",
    "registrations_of",
    "settings_of",
    "staged_size",
    "uploader",
    "uploaders",
    "waiting_of",
]

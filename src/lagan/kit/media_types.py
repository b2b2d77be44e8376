"""The media type that a file's name tells; the same on every machine."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping

TYPES: Mapping[str, str] = {
    ".dcm": "application/dicom",
    ".fits": "application/fits",
    ".fit": "application/fits",
    ".h5": "application/x-hdf5",
    ".hdf5": "application/x-hdf5",
    ".nc": "application/x-netcdf",
    ".nii": "application/x-nifti",
    ".parquet": "application/vnd.apache.parquet",
    ".npy": "application/x-npy",
    ".md": "text/markdown",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
"""Media types of files that the standard library does not know."""
_known = mimetypes.MimeTypes()
"""Without the files of the machine it runs on."""


def media_type(path: str) -> str:
    """Of the file at `path`; `application/octet-stream` when its name tells nothing."""
    name = path.rpartition("/")[2]
    ending = "." + name.rpartition(".")[2].lower()
    guessed, _ = _known.guess_type(name)
    return TYPES.get(ending) or guessed or "application/octet-stream"

"""What a file probably is, by its name and its first bytes; pure."""

from __future__ import annotations

import mimetypes

IMAGE, TEXT, TABLE, JSON, PDF = "image", "text", "table", "json", "pdf"
HDF5, FITS, DICOM, NIFTI, ZIP, TAR, OTHER = (
    "hdf5", "fits", "dicom", "nifti", "zip", "tar", "other",
)  # fmt: skip

_ENDINGS = {
    IMAGE: "png jpg jpeg jpe gif bmp webp tif tiff",
    TABLE: "csv tsv tab",
    JSON: "json geojson ipynb",
    PDF: "pdf",
    HDF5: "h5 hdf5 hdf he5 nxs nc nc4 h5ad ims",
    FITS: "fits fit fts",
    DICOM: "dcm dicom ima",
    NIFTI: "nii",
    ZIP: "zip jar docx xlsx pptx odt ods",
    TAR: "tar tgz tbz2 txz",
    TEXT: "txt log md rst xml html htm xhtml svg js css py r m c h cpp hpp java sh ps1 sql "
    "yaml yml toml ini cfg conf properties tex bib jsonl ndjson par rec mhd bval bvec",
}
_BY_ENDING = {each: kind for kind, some in _ENDINGS.items() for each in some.split()}
_DOUBLE = {".nii.gz": NIFTI, ".tar.gz": TAR, ".tar.bz2": TAR, ".tar.xz": TAR}

_TYPES = {
    HDF5: "application/x-hdf5",
    FITS: "application/fits",
    DICOM: "application/dicom",
    NIFTI: "application/x-nifti",
    TABLE: "text/csv",
}
_OWN_TYPES = {
    **{"tsv": "text/tab-separated-values", "nc": "application/x-netcdf", "md": "text/markdown"},
    **{"log": "text/plain", "webp": "image/webp", "ini": "text/plain", "yaml": "application/yaml"},
}

_MAGIC = (
    (128, b"DICM", DICOM),  # first: what is before it may look like a TIFF, on purpose
    (0, b"\x89PNG\r\n\x1a\n", IMAGE),
    (0, b"\xff\xd8\xff", IMAGE),
    (0, b"GIF8", IMAGE),
    (0, b"BM", IMAGE),
    (8, b"WEBP", IMAGE),
    (0, b"II*\0", IMAGE),
    (0, b"MM\0*", IMAGE),
    (0, b"II+\0", IMAGE),
    (0, b"MM\0+", IMAGE),
    (0, b"%PDF-", PDF),
    (0, b"\x89HDF\r\n\x1a\n", HDF5),
    (512, b"\x89HDF\r\n\x1a\n", HDF5),
    (0, b"SIMPLE  =", FITS),
    (344, b"n+1\0", NIFTI),
    (4, b"n+2\0\r\n\x1a\n", NIFTI),
    (0, b"PK\x03\x04", ZIP),
    (0, b"PK\x05\x06", ZIP),
    (257, b"ustar", TAR),
)

HEAD = 1024
"""Bytes from the beginning that `by_content` wants."""


def by_name(name: str) -> str:
    """What the file's name says it is; `other` when it says nothing known."""
    lower = name.rpartition("/")[2].lower()
    for ending, kind in _DOUBLE.items():
        if lower.endswith(ending):
            return kind
    return _BY_ENDING.get(_ending(lower), OTHER)


def by_content(name: str, head: bytes) -> str:
    """What the file is: its first bytes decide where they are known, then its name, then whether
    they read as text."""
    found = next((kind for at, magic, kind in _MAGIC if head[at : at + len(magic)] == magic), None)
    named = by_name(name)
    if found == IMAGE and head[:2] == b"BM" and named not in (IMAGE, OTHER):
        found = None  # two letters that words begin with too
    if found:
        return found
    if named in (TEXT, TABLE, JSON) or named == OTHER:
        return named if named != OTHER else (TEXT if reads_as_text(head) else OTHER)
    return named


def reads_as_text(head: bytes) -> bool:
    """Whether bytes are probably text in some encoding."""
    if not head:
        return False
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    odd = sum(byte < 32 and byte not in b"\t\n\r\f\b\x1b" for byte in head)
    return b"\0" not in head and odd * 100 < len(head)


def media_type(name: str) -> str:
    """The media type that the name stands for."""
    lower = name.rpartition("/")[2].lower()
    own = _OWN_TYPES.get(_ending(lower)) or _TYPES.get(by_name(name))
    return own or mimetypes.guess_type(lower)[0] or "application/octet-stream"


def _ending(name: str) -> str:
    return name.rpartition(".")[2] if "." in name[1:] else ""

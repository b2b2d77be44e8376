"""Names and first bytes say what a file is."""

from __future__ import annotations

import pytest

from lagan.hub.access.previews import naming


@pytest.mark.parametrize(
    ("name", "kind", "media"),
    [
        ("a/b.ome.tif", "image", "image/tiff"),
        ("B.PNG", "image", "image/png"),
        ("scan.nii.gz", "nifti", "application/x-nifti"),
        ("x.tar.gz", "tar", "application/x-tar"),
        ("drawing.svg", "text", "image/svg+xml"),
        ("page.html", "text", "text/html"),
        ("cube.nxs", "hdf5", "application/x-hdf5"),
        ("m.fits", "fits", "application/fits"),
        (".hidden", "other", "application/octet-stream"),
        ("noname", "other", "application/octet-stream"),
    ],
)
def test_names(name: str, kind: str, media: str) -> None:
    assert naming.by_name(name) == kind
    assert naming.media_type(name) == media


def test_a_dicom_that_begins_as_a_tiff_is_dicom() -> None:
    assert naming.by_content("x", b"II*\0" + bytes(124) + b"DICM") == "dicom"


def test_text_that_begins_with_bm_is_text() -> None:
    assert naming.by_content("x.txt", b"BMI;weight\n21;60\n") == "text"


def test_a_table_that_is_zipped_is_a_zip() -> None:
    assert naming.by_content("x.csv", b"PK\x03\x04" + bytes(100)) == "zip"

"""Real files of every kind that is previewed: from the scientific packages' own samples, or made by
the libraries that made the kind."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np


def sample(name: str) -> bytes:
    """A file of its own kind, by its name in `SAMPLES`."""
    return SAMPLES[name]()


def picture() -> bytes:
    """A photograph in colour."""
    import skimage

    return (Path(skimage.__file__).parent / "data" / "coffee.png").read_bytes()


def stack() -> bytes:
    """Five planes of 16 bits in one TIFF, dim as microscopes make them."""
    from PIL import Image

    y, x = np.mgrid[0:120, 0:160]
    planes = [
        Image.fromarray(
            (400 + 300 * np.exp(-((x - 30 * n) ** 2 + (y - 60) ** 2) / 400)).astype(np.uint16)
        )
        for n in range(1, 6)
    ]
    out = io.BytesIO()
    planes[0].save(out, "TIFF", save_all=True, append_images=planes[1:])
    return out.getvalue()


def table() -> bytes:
    """Values with semicolons and decimal commas, as instruments export them."""
    rows = ["time;force N;note"] + [f"0,{n:03};{n * 1.5:.2f};step, {n}" for n in range(300)]
    return "\r\n".join(rows).encode("cp1252")


def log() -> bytes:
    """A log with markup in it."""
    lines = [f"2026-11-20 10:{n // 60:02}:{n % 60:02} INFO plane {n} done" for n in range(40)]
    return "\n".join([*lines, "<script>alert('no')</script>"]).encode()


def settings() -> bytes:
    """Settings as JSON."""
    planes = [{"z": n * 0.5, "exposure_ms": 20} for n in range(4)]
    return json.dumps({"objective": "63×/1.4", "planes": planes}, ensure_ascii=False).encode()


def report() -> bytes:
    """A PDF of two pages."""
    from PIL import Image, ImageDraw

    pages = []
    for number in (1, 2):
        page = Image.new("RGB", (600, 800), "white")
        ImageDraw.Draw(page).text((80, 80), f"Calibration, page {number}", fill="black")
        pages.append(page)
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:])
    return out.getvalue()


def spectra() -> bytes:
    """HDF5 with groups, attributes, a cycle, and links that lead out of it."""
    import h5py

    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        file.attrs["instrument"] = "spectrometer 2"
        entry = file.create_group("entry")
        data = entry.create_dataset(
            "counts", data=np.arange(600).reshape(20, 30), compression="gzip"
        )
        data.attrs["units"] = "1"
        entry["wavelength"] = np.linspace(400, 700, 30)
        entry["again"] = file["entry"]
        entry["short"] = h5py.SoftLink("/entry/counts")
        file["elsewhere"] = h5py.ExternalLink("/etc/hostname", "/secret")
    return out.getvalue()


def sky() -> bytes:
    """FITS with an image and a table."""
    from astropy.io import fits

    y, x = np.mgrid[0:64, 0:96]
    image = fits.ImageHDU(
        (100 + 5000 * np.exp(-((x - 40) ** 2 + (y - 20) ** 2) / 50)).astype("i4"), name="SCI"
    )
    image.header["OBJECT"] = ("M 13", "globular cluster")
    stars = fits.BinTableHDU.from_columns(
        [fits.Column("flux", "D", array=np.arange(5.0))], name="STARS"
    )
    out = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), image, stars]).writeto(out)
    return out.getvalue()


def scan() -> bytes:
    """A CT slice with a patient's tags."""
    from pydicom.data import get_testdata_file

    return Path(str(get_testdata_file("CT_small.dcm"))).read_bytes()


def brain() -> bytes:
    """Two volumes of a head, compressed."""
    import nibabel

    return (Path(nibabel.__file__).parent / "tests/data/example4d.nii.gz").read_bytes()


def packed() -> bytes:
    """A zip with a folder."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("raw/plane 1.tif", b"x" * 1000)
        archive.writestr("read me.txt", "hello")
    return out.getvalue()


def rolled() -> bytes:
    """A compressed tar."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        told = tarfile.TarInfo("data/counts.bin")
        told.size, told.mtime = 5, 1_700_000_000
        archive.addfile(told, io.BytesIO(b"12345"))
    return out.getvalue()


def unknown() -> bytes:
    """Bytes of no known kind."""
    return bytes(range(256)) * 4


SAMPLES: Mapping[str, Callable[[], bytes]] = {
    "coffee.png": picture,
    "stack.tif": stack,
    "force.csv": table,
    "run.log": log,
    "settings.json": settings,
    "report.pdf": report,
    "spectra.h5": spectra,
    "m13.fits": sky,
    "slice.dcm": scan,
    "head.nii.gz": brain,
    "planes.zip": packed,
    "counts.tar.gz": rolled,
    "readout.dat": unknown,
}

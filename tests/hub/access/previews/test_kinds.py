"""Files of every kind show what is in them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lagan.hub.access.previews.blocks import Drawn
from tests.hub.access.previews.conftest import Shelf
from tests.previewed import sample

Draw = Callable[..., Drawn]


def blocks(drawn: Drawn, kind: str) -> list[dict[str, Any]]:
    return [each for each in drawn.blocks if each["type"] == kind]


def notes(drawn: Drawn) -> set[str]:
    return {each["code"] for each in blocks(drawn, "note")}


def opened(drawn: Drawn, number: int = 0) -> Image.Image:
    return Image.open(io.BytesIO(drawn.pictures[number])).convert("L")


def test_a_photograph_is_a_picture_with_its_facts(drawn: Draw) -> None:
    found = drawn("coffee.png", sample("coffee.png"))
    assert found.kind == "image"
    assert opened(found).size == (600, 400)
    assert ["Pixels", "600 × 400"] in blocks(found, "facts")[0]["rows"]


def test_a_small_picture_of_it_is_small(drawn: Draw) -> None:
    found = drawn("coffee.png", sample("coffee.png"), view="thumb")
    assert opened(found).size == (96, 64)
    assert len(found.pictures[0]) < 8000


def test_a_dim_plane_of_a_stack_is_stretched(drawn: Draw) -> None:
    found = drawn("stack.tif", sample("stack.tif"), page=2)
    assert (found.page, found.pages, found.more) == (2, 5, False)
    shades = np.asarray(opened(found))
    assert shades.min() < 10
    assert shades.max() > 245
    brightest = np.argmax(np.asarray(opened(found))) % 160
    assert abs(int(brightest) - 90) < 12
    assert "stretched" in notes(found)


@pytest.mark.parametrize("format", ["JPEG", "GIF", "BMP", "WEBP", "TIFF", "PNG"])
def test_every_common_format_is_a_picture(drawn: Draw, format: str) -> None:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, format)
    assert drawn(f"x.{format.lower()}", out.getvalue()).pictures


def test_transparency_stays(drawn: Draw) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (10, 10), (255, 0, 0, 0)).save(out, "PNG")
    assert Image.open(io.BytesIO(drawn("x.png", out.getvalue()).pictures[0])).mode == "RGBA"


def test_a_table_guesses_its_delimiter(drawn: Draw) -> None:
    (table,) = blocks(drawn("force.csv", sample("force.csv")), "table")
    assert table["head"] == ["time", "force N", "note"]
    assert table["rows"][3] == ["0,003", "4.50", "step, 3"]
    assert len(table["rows"]) == 200


def test_a_log_is_numbered_lines_and_markup_is_text(drawn: Draw) -> None:
    (lines,) = blocks(drawn("run.log", sample("run.log")), "lines")
    assert lines["first"] == 1
    assert lines["lines"][-1] == "<script>alert('no')</script>"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"]
)
def test_encodings_are_guessed(drawn: Draw, encoding: str) -> None:
    text = "Temperatur: 21 °C größer\nsecond line\n" * 20
    (lines,) = blocks(drawn("x.txt", text.encode(encoding)), "lines")
    assert lines["lines"][:2] == ["Temperatur: 21 °C größer", "second line"]


def test_json_is_laid_out(drawn: Draw) -> None:
    (lines,) = blocks(drawn("settings.json", sample("settings.json")), "lines")
    assert lines["lines"][:2] == ["{", '  "objective": "63×/1.4",']


def test_a_page_of_a_pdf_is_a_picture(drawn: Draw) -> None:
    found = drawn("report.pdf", sample("report.pdf"), page=1)
    assert (found.page, found.pages) == (1, 2)
    shades = np.asarray(opened(found))
    assert shades.min() < 40  # the words on it
    assert shades.max() > 250


def test_hdf5_is_a_tree_and_no_link_out_of_it_is_followed(drawn: Draw) -> None:
    (tree,) = blocks(drawn("spectra.h5", sample("spectra.h5")), "tree")
    nodes = {each["name"]: each for each in tree["nodes"]}
    assert nodes["counts"]["what"] == "20 × 30, int64, gzip, chunks 20 × 30"
    assert nodes["counts"]["attributes"] == [["units", "1"]]
    assert nodes["again"]["kind"] == nodes["short"]["kind"] == "link"
    assert nodes["elsewhere"]["what"] == "→ /etc/hostname: /secret"
    assert len(tree["nodes"]) == 7


def test_fits_shows_units_cards_and_image(drawn: Draw) -> None:
    found = drawn("m13.fits", sample("m13.fits"), page=1)
    units, cards = blocks(found, "table")
    assert [row[1:3] for row in units["rows"]] == [
        ["PRIMARY", "Primary"], ["SCI", "Image"], ["STARS", "BinTable"],
    ]  # fmt: skip
    assert ["OBJECT", "M 13", "globular cluster"] in cards["rows"]
    row, column = divmod(int(np.argmax(np.asarray(opened(found)))), 96)
    assert abs(row - 43) < 3  # its lowest row is shown lowest
    assert abs(column - 40) < 3


def test_dicom_shows_tags_and_picture_and_says_whose_they_may_be(drawn: Draw) -> None:
    found = drawn("slice.dcm", sample("slice.dcm"))
    assert opened(found).size == (128, 128)
    names = [each["name"] for each in blocks(found, "tree")[0]["nodes"]]
    assert "(0010,0010) Patient's Name" in names
    assert "0010" in names
    assert "personal-data" in notes(found)


def test_nifti_shows_three_slices_of_each_volume(drawn: Draw) -> None:
    found = drawn("head.nii.gz", sample("head.nii.gz"), page=1)
    assert (found.page, found.pages) == (1, 2)
    assert [each["words"] for each in blocks(found, "picture")] == ["sagittal", "coronal", "axial"]
    assert opened(found, 2).size == (128, 96)
    assert ["Axes", "LAS"] in blocks(found, "facts")[0]["rows"]


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("planes.zip", ["raw/plane 1.tif", "1\u202f000"]),
        ("counts.tar.gz", ["data/counts.bin", "5"]),
    ],
)
def test_archives_list_their_members(drawn: Draw, name: str, member: list[str]) -> None:
    (table,) = blocks(drawn(name, sample(name)), "table")
    assert member in [row[:2] for row in table["rows"]]


def test_an_unknown_kind_shows_its_first_bytes(drawn: Draw) -> None:
    found = drawn("readout.dat", sample("readout.dat"))
    assert notes(found) == {"unknown-kind"}
    (lines,) = blocks(found, "lines")
    assert lines["lines"][2].startswith("00000020  20 21 22")


def test_content_decides_where_the_name_lies(drawn: Draw) -> None:
    assert drawn("coffee.txt", sample("coffee.png")).kind == "image"
    assert drawn("noname", sample("run.log")).kind == "text"
    assert drawn("scan", sample("slice.dcm")).kind == "dicom"


def test_a_copy_that_cannot_be_read_is_passed_over(shelf: Shelf) -> None:
    from lagan.hub.access.previews.request import Asked
    from lagan.hub.access.previews.running import draw
    from lagan.hub.archive.queries import Location
    from lagan.kit.digests import digests_of
    from lagan.kit.errors import Unavailable
    from lagan.kit.ids import new_id

    class Away:
        def read(self, *_: object) -> None:
            raise Unavailable("The disk is away.")

    (shelf.folder / "object").write_bytes(b"still here\n")
    volumes: list[Any] = [Away(), shelf]
    known = digests_of([])
    places = [Location("v", each, "object", 0, 11, False, known, new_id()) for each in volumes]
    found, lasting = draw(Asked("x.txt", 11), places)
    assert blocks(found, "lines")[0]["lines"] == ["still here"]
    assert lasting


def test_an_empty_file_says_so(drawn: Draw) -> None:
    assert notes(drawn("x.png", b"")) == {"empty"}

"""What the node's management decides without a node: paths of values, who may change them, forms of
rows, which files go."""

from __future__ import annotations

import json
import pickle
from ast import literal_eval
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.doors.node.config import changing, paths, xml
from lagan.hub.doors.node.config.loading import judge, start_of
from lagan.hub.doors.node.config.showing import HIDDEN, shown
from lagan.hub.doors.node.files.purging import is_kept
from lagan.hub.doors.node.wire.row_formats import as_json, as_pickle, as_python, as_table
from lagan.hub.doors.node.wire.status import Node, lines
from lagan.kit.errors import BadInput, NotFound

SAMPLE = (Path(__file__).parent / "node.xml").read_bytes()


def test_a_configuration_is_the_same_by_its_values() -> None:
    tree = xml.read(SAMPLE)
    values = list(paths.values(tree))
    again = paths.built((paths.read_path(str(path)), value) for path, value in values)
    assert judge(again) == judge(tree)
    assert ("NgamsCfg.Streams[1].Stream[2].PlugIn", "ngamsGenDapi") in [
        (str(path), value) for path, value in values
    ]


def test_a_change_leaves_the_old_one_as_it_was() -> None:
    tree = xml.read(SAMPLE)
    path = paths.read_path("NgamsCfg.Streams[1].Stream[2].PlugIn")
    made = paths.changed(tree, path, "other")
    assert (paths.get(tree, path), paths.get(made, path)) == ("ngamsGenDapi", "other")
    assert judge(made).streams.items[1].plug_in == "other"


@pytest.mark.parametrize(
    "text", ["", "NgamsCfg", "a..b", "a[0].b", "a[x].b", "a.b[1]", "a[99999].b", ".".join("a" * 99)]
)
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(BadInput, match="is no path"):
        paths.read_path(text)


@pytest.mark.parametrize("text", ["Other.Server[1].PortNo", "NgamsCfg.Server[2].PortNo"])
def test_what_is_not_there(text: str) -> None:
    tree = xml.read(SAMPLE)
    with pytest.raises(NotFound):
        paths.get(tree, paths.read_path(text))
    with pytest.raises(NotFound):
        paths.changed(tree, paths.read_path(text), "x")


def test_values_of_two_roots_are_no_configuration() -> None:
    with pytest.raises(BadInput, match="not beneath"):
        paths.built([(paths.read_path("A.b"), ""), (paths.read_path("B.b"), "")])
    with pytest.raises(BadInput, match="no values"):
        paths.built([])


@pytest.mark.parametrize(
    ("path", "anybody", "trusted"),
    [
        ("NgamsCfg.Server[1].BlockSize", True, True),
        ("NgamsCfg.Log[1].LocalLogLevel", True, True),
        ("NgamsCfg.JanitorThread[1].SuspensionTime", True, True),
        ("NgamsCfg.Log[1].LocalLogFile", False, True),
        ("NgamsCfg.JanitorThread[1].PlugIn[1].Name", False, True),
        ("NgamsCfg.Permissions[1].AllowRemoveReq", False, True),
        ("NgamsCfg.Caching[1].CacheControlPlugIn", False, True),
        ("NgamsCfg.Notification[1].SmtpHost", False, True),
        ("NgamsCfg.Server[1].PluginsPath", False, False),
        ("NgamsCfg.Server[1].RootDirectory", False, False),
        ("NgamsCfg.Db[1].password", False, False),
        ("NgamsCfg.Commands[1].Command[1].Module", False, False),
        ("NgamsCfg.Authorization[1].User[1].Password", False, False),
        ("NgamsCfg.Lagan[1].Targets", False, False),
        ("NgamsCfg.Id", False, False),
    ],
)
def test_who_may_change_what(path: str, anybody: bool, trusted: bool) -> None:
    found = paths.read_path(path)
    assert (not changing.objection(found, trusted=False)) is anybody
    assert (not changing.objection(found, trusted=True)) is trusted


def test_only_what_finds_a_stored_configuration_is_needed_first() -> None:
    least = b"""<NgamsCfg><Server RootDirectory="/srv/x"/>
      <Db Interface="sqlite3" Snapshot="0" database="d"/></NgamsCfg>"""
    config = start_of(xml.read(least))
    assert config.server.root == "/srv/x"
    assert config.database.connection == {"database": "d"}
    with pytest.raises(BadInput, match=r"Db: this element is missing|NgamsCfg.Db"):
        start_of(xml.read(b'<NgamsCfg><Server RootDirectory="/srv/x"/></NgamsCfg>'))
    with pytest.raises(BadInput, match="RootDirectory"):
        start_of(xml.read(least.replace(b"RootDirectory", b"Other")))


def test_no_secret_is_shown() -> None:
    tree = xml.read(b'<NgamsCfg><Db password="hunter2" dsn="x hunter2" host="h"/></NgamsCfg>')
    text = "".join(lines(shown(tree)))
    assert "hunter2" not in text
    assert text.count(HIDDEN) == 2
    assert isinstance(shown(tree), Node)


VALUES = st.one_of(
    st.none(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
)


@given(rows=st.lists(st.tuples(VALUES, VALUES), max_size=5))
def test_rows_come_back_from_every_form(rows: list[tuple[Any, ...]]) -> None:
    def made(write: Any) -> bytes:
        return b"".join(write(("a", "b"), rows, Path("/tmp")))  # noqa: S108 - unused

    assert [tuple(each) for each in pickle.loads(made(as_pickle))[0]] == rows  # noqa: S301
    assert [tuple(each.values()) for each in json.loads(made(as_json))] == rows
    assert literal_eval(made(as_python).decode()) == [tuple(each) for each in rows] or _surrogates(
        rows
    )


def _surrogates(rows: Sequence[Sequence[Any]]) -> bool:
    return any(
        isinstance(value, str) and any(0xD800 <= ord(each) <= 0xDFFF for each in value)
        for row in rows
        for value in row
    )


def test_a_table_is_as_wide_as_what_is_in_it(tmp_path: Path) -> None:
    table = b"".join(as_table(("name", "n"), [("a", 5), ("longer", 1000), (None, 1.5)], tmp_path))
    assert table.decode().split("\n") == [
        "------ ----",
        "name   n   ",
        "------ ----",
        "a         5",
        "longer 1000",
        "None    1.5",
    ]
    assert b"".join(as_table(("name",), [], tmp_path)) == b"----\nname\n----"


@pytest.mark.parametrize(
    ("file_id", "kept"),
    [
        ("1060792928_200-231MHz_XX_r0.0_v1.0.fits", True),
        ("1060792928_200-232MHz_YY_r0.0_v1.0.fits", True),
        ("1060792928_200-233MHz_YY_r0.0_v1.0.fits", False),
        ("1060792928_200-231MHz_XY_r0.0_v1.0.fits", False),
        ("1060792928_200-231MHz_XX_r0.5_v1.0.fits", False),
        ("1060792928_200-231MHz_XX_r0.0_v1.0.fits.gz", False),
        ("anything", False),
    ],
)
def test_what_rri_purge_keeps(file_id: str, kept: bool) -> None:
    assert is_kept(file_id) is kept

"""Any original name becomes one that every filesystem and bucket holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.kit.names import LIMIT, safe_name
from lagan.kit.paths import check_relative


@pytest.mark.parametrize(
    ("original", "safe"),
    [
        ("image 01.dcm", "image 01.dcm"),
        ("müller.tif", "müller.tif"),
        ("mu\u0308ller.tif", "müller.tif"),
        ("a/b\\c:d", "a_b_c_d"),
        ("../../etc/passwd", "_.._etc_passwd"),
        (".hidden", "hidden"),
        ("", "unnamed"),
        ("..", "unnamed"),
        ("???", "unnamed"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("-rf", "_rf"),
        ("-'0", "_0"),
        ("con" + " " * 200 + ".tar", "_con.tar"),
        ("trailing. ", "trailing"),
        ("new\nline\0nul", "new_line_nul"),
        ("\ud800", "unnamed"),
        ("x" * 300 + ".tar.gz", "x" * 117 + ".gz"),
    ],
)
def test_names_stay_readable(original: str, safe: str) -> None:
    assert safe_name(original) == safe


@given(st.text(max_size=300), st.integers(32, 255))
def test_any_text_gives_a_safe_name(original: str, limit: int) -> None:
    name = safe_name(original, limit=limit)
    assert check_relative(name) == name
    assert "/" not in name
    assert name.isprintable()
    assert name[0] not in ".- "
    assert name[-1] not in ". "
    assert len(name.encode()) <= limit
    assert safe_name(name, limit=limit) == name


def test_the_limit_leaves_room_for_an_id() -> None:
    assert LIMIT + 36 + 10 <= 255
    with pytest.raises(ValueError, match="32"):
        safe_name("a", limit=31)

"""Requests are understood as real clients send them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.doors.node.wire.requests import InvalidParameter, Request, understand
from lagan.kit.errors import BadInput


@pytest.mark.parametrize(
    ("target", "command", "parameters"),
    [
        ("/STATUS", "STATUS", {}),
        ("//STATUS/", "STATUS", {}),
        ("STATUS?time_out=5.000000", "STATUS", {"time_out": "5.000000"}),
        ("http://node:7777/STATUS?a=1", "STATUS", {"a": "1"}),
        ("/RETRIEVE?file_id=a%20b&x=2", "RETRIEVE", {"file_id": "a b", "x": "2"}),
        ("/RETRIEVE?file_id=a+b", "RETRIEVE", {"file_id": "a b"}),
        ("/RETRIEVE?file_id=", "RETRIEVE", {}),
        ("/RETRIEVE?file_id", "RETRIEVE", {}),
        ('ARCHIVE?mime_type="text/ascii"', "ARCHIVE", {"mime_type": "text/ascii"}),
        ("/ARCHIVE?filename=http://x/y?z&b=1", "ARCHIVE?filename=http://x/y", {"b": "1"}),
        ("/", "", {}),
    ],
)  # fmt: skip
def test_targets(target: str, command: str, parameters: dict[str, str]) -> None:
    request = understand("GET", target, {})
    assert (request.command, request.parameters) == (command, parameters)


def test_parameters_come_from_the_disposition_too_and_the_address_wins() -> None:
    header = 'attachment; filename="/tmp/a;b.fits"; no_versioning="1"; wait="1"; file_id=one; x=%41'
    request = understand("POST", "/QARCHIVE?file_id=two", {"Content-Disposition": header})
    assert request.parameters == {
        "filename": "a;b.fits",
        "no_versioning": "1",
        "wait": "1",
        "file_id": "two",
        "x": "A",
    }


@pytest.mark.parametrize(
    ("target", "headers", "mime_type"),
    [
        ("/ARCHIVE", {"content-type": "text/plain; charset=utf-8"}, "text/plain"),
        ("/ARCHIVE", {"Content-Type": "ngas/archive-request"}, ""),
        ("/ARCHIVE?mime_type=a/b", {"Content-Type": "text/plain"}, "a/b"),
        ("/ARCHIVE", {"Content-Disposition": 'attachment; mime_type="c/d"'}, "c/d"),
        (
            "/ARCHIVE",
            {"Content-Type": "e/f", "Content-Disposition": 'attachment; mime_type="c/d"'},
            "e/f",
        ),
    ],
)
def test_the_type_of_what_is_sent(target: str, headers: dict[str, str], mime_type: str) -> None:
    assert understand("POST", target, headers).mime_type == mime_type


def test_values_have_kinds() -> None:
    request = Request("GET", "X", {"a": "1", "b": "no", "n": "-5", "file_version": "-1", "t": "x"})
    assert request.switch("a")
    assert not request.switch("b")
    assert request.switch("absent", default=True)
    assert request.number("n") == -5
    assert request.version is None
    assert Request("GET", "X", {"force": "0"}).has("force")
    with pytest.raises(InvalidParameter, match="Invalid parameter: t is no whole number: x"):
        request.number("t")
    with pytest.raises(InvalidParameter, match="Invalid parameter: t is neither 1 nor 0: x"):
        request.switch("t")


@pytest.mark.parametrize("length", ["-1", "1.5", "one", "", "9" * 30, "٣"])
def test_a_length_that_is_none_is_refused(length: str) -> None:
    with pytest.raises(BadInput):
        understand("POST", "/QARCHIVE", {"Content-Length": length})


@given(target=st.text(max_size=300), disposition=st.text(max_size=300))
def test_anything_is_understood_or_refused(target: str, disposition: str) -> None:
    request = understand("GET", target, {"Content-Disposition": disposition})
    assert all(request.parameters.values())
    assert request.command == request.command.strip("?/ ")

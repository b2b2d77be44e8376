"""No secret reaches a log line, whether by its name or by how it looks."""

from __future__ import annotations

import logging

import pytest

from lagan.hub.base.logs import HIDDEN, logging_settings, scrub, scrub_text

PLANTED = [
    "Authorization: Bearer abc.def.ghi123456",
    "header was Api-Key 9f8e7d6c5b4a",
    "Token 0123456789abcdef0123",
    "amqp://lagan:hunter22@broker:5672//",
    "password=hunter22 given",
    "{'password': 'hunter22'}",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "GET /s/iFbzq0Q9kD4Ew3l0Sxq8bV7kYpR2tMn5uXcA1hGjZ6o/zip 200",
    "GET /set-password/eyJ1c2VyIjoxfQ:1xUtOk:68Odn/ 200",
]
PARTS = (
    "hunter22",
    "ghi123456",
    "9f8e7d6c5b4a",
    "0123456789abcdef",
    "c2lnbmF0dXJl",
    "68Odn",
    "iFbzq0",
)


@pytest.mark.parametrize("text", PLANTED)
def test_a_credential_in_a_message_is_hidden(text: str) -> None:
    said = scrub_text(text)
    assert HIDDEN in said
    assert not any(part in said for part in PARTS)


@pytest.mark.parametrize("name", ["password", "POSTGRES_PASSWORD", "api_key", "Cookie", "token"])
def test_a_value_is_hidden_by_its_name(name: str) -> None:
    assert scrub(None, "", {name: "x"}) == {name: HIDDEN}


def test_what_is_nested_is_looked_at() -> None:
    event = {
        "event": "asked",
        "headers": {"Authorization": "x", "Accept": "*/*"},
        "list": ["Bearer abc1"],
    }
    scrubbed = scrub(None, "", event)
    assert scrubbed["headers"] == {"Authorization": HIDDEN, "Accept": "*/*"}
    assert scrubbed["list"] == [f"Bearer {HIDDEN}"]


@pytest.mark.parametrize(
    "text", ["1,000 files stored", "a token ring", "https://example.org/x?y=1"]
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert scrub_text(text) == text


def test_a_line_is_one_line_with_its_traceback() -> None:
    formatter_settings = dict(logging_settings()["formatters"]["line"])
    import structlog

    del formatter_settings["()"]
    formatter = structlog.stdlib.ProcessorFormatter(**formatter_settings)
    try:
        raise ValueError("password=hunter22")
    except ValueError:
        import sys

        record = logging.LogRecord("a", logging.ERROR, "f", 1, "failed", (), sys.exc_info())
    line = formatter.format(record)
    assert "\n" not in line
    assert "event=failed" in line
    assert "hunter22" not in line

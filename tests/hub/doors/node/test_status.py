"""Status documents have the shape that clients parse."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.doors.node.wire import messages
from lagan.hub.doors.node.wire.status import SUCCESS, VERSION, Node, basic, document, quoted


def test_a_document_line_by_line() -> None:
    status = basic(
        date="2026-11-21T19:51:53.795",
        host="vm:7790",
        message="Successfully handled command STATUS",
        status=SUCCESS,
        state="ONLINE",
        sub_state="IDLE",
        extra=[("RequestId", "7b"), ("RequestTime", None)],
    )
    disk = Node("DiskStatus", [("DiskId", "d")], [Node("FileStatus", [("FileName", "a<b")])])
    assert document("127.0.0.1:7790", [status, disk]).decode().splitlines() == [
        '<?xml version="1.0" ?>',
        '<!DOCTYPE NgamsStatus SYSTEM "http://127.0.0.1:7790/RETRIEVE?internal=ngamsStatus.dtd">',
        "<NgamsStatus>",
        f'  <Status Date="2026-11-21T19:51:53.795" Version="{VERSION}" HostId="vm:7790" '
        'Message="Successfully handled command STATUS" Status="SUCCESS" State="ONLINE" '
        'SubState="IDLE" RequestId="7b"/>',
        '  <DiskStatus DiskId="d">',
        '    <FileStatus FileName="a&lt;b"/>',
        "  </DiskStatus>",
        "</NgamsStatus>",
    ]


def test_the_version_fits_its_column() -> None:
    assert len(VERSION) <= 20


@given(text=st.text())
def test_any_text_is_an_attribute(text: str) -> None:
    parsed = ElementTree.fromstring(f"<a b={quoted(text)}/>".encode("utf-8", "replace"))
    held = "".join(each if _holds(each) else "?" for each in text)
    assert parsed.attrib["b"] == held


def _holds(character: str) -> bool:
    try:
        ElementTree.fromstring(f"<a>&#{ord(character)};</a>")
    except ElementTree.ParseError:
        return False
    return True


def test_messages_are_matched_by_name_and_number() -> None:
    assert messages.UNAVAIL_FILE.say("X/Version: 2") == (
        "NGAMS_ER_UNAVAIL_FILE:4019:ERROR: File with ID: X/Version: 2 appears not to be available."
    )
    assert messages.IMPROPER_STATE.say("OFFLINE", "OFFLINE", "IDLE", ["ONLINE"], ["IDLE"]) == (
        "NGAMS_ER_IMPROPER_STATE:4015:ERROR: Command OFFLINE not allowed when in State/Sub-State: "
        "OFFLINE/IDLE. Allowed State(s)/Sub-State(s) are: ['ONLINE']/['IDLE']."
    )


def test_no_two_messages_share_a_number() -> None:
    numbers = [
        each.number for each in vars(messages).values() if isinstance(each, messages.Message)
    ]
    assert len(numbers) == len(set(numbers))

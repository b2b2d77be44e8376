"""What a subscription may say, what a receiver's answer means, who is served next."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
import requests

from lagan.hub.doors.node.models import Delivery, StoredFile
from lagan.hub.doors.node.subscriptions import rules, sending
from lagan.hub.doors.node.subscriptions.delivery import authorization_headers
from lagan.hub.doors.node.subscriptions.filters import by_mime_type
from lagan.hub.doors.node.subscriptions.lanes import MOST, Lane, next_lane
from lagan.hub.doors.node.subscriptions.queue import Errand
from lagan.hub.doors.node.subscriptions.rules import Subscription
from lagan.hub.doors.node.subscriptions.sending import Refused, Unreachable
from lagan.hub.doors.node.wire.reply import Failed
from lagan.kit.errors import BadInput

URL = "http://there:7777/QARCHIVE"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("there", "no scheme found"),
        ("http://", "no netloc found"),
        ("http:///path", "no netloc found"),
        ("ftp://there/x", "only http or https scheme allowed"),
        ("file:///etc/passwd", "only http or https scheme allowed"),
        ("http://there:99999/x", "cannot be read"),
        ("http://there/x y", "blanks"),
        ("http://there/x\r\nEvil: 1", "blanks"),
        (f"{URL}____ftp://there/x", "only http or https scheme allowed"),
        ("http://there/" + "x" * 2000, "more than 2000"),
    ],
)
def test_an_address_that_is_none_is_refused_in_known_words(url: str, words: str) -> None:
    with pytest.raises(Failed, match=words):
        rules.check_url(url)


@pytest.mark.parametrize(
    "url", [URL, "https://there/in?a=b", f"{URL}____https://b/x", "ngasjob://plug?redo_on_fail=1"]
)
def test_an_address_is_taken_as_it_is(url: str) -> None:
    assert rules.check_url(url) == url


def test_several_addresses_are_tried_in_order_or_in_any() -> None:
    backwards = list.reverse
    assert rules.targets("http://a/____http://b/", backwards) == ["http://a/", "http://b/"]
    assert rules.targets("http://a/----http://b/", backwards) == ["http://b/", "http://a/"]
    assert rules.targets(URL, backwards) == [URL]


def test_the_id_is_the_address_up_to_its_query() -> None:
    assert rules.default_id("http://a/QARCHIVE?mime_type=x?y") == "http://a/QARCHIVE"


def test_a_job_is_told_by_its_scheme() -> None:
    asked = rules.job("ngasjob://myPlugIn?redo_on_fail=1&plugin_params=a%3D1,b")
    assert asked == rules.Job("myPlugIn", "a=1,b", redo=True)
    assert rules.job(URL) is None


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"start": None}, True),
        ({"start": "2026-01-01T00:00:01.000"}, False),
        ({"priority": 9}, False),
        ({"threads": 2}, False),
        ({"filter": "other"}, False),
        ({"url": "http://there/other"}, False),
    ],
)
def test_a_subscription_told_again_is_the_same_unless_something_differs(
    change: dict[str, str], same: bool
) -> None:
    known = Subscription("a", URL, "2026-01-01T00:00:00.000")
    told = {"id": "a", "url": URL, "start": "2026-01-01T00:00:00.000", **change}
    assert Subscription(**told).same(known) is same  # type: ignore[arg-type]


def test_who_cannot_be_reached_is_left_alone_ever_longer() -> None:
    longest = timedelta(seconds=60)
    pauses = [rules.pause_after(n, longest).total_seconds() for n in range(1, 8)]
    assert pauses == [3, 6, 12, 24, 48, 60, 60]


@pytest.mark.parametrize(
    ("url", "status"),
    [
        (URL, "http://there:7777/STATUS"),
        ("http://there/a/REARCHIVE?x=y", "http://there/a/STATUS"),
        ("http://there/in", None),
    ],
)
def test_a_node_can_be_asked_what_it_has(url: str, status: str | None) -> None:
    assert rules.receiver_status(url) == status


DOCUMENT = b'<?xml version="1.0" ?><NgamsStatus><Status Message="m" Status="%s"/></NgamsStatus>'


@pytest.mark.parametrize("content", [b"", b"thanks", DOCUMENT % b"SUCCESS"])
def test_exactly_200_is_success(content: bytes) -> None:
    sending.judge(200, content, URL)


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (201, b""),
        (204, b""),
        (303, b""),
        (400, DOCUMENT % b"FAILURE"),
        (200, b'<?xml version="1.0"?><broken'),
        (200, DOCUMENT % b"FAILURE"),
    ],
)
def test_everything_else_is_a_refusal(status: int, content: bytes) -> None:
    with pytest.raises(Refused, match=r"there:7777 answered"):
        sending.judge(status, content, URL)


def test_a_receiver_in_trouble_is_not_to_be_hurried() -> None:
    with pytest.raises(Unreachable, match="503"):
        sending.judge(503, b"", URL)


def row(**changes: object) -> StoredFile:
    known = {
        "disk_id": "d", "file_name": "saf/2026-01-01/1/hello.txt", "file_id": "myid",
        "file_version": 1, "format": "text/ascii", "file_size": 12, "uncompressed_file_size": 12,
        "compression": "NONE", "ingestion_date": "2026-01-01T00:00:00.000",
        "checksum": "2936552237", "checksum_plugin": "crc32",
    }  # fmt: skip
    return StoredFile(**{**known, **changes})


def test_what_is_sent_has_the_headers_that_receivers_know_in_their_order() -> None:
    assert sending.request_target(f"{URL}?a=b", row()) == "/QARCHIVE?a=b&crc_variant=crc32"
    assert sending.file_headers(row(), rearchive=False) == [
        ("NGAS-File-CRC", "2936552237"),
        ("Content-Type", "text/ascii"),
        ("Content-Disposition", 'attachment; filename="hello.txt"; file_id=myid'),
        ("Content-Length", "12"),
    ]


def test_without_a_checksum_there_is_none() -> None:
    bare = row(checksum=None, checksum_plugin=None)
    assert sending.request_target(URL, bare) == "/QARCHIVE"
    assert "NGAS-File-CRC" not in dict(sending.file_headers(bare, rearchive=False))


def test_a_name_cannot_break_a_header() -> None:
    odd = row(file_name='saf/a"; x=y%.txt', file_id="a;b=c\r\né")
    said = dict(sending.file_headers(odd, rearchive=False))["Content-Disposition"]
    assert said == ('attachment; filename="a%22%3B x%3Dy%25.txt"; file_id=a%3Bb%3Dc%0D%0A%C3%A9')


def test_a_rearchiver_is_told_the_whole_record() -> None:
    headers = dict(sending.file_headers(row(file_version=7), rearchive=True))
    told = base64.b64decode(headers["NGAS-File-Info"])
    assert told.startswith(b"<FileStatus ")
    assert b'FileVersion="7"' in told


def lane(**said: int) -> Lane:
    made = Lane(Subscription("a", URL, **said))  # type: ignore[arg-type]
    made.ready.append(Errand(Delivery()))
    return made


def test_the_lower_priority_number_goes_first_then_who_waited_longest() -> None:
    urgent, usual, served = lane(priority=1), lane(), lane()
    served.last_served = 5.0
    assert next_lane([served, usual, urgent], 9.0) is urgent
    urgent.ready.clear()
    assert next_lane([served, usual, urgent], 9.0) is usual


def test_one_subscriber_leaves_places_for_the_others() -> None:
    greedy, modest = lane(priority=1, threads=1000), lane(priority=10)
    greedy.at_work = MOST // 2
    assert next_lane([greedy, modest], 1.0) is modest
    modest.held = True
    assert next_lane([greedy, modest], 1.0) is greedy


def test_a_lane_has_no_more_under_way_than_its_threads() -> None:
    one = lane(threads=2)
    one.at_work = 2
    assert next_lane([one], 1.0) is None


def test_a_receiver_that_was_away_is_tried_with_one_file_after_a_pause() -> None:
    one = lane(threads=4)
    one.note(away=True, refused=False, now=100.0, longest=timedelta(minutes=5))
    assert next_lane([one], 102.9) is None
    assert next_lane([one], 103.0) is one
    assert one.room == 1
    one.note(away=False, refused=False, now=103.1, longest=timedelta(minutes=5))
    assert one.room == 4


def test_single_refusals_hold_nobody_up_and_many_do() -> None:
    one = lane()
    for _ in range(rules.REFUSALS - 1):
        one.note(away=False, refused=True, now=100.0, longest=timedelta(minutes=5))
    assert one.open(100.0)
    one.note(away=False, refused=True, now=100.0, longest=timedelta(minutes=5))
    assert not one.open(100.0)


class Bearer(requests.auth.AuthBase):
    """What a plug-in may give back."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["X-Token"] = "token"
        return request


@pytest.mark.parametrize(
    ("told", "headers"),
    [
        (None, {}),
        ("Bearer abc", {"Authorization": "Bearer abc"}),
        (("me", "secret"), {"Authorization": "Basic bWU6c2VjcmV0"}),
        (requests.auth.HTTPBasicAuth("me", "secret"), {"Authorization": "Basic bWU6c2VjcmV0"}),
        (Bearer(), {"X-Token": "token"}),
    ],
)
def test_what_a_plug_in_for_authorization_says_is_sent(
    told: object, headers: dict[str, str]
) -> None:
    assert authorization_headers(told, "https://there/in") == headers


class Configured:
    """A server whose configuration knows two types."""

    def getCfg(self) -> Configured:  # noqa: N802 - as plug-ins call it
        return self

    @property
    def mime_types(self) -> Configured:
        return self

    class Map:
        def __init__(self, extension: str, mime_type: str) -> None:
            self.extension, self.mime_type = extension, mime_type

    items = (Map("txt", "text/plain"), Map("bin", "application/octet-stream"))


@pytest.mark.parametrize(
    ("told", "name", "wanted"),
    [
        ("mime_types=text/plain", "a.txt", True),
        ("mime_types=a/b|text/plain", "a.txt", True),
        ("mime_types=a/b", "a.txt", False),
        ("mime_types=text/plain", "a.unknown", False),
    ],
)
def test_files_are_filtered_by_type(told: str, name: str, wanted: bool) -> None:
    assert by_mime_type(Configured(), told, name, "id", 1) is wanted


def test_the_filter_needs_its_types() -> None:
    with pytest.raises(BadInput, match="mime_types"):
        by_mime_type(Configured(), "", "a.txt", "id", 1)

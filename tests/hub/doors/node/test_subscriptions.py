"""Who subscribed is sent what arrives: what is said to clients, what receivers get, and what
becomes of failures, on the wire."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.hub.doors.node.conftest import MakeNode
from tests.services.hub import until
from tests.services.node import Node
from tests.services.sink import Reaction, Sink

pytestmark = pytest.mark.database
AGAIN = (
    '<SubscriptionDef Enable="1" AutoUnsubscribe="0" SuspensionTime="0T00:00:00.4"'
    ' BackLogExpTime="1T00:00:00"/>'
)
DOCUMENT = (
    '<?xml version="1.0" ?><NgamsStatus><Status Status="SUCCESS" Message="m"/>'
    '<DiskStatus><FileStatus FileSize="{}" Checksum="{}" ChecksumPlugIn="crc32"/></DiskStatus>'
    "</NgamsStatus>"
)


@pytest.fixture(scope="module")
def node(make_node: MakeNode, database: str) -> Node:
    return make_node(database=database, elements={"SubscriptionDef": AGAIN})


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink().start()
    yield made
    made.stop()


Subscribe = Callable[..., str]


@pytest.fixture
def subscribe(node: Node) -> Iterator[Subscribe]:
    """Make a subscription of this test; its id."""
    made: list[str] = []

    def make(url: str, **said: Any) -> str:
        id = said.pop("subscr_id", secrets.token_hex(6))
        reply = node.get("SUBSCRIBE", url=url, subscr_id=id, **said)
        assert (reply.status, reply.message) == (200, "Handled SUBSCRIBE command")
        made.append(id)
        return str(id)

    yield make
    for each in made:
        node.get("UNSUBSCRIBE", subscr_id=each)


def queue(node: Node, id: str) -> dict[str, str]:
    return dict(node.get("GETSUBQINFO", subscr_id=id).of("SubscriptionQueue"))


def unique(text: str = "file") -> str:
    return f"{text}-{secrets.token_hex(6)}.bin"


def local(**offset: int) -> str:
    return (datetime.now().astimezone().replace(tzinfo=None) + timedelta(**offset)).isoformat(
        timespec="milliseconds"
    )


def test_what_arrives_is_sent_as_receivers_know_it(
    node: Node, sink: Sink, subscribe: Subscribe
) -> None:
    subscribe(sink.url())
    node.qarchive("hello.txt", b"hello world\n", mime_type="text/plain", file_id="my;id")
    until(lambda: sink.got)
    got = sink.got[0]
    assert got.line == "POST /QARCHIVE?crc_variant=crc32 HTTP/1.1"
    assert got.headers == [
        ("Host", sink.url("").removeprefix("http://")),
        ("Accept-Encoding", "identity"),
        ("NGAS-File-CRC", "2936552237"),
        ("Content-Type", "text/plain"),
        ("Content-Disposition", 'attachment; filename="hello.txt"; file_id=my%3Bid'),
        ("Content-Length", "12"),
    ]
    assert got.body == b"hello world\n"


def test_the_same_subscription_again_is_201_and_another_of_its_id_409(
    node: Node, sink: Sink, subscribe: Subscribe
) -> None:
    start = local(hours=-1)
    id = subscribe(sink.url(), start_date=start, priority=3)
    again: dict[str, Any] = {"url": sink.url(), "subscr_id": id, "priority": 3}
    reply = node.get("SUBSCRIBE", **again, start_date=start)
    assert (reply.status, reply.of("Status")["Status"]) == (201, "SUCCESS")
    assert node.get("SUBSCRIBE", **again).status == 201
    other = node.get("SUBSCRIBE", **again, start_date=local(hours=-2))
    assert (other.status, other.of("Status")["Status"]) == (409, "FAILURE")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "empty"),
        ({"url": "nowhere"}, "no scheme found"),
        ({"url": "http://"}, "no netloc found"),
        ({"url": "ftp://there/"}, "only http or https scheme allowed"),
        ({"url": "http://169.254.169.254/latest"}, "does not let this node go"),
        ({"url": "http://127.0.0.1/", "start_date": "2026-01-01T00:00:00"}, "start_date"),
        ({"url": "http://127.0.0.1/", "concurrent_threads": -1}, "concurrent_threads"),
        ({"url": "http://127.0.0.1/", "priority": "high"}, "priority"),
        ({"url": "http://127.0.0.1/", "subscr_id": "x" * 256}, "subscr_id"),
    ],
)
def test_a_subscription_that_cannot_be_is_refused(
    node: Node, said: dict[str, Any], words: str
) -> None:
    reply = node.get("SUBSCRIBE", **said)
    assert (reply.status, reply.of("Status")["Status"]) == (400, "FAILURE")
    assert words in reply.message


def test_unsubscribe_answers_in_known_words(node: Node, sink: Sink, subscribe: Subscribe) -> None:
    assert "SUBSCRIBE" in node.get("UNSUBSCRIBE").message
    unknown = node.get("UNSUBSCRIBE", subscr_id="nobody")
    assert (unknown.status, unknown.message) == (400, "nobody")
    subscribe(sink.url("/by-url"))
    reply = node.get("UNSUBSCRIBE", url=sink.url("/by-url"))
    assert (reply.status, reply.message) == (200, "Successfully handled UNSUBSCRIBE command")


def test_who_ended_the_subscription_gets_nothing_more(
    node: Node, sink: Sink, subscribe: Subscribe
) -> None:
    ended, goes_on = subscribe(sink.url("/ended")), subscribe(sink.url("/on"))
    node.get("UNSUBSCRIBE", subscr_id=ended)
    node.qarchive(unique(), b"x")
    until(lambda: queue(node, goes_on)["Done"] == "1")
    assert [each.path for each in sink.got] == ["/on?crc_variant=crc32"]


def test_files_that_were_there_are_sent_from_the_start_date_in_their_order(
    node: Node, sink: Sink, subscribe: Subscribe
) -> None:
    node.qarchive(unique("too-early"), b"0")
    start = local()
    names = [unique(str(number)) for number in range(5)]
    for each in names:
        node.qarchive(each, each.encode())
    id = subscribe(sink.url(), start_date=start)
    late = unique("late")
    node.qarchive(late, b"late")
    until(lambda: queue(node, id)["Done"] == "6")
    assert sink.names() == [*names, late]


def test_nothing_is_sent_before_the_start_date(
    node: Node, sink: Sink, subscribe: Subscribe
) -> None:
    later = subscribe(sink.url("/later"), start_date=local(hours=1))
    now = subscribe(sink.url("/now"))
    node.qarchive(unique(), b"x")
    until(lambda: queue(node, now)["Done"] == "1")
    assert queue(node, later)["Waiting"] == "0"


@pytest.mark.parametrize("reaction", [Reaction(201), Reaction(400), Reaction(200, b"<?xml <")])
def test_what_a_receiver_does_not_take_is_sent_again(
    node: Node, sink: Sink, subscribe: Subscribe, reaction: Reaction
) -> None:
    sink.reactions.append(reaction)
    id = subscribe(sink.url())
    node.qarchive(unique(), b"again")
    until(lambda: queue(node, id)["Done"] == "1")
    assert sink.bodies() == [b"again", b"again"]
    assert queue(node, id)["Failed"] == "0"


def test_one_file_that_is_refused_holds_up_no_other(
    node: Node, sink: Sink, subscribe: Subscribe
) -> None:
    sink.decide = lambda got: Reaction(400) if got.body == b"poison" else None
    id = subscribe(sink.url())
    node.qarchive(unique("a"), b"poison")
    node.qarchive(unique("b"), b"good")
    until(lambda: queue(node, id)["Done"] == "1" and queue(node, id)["Failed"] == "1")


def test_without_an_answer_a_node_is_asked_before_it_is_sent_the_file_again(
    node: Node, sink: Sink, subscribe: Subscribe
) -> None:
    sink.reactions += [
        Reaction(broken=True),
        Reaction(200, DOCUMENT.format(12, 2936552237).encode()),
    ]
    id = subscribe(sink.url())
    name = unique()
    node.qarchive(name, b"hello world\n")
    until(lambda: queue(node, id)["Done"] == "1")
    assert [each.line.split("?")[0] for each in sink.got] == ["POST /QARCHIVE", "GET /STATUS"]
    assert f"file_id={name}" in sink.got[1].path


@pytest.mark.parametrize("said", [b"who?", DOCUMENT.format(12, 1).encode()])
def test_a_receiver_that_has_it_not_is_sent_it_again(
    node: Node, sink: Sink, subscribe: Subscribe, said: bytes
) -> None:
    sink.reactions += [Reaction(broken=True), Reaction(200, said)]
    id = subscribe(sink.url())
    node.qarchive(unique(), b"hello world\n")
    until(lambda: queue(node, id)["Done"] == "1")
    assert [each.line.split(" ")[0] for each in sink.got] == ["POST", "GET", "POST"]


def test_the_second_address_is_for_when_the_first_does_not_take_it(
    node: Node, sink: Sink, subscribe: Subscribe
) -> None:
    sink.decide = lambda got: Reaction(400) if got.path.startswith("/first") else None
    id = subscribe(f"{sink.url('/first')}____{sink.url('/second')}")
    node.qarchive(unique(), b"x")
    until(lambda: queue(node, id)["Done"] == "1")
    assert [each.path.split("?")[0] for each in sink.got] == ["/first", "/second"]


@pytest.mark.parametrize("threads", [1, 3])
def test_as_many_are_under_way_as_the_subscription_says(
    node: Node, sink: Sink, subscribe: Subscribe, threads: int
) -> None:
    go = threading.Event()
    sink.decide = lambda _: Reaction(until=go)
    id = subscribe(sink.url(), concurrent_threads=threads)
    for number in range(5):
        node.qarchive(unique(), str(number).encode())
    until(lambda: sink.at_once == threads)
    go.set()
    until(lambda: queue(node, id)["Done"] == "5")
    assert sink.most_at_once == threads


def test_a_suspended_subscription_goes_on_where_it_was(
    node: Node, sink: Sink, subscribe: Subscribe
) -> None:
    held, runs = subscribe(sink.url("/held")), subscribe(sink.url("/runs"))
    assert node.get("USUBSCRIBE", subscr_id=held, suspend=1).of("Status")["Status"] == "SUCCESS"
    node.qarchive(unique(), b"x")
    until(lambda: queue(node, runs)["Done"] == "1")
    assert queue(node, held)["Waiting"] == "1"
    node.get("USUBSCRIBE", subscr_id=held, suspend=0, url=sink.url("/moved"), priority=1)
    until(lambda: queue(node, held)["Done"] == "1")
    assert sink.got[-1].path.startswith("/moved")


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"subscr_id": "nobody", "priority": 1},
        {"subscr_id": "nobody"},
        {"subscr_id": "nobody", "url": "x"},
        {"subscr_id": "nobody", "suspend": "perhaps"},
    ],
)
def test_a_change_that_cannot_be_is_a_failure_with_200(node: Node, said: dict[str, Any]) -> None:
    reply = node.get("USUBSCRIBE", **said)
    assert (reply.status, reply.of("Status")["Status"]) == (200, "FAILURE")


def test_an_earlier_start_brings_the_files_since_then(
    node: Node, sink: Sink, subscribe: Subscribe
) -> None:
    start = local()
    names = [unique(), unique()]
    for each in names:
        node.qarchive(each, each.encode())
    id = subscribe(sink.url())
    node.qarchive(last := unique(), b"last")
    until(lambda: queue(node, id)["Done"] == "1")
    node.get("USUBSCRIBE", subscr_id=id, start_date=start)
    until(lambda: queue(node, id)["Done"] == "3")
    assert sink.names() == [last, *names]


def test_a_filter_says_what_is_sent(node: Node, sink: Sink, subscribe: Subscribe) -> None:
    id = subscribe(
        sink.url(), filter_plug_in="ngamsMimeTypeFilterPI", plug_in_pars="mime_types=text/plain"
    )
    node.qarchive(unique(), b"not this")
    node.qarchive("this.txt", b"this", mime_type="text/plain", file_id=unique())
    until(lambda: queue(node, id)["Done"] == "1")
    until(lambda: queue(node, id)["Waiting"] == queue(node, id)["Sending"] == "0")
    assert sink.bodies() == [b"this"]


def test_a_filter_that_is_not_there_lets_nothing_through(
    node: Node, sink: Sink, subscribe: Subscribe
) -> None:
    id = subscribe(sink.url(), filter_plug_in="os.system")
    node.qarchive(unique(), b"x")
    until(lambda: queue(node, id)["Failed"] == "1")
    assert sink.got == []


def test_a_damaged_copy_never_arrives_as_a_whole(
    node: Node, sink: Sink, subscribe: Subscribe
) -> None:
    id = subscribe(sink.url())
    node.get("USUBSCRIBE", subscr_id=id, suspend=1)
    said = node.qarchive(unique(), b"right").of
    path = node.root / "volumes" / said("DiskStatus")["SlotId"] / said("FileStatus")["FileName"]
    path.chmod(0o644)
    path.write_bytes(b"wrong")
    node.get("USUBSCRIBE", subscr_id=id, suspend=0)
    until(lambda: queue(node, id)["Failed"] == "1")
    assert b"wrong" not in sink.bodies()
    found = node.get("STATUS", file_id=said("FileStatus")["FileId"])
    assert found.of("FileStatus")["FileStatus"].startswith("1")


def test_a_trigger_is_answered_in_any_state(node: Node) -> None:
    assert node.get("TRIGGERSUBSCRIPTION").of("Status")["Status"] == "SUCCESS"


def test_people_see_the_subscriptions_on_a_page(
    node: Node, sink: Sink, subscribe: Subscribe
) -> None:
    id = subscribe(f"{sink.url()}?secret=hidden", subscr_id=f"<script>{secrets.token_hex(4)}")
    page = node.get("SubscriberUI")
    assert page.headers["content-type"].startswith("text/html")
    assert id.replace("<script>", "&lt;script&gt;").encode() in page.body
    assert b"<script>" not in page.body
    assert b"hidden" not in page.body

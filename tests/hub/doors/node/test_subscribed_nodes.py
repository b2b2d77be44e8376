"""Nodes deliver to nodes: once, also over sudden ends; they subscribe by themselves; and a data
mover delivers what another node archived."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.doors.node.conftest import MakeNode
from tests.services.hub import until
from tests.services.node import Node
from tests.services.sink import Reaction, Sink

pytestmark = pytest.mark.database
LONG_AGO = "2020-01-01T00:00:00.000"
JOB = """
from pathlib import Path

def theJob(server, parameters, filename, file_id, version, disk_id):
    told = f"{parameters} {file_id} {version} {Path(filename).read_text()}"
    with (server.root / "job.txt").open("a") as out:
        out.write(told + chr(10))
    return (1, "no") if "fails" in file_id else (0, "done")
"""


def definition(inner: str = "", *, undone: int = 0) -> dict[str, str]:
    return {
        "SubscriptionDef": f'<SubscriptionDef Enable="1" AutoUnsubscribe="{undone}"'
        f' SuspensionTime="0T00:00:00.4" BackLogExpTime="1T00:00:00">{inner}</SubscriptionDef>'
    }


@pytest.fixture(scope="module")
def plug_ins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plug-ins")
    (folder / "theJob.py").write_text(JOB)
    return folder


@pytest.fixture(scope="module")
def node(make_node: MakeNode, database: str, plug_ins: Path) -> Node:
    server = {"PluginsPath": str(plug_ins)}
    user = '<User Name="ngas-int" Password="c2VjcmV0" Commands="*"/>'
    authorization = f'<Authorization Enable="0">{user}</Authorization>'
    return make_node(
        database=database,
        server=server,
        elements={**definition(), "Authorization": authorization},
    )


@pytest.fixture(scope="module")
def receiver(make_node: MakeNode, node: Node) -> Node:
    wanted = f'<Subscription HostId="127.0.0.1" PortNo="{node.port}" SubscriberId="automatic"/>'
    return make_node(elements=definition(wanted, undone=1))


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink().start()
    yield made
    made.stop()


def unique(text: str = "file") -> str:
    return f"{text}-{secrets.token_hex(6)}.bin"


def there(node: Node, file_id: str, version: int = 1) -> bool:
    return node.get("STATUS", file_id=file_id, file_version=version).status == 200


def subscriptions(node: Node) -> dict[str, dict[str, str]]:
    document = node.get("GETSUBQINFO").document
    assert document is not None
    found = document.iter("SubscriptionQueue")
    return {each.attrib["SubscriberId"]: dict(each.attrib) for each in found}


@pytest.fixture
def quiet(node: Node, receiver: Node) -> Iterator[Node]:
    """The receiver, to which nothing comes by its own subscription meanwhile."""
    until(lambda: "automatic" in subscriptions(node))
    node.get("USUBSCRIBE", subscr_id="automatic", suspend=1)
    yield receiver
    node.get("USUBSCRIBE", subscr_id="automatic", suspend=0)


def test_a_node_subscribes_by_itself_and_ends_it_when_it_goes_offline(
    node: Node, receiver: Node
) -> None:
    until(lambda: "automatic" in subscriptions(node))
    node.qarchive(name := unique(), b"by itself")
    until(lambda: there(receiver, name))
    assert receiver.get("RETRIEVE", file_id=name).body == b"by itself"
    assert receiver.get("OFFLINE", force=1).status == 200
    assert "automatic" not in subscriptions(node)
    assert receiver.get("ONLINE").status == 200
    until(lambda: "automatic" in subscriptions(node))


def test_a_rearchiver_keeps_versions_and_dates(node: Node, quiet: Node) -> None:
    receiver = quiet
    name = unique()
    for content in (b"one", b"two", b"three"):
        node.qarchive(name, content)
    url = f"http://127.0.0.1:{receiver.port}/REARCHIVE"
    node.get("SUBSCRIBE", url=url, subscr_id="re", start_date=LONG_AGO)
    until(lambda: there(receiver, name, 3))
    until(lambda: subscriptions(node)["re"]["Waiting"] == "0")
    for version, content in ((1, b"one"), (2, b"two"), (3, b"three")):
        assert receiver.get("RETRIEVE", file_id=name, file_version=version).body == content
    dates = [each.get("STATUS", file_id=name).of("FileStatus") for each in (node, receiver)]
    assert dates[0]["IngestionDate"] == dates[1]["IngestionDate"]
    node.get("UNSUBSCRIBE", subscr_id="re")


def test_a_sudden_end_neither_loses_nor_doubles(node: Node, quiet: Node) -> None:
    receiver = quiet
    names = [unique() for _ in range(40)]
    url = f"http://127.0.0.1:{receiver.port}/QARCHIVE"
    node.get("SUBSCRIBE", url=url, subscr_id="killed", concurrent_threads=2)
    for each in names:
        node.qarchive(each, each.encode())
    until(lambda: there(receiver, names[5]))
    node.kill()
    node.start()
    until(lambda: subscriptions(node)["killed"]["Done"] == str(len(names)))
    assert [each for each in names if not there(receiver, each)] == []
    assert [each for each in names if there(receiver, each, 2)] == []
    node.get("UNSUBSCRIBE", subscr_id="killed")


def test_new_content_of_a_version_is_sent_again(node: Node, sink: Sink) -> None:
    node.get("SUBSCRIBE", url=sink.url(), subscr_id="again")
    node.qarchive(name := unique(), b"first")
    until(lambda: sink.bodies() == [b"first"])
    until(lambda: subscriptions(node)["again"]["Done"] == "1")
    node.qarchive(name, b"second", no_versioning=1)
    until(lambda: sink.bodies() == [b"first", b"second"])
    node.get("UNSUBSCRIBE", subscr_id="again")


def test_the_internal_user_is_shown_to_receivers(node: Node, sink: Sink) -> None:
    node.get("SUBSCRIBE", url=sink.url(), subscr_id="user")
    node.qarchive(unique(), b"x")
    until(lambda: sink.got)
    assert sink.got[0].header("Authorization") == "Basic bmdhcy1pbnQ6c2VjcmV0"
    node.get("UNSUBSCRIBE", subscr_id="user")


def test_a_rearchiver_is_sent_the_files_record(node: Node, sink: Sink) -> None:
    node.get("SUBSCRIBE", url=sink.url("/REARCHIVE"), subscr_id="record")
    node.qarchive(unique(), b"x")
    until(lambda: sink.got)
    assert [name for name, _ in sink.got[0].headers][3:5] == ["NGAS-File-CRC", "NGAS-File-Info"]
    node.get("UNSUBSCRIBE", subscr_id="record")


def test_a_job_runs_in_the_place_of_a_receiver(node: Node) -> None:
    url = "ngasjob://theJob?redo_on_fail=0&plugin_params=a=1"
    assert node.get("SUBSCRIBE", url=url, subscr_id="job").status == 200
    node.qarchive(good := unique("good"), b"content")
    node.qarchive(bad := unique("fails"), b"content")
    until(lambda: subscriptions(node)["job"]["Done"] == subscriptions(node)["job"]["Failed"] == "1")
    said = (node.root / "job.txt").read_text().splitlines()
    assert said == [f"a=1 {good} 1 content", f"a=1 {bad} 1 content"]
    node.get("UNSUBSCRIBE", subscr_id="job")


@pytest.mark.parametrize("name", ["os", "subprocess", "nowhere"])
def test_a_job_is_only_what_the_configured_folders_have(node: Node, name: str) -> None:
    node.get("SUBSCRIBE", url=f"ngasjob://{name}", subscr_id=name)
    node.qarchive(unique(), b"x")
    until(lambda: subscriptions(node)[name]["Failed"] == "1")
    node.get("UNSUBSCRIBE", subscr_id=name)


def test_a_data_mover_delivers_what_another_node_archived_once(
    make_node: MakeNode, node: Node, sink: Sink
) -> None:
    database = node.database or f'Interface="sqlite3" database="{node.root}/ngas.sqlite"'
    mover = make_node(
        database=database,
        options=("-autoonline", "-datamover"),
        elements={
            **definition(),
            "DataMoverOnly": f'<DataMoverOnly FromHostIds="{node.host_id}"/>',
        },
    )
    node.qarchive(before := unique(), b"before")
    reply = mover.get("SUBSCRIBE", url=sink.url("/moved"), subscr_id="m", start_date=LONG_AGO)
    assert reply.status == 200
    until(lambda: before in sink.names())
    sink.reactions.append(Reaction(503))
    node.qarchive(after := unique(), b"after")
    until(lambda: sink.names().count(after) == 2)
    until(lambda: subscriptions(mover)["m"]["Waiting"] == subscriptions(mover)["m"]["Failed"])
    assert sink.names().count(before) == 1
    assert mover.qarchive(unique(), b"x").status == 400
    assert "m" not in subscriptions(node)

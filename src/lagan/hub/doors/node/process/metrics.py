"""Figures for Prometheus: what one node did since it was started, and how the cluster is, read from
the catalogue when they are asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from lagan.hub.doors.node import queries
from lagan.hub.doors.node.queries import NodeRow, SubscriptionRow, VolumeRow
from lagan.hub.doors.node.wire.status import VERSION

OTHER = "other"
"""The label of commands that there are not: clients cannot fill the memory with names."""
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
MOST = 1000
"""Volumes and subscriptions that are told of."""
Samples = Sequence[tuple[list[str], float]]
"""Values of labels, and the figure."""


class Meters:
    """What a node's port did since its process began."""

    def __init__(self, host_id: str) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "lagan_node_requests", "Requests answered.", ["command", "status"],
            registry=self.registry,
        )  # fmt: skip
        self._bytes = Counter(
            "lagan_node_bytes", "Bytes of bodies.", ["direction"], registry=self.registry
        )
        self._seconds = Histogram(
            "lagan_node_request_seconds", "From a request to the end of its answer.", ["command"],
            buckets=SECONDS, registry=self.registry,
        )  # fmt: skip
        info = Gauge("lagan_node_info", "Who this is.", ["host", "version"], registry=self.registry)
        info.labels(host_id, VERSION).set(1)

    def note(self, command: str, status: int, *, seconds: float, received: int, sent: int) -> None:
        """One request was answered; `received` and `sent` are bytes of bodies."""
        self._requests.labels(command, str(status)).inc()
        self._seconds.labels(command).observe(seconds)
        self._bytes.labels("in").inc(received)
        self._bytes.labels("out").inc(sent)


def known(command: str, commands: Collection[str]) -> str:
    """The command as a label."""
    return command if command in commands else OTHER


def exposition(meters: Meters, *, host: str, online: bool, busy: int) -> bytes:
    """One node's figures, with its own volumes and the queues of its subscribers, as text."""
    registry = CollectorRegistry()
    registry.register(_Own(host, online, busy))
    return generate_latest(meters.registry) + generate_latest(registry)


def cluster() -> Iterable[Metric]:
    """Every node, volume and queue of the catalogue; nothing where there is no node."""
    nodes = queries.nodes()
    if nodes:
        yield from _nodes(nodes)
        yield from _volumes(_all_volumes())
        yield from _queues(_all_subscriptions())
        damaged = float(queries.damaged_copies())
        yield _gauge("lagan_node_damaged_copies", "Copies that are damaged.", [], [([], damaged)])


class _Own(Collector):
    def __init__(self, host: str, online: bool, busy: int) -> None:
        self._host, self._online, self._busy = host, online, busy

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        online: Samples = [([], float(self._online))]
        yield _gauge("lagan_node_online", "1 while the node is ONLINE.", [], online)
        busy: Samples = [([], float(self._busy))]
        yield _gauge("lagan_node_requests_active", "Requests being answered.", [], busy)
        yield from _checks([each for each in queries.nodes() if each.id == self._host])
        yield from _volumes(_all_volumes(self._host))
        yield from _queues([each for each in _all_subscriptions() if each.host == self._host])


def _all_volumes(host: str = "") -> Sequence[VolumeRow]:
    return queries.volumes(host=host, size=MOST).items


def _all_subscriptions() -> Sequence[SubscriptionRow]:
    return queries.subscriptions(size=MOST).items


def _nodes(rows: Sequence[NodeRow]) -> Iterable[Metric]:
    up = [([each.id, each.version], float(each.state == "ONLINE")) for each in rows]
    yield _gauge("lagan_node_up", "1 while the node is ONLINE.", ["node", "version"], up)
    yield from _checks(rows)


def _checks(rows: Sequence[NodeRow]) -> Iterable[Metric]:
    running = [([each.id], float(each.check.running)) for each in rows]
    yield _gauge("lagan_node_check_running", "1 while a check runs.", ["node"], running)
    files = [([each.id], float(each.check.files)) for each in rows]
    yield _gauge("lagan_node_check_files", "Files of the last check.", ["node"], files)


def _volumes(rows: Sequence[VolumeRow]) -> Iterable[Metric]:
    labels = ["node", "volume", "disk"]
    of = {each.id: [each.host, each.name, each.id] for each in rows}
    room = [([*of[each.id], "total"], float(each.capacity)) for each in rows]
    room += [([*of[each.id], "free"], float(each.available)) for each in rows]
    room += [([*of[each.id], "archived"], float(each.bytes)) for each in rows]
    yield _gauge("lagan_node_volume_bytes", "Room on a volume.", [*labels, "kind"], room)
    files = [(of[each.id], float(each.files)) for each in rows]
    yield _gauge("lagan_node_volume_files", "Files on a volume.", labels, files)
    damaged = [(of[each.id], float(each.damaged)) for each in rows]
    yield _gauge("lagan_node_volume_damaged", "Copies that are damaged.", labels, damaged)
    full = [(of[each.id], float(each.completed)) for each in rows]
    yield _gauge("lagan_node_volume_completed", "1 when it takes no more.", labels, full)


def _queues(rows: Sequence[SubscriptionRow]) -> Iterable[Metric]:
    samples = [
        ([each.id, state], float(count))
        for each in rows
        for state, count in (
            (queries.WAITING, each.waiting),
            (queries.SENDING, each.sending),
            (queries.FAILED, each.failed),
        )
    ]
    labels = ["subscription", "state"]
    yield _gauge("lagan_node_deliveries", "Files on their way.", labels, samples)


def _gauge(name: str, text: str, labels: list[str], samples: Samples) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family

"""Figures for Prometheus, computed from the database when they are asked for, so that any process
answers alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from lagan import __version__
from lagan.hub.archive import queries as archive
from lagan.hub.doors.node.process import metrics as nodes
from lagan.hub.instruments import silence
from lagan.hub.jobs import queries as jobs
from lagan.hub.ops import health


class _Hub(Collector):
    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        checks = health.look()
        yield _gauge("lagan_info", "Version of the hub.", ["version"], [([__version__], 1)])
        yield _gauge(
            "lagan_well",
            "1 when the hub's part is well.",
            ["part"],
            [([check.name], float(check.well)) for check in checks],
        )
        if checks[0].well:
            yield from _volumes()
            yield from _work(datetime.now(UTC))
            yield from _instruments(datetime.now(UTC))
            yield from nodes.cluster()


def exposition() -> bytes:
    """All figures in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Hub())
    return generate_latest(registry)


def _volumes() -> Iterable[Metric]:
    rows = archive.volumes()
    room = [([row.name, "total"], float(row.total or 0)) for row in rows]
    room += [([row.name, "free"], float(row.free or 0)) for row in rows]
    room += [([row.name, "archived"], float(row.bytes)) for row in rows]
    yield _gauge("lagan_volume_bytes", "Room on a volume.", ["volume", "kind"], room)
    copies = [([row.name], float(row.replicas)) for row in rows]
    yield _gauge("lagan_volume_replicas", "Copies on a volume.", ["volume"], copies)
    damaged = [([row.name, state], float(n)) for row in rows for state, n in row.damaged.items()]
    yield _gauge("lagan_volume_damaged", "Copies that are not good.", ["volume", "state"], damaged)


def _work(now: datetime) -> Iterable[Metric]:
    tasks = [([state], float(n)) for state, n in jobs.open_tasks().items()]
    yield _gauge("lagan_tasks", "Tasks that are not over.", ["state"], tasks)
    oldest = jobs.oldest_due()
    age = 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
    yield _gauge("lagan_queue_age_seconds", "Age of the oldest due task.", [], [([], age)])
    seen = [
        ([site.name], (now - site.seen).total_seconds())
        for site in jobs.sites()
        if site.seen is not None
    ]
    yield _gauge("lagan_site_silent_seconds", "Since a worker was heard of.", ["site"], seen)


def _instruments(now: datetime) -> Iterable[Metric]:
    """Of those with an alarm; their ids keep apart what has the same name."""
    rows = silence.watched()
    heard = [
        ([str(row.instrument), row.name], max(0.0, (now - row.heard_at).total_seconds()))
        for row in rows
        if row.heard_at is not None
    ]
    names = ["instrument", "name"]
    yield _gauge("lagan_instrument_heard_seconds", "Since it was heard of.", names, heard)
    on = [([str(row.instrument), row.name], float(row.silent_since is not None)) for row in rows]
    yield _gauge("lagan_instrument_silent", "1 while its alarm is on.", names, on)


def _gauge(
    name: str, text: str, labels: list[str], samples: list[tuple[list[str], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family

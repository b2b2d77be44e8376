"""A node in cache mode lets go of files by its rules, and of none that a subscriber waits for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hub.doors.node.conftest import MakeNode
from tests.hub.doors.node.test_checking import Rows, archive
from tests.services.hub import until
from tests.services.node import Node
from tests.services.process import free_port

pytestmark = pytest.mark.database


def caching(**rules: object) -> dict[str, str]:
    shown = " ".join(f'{name}="{value}"' for name, value in rules.items())
    return {"Caching": f'<Caching Enable="1" Period="0T00:00:00.1" {shown}/>'}


@pytest.fixture(scope="module")
def cache(make_node: MakeNode, database: str) -> Node:
    return make_node(database=database, elements=caching())


@pytest.fixture
def rows(cache: Node) -> Rows:
    return Rows(cache)


def rule(cache: Node, **rules: object) -> None:
    """Have it work by these from now on."""
    cache.elements = caching(**rules)
    cache.configure()
    assert cache.get("INIT").status == 200


def kept(rows: Rows, prefix: str) -> list[str]:
    found = rows.ask("SELECT file_id FROM ngas_files WHERE file_id LIKE ?", f"{prefix}%")
    return sorted(each for (each,) in found)


def test_what_is_asked_to_go_goes_from_catalogue_and_disk(cache: Node, rows: Rows) -> None:
    rule(cache)
    path = archive(cache, "asked.bin", b"x")
    disk = cache.get("STATUS", file_id="asked.bin").of("DiskStatus")["DiskId"]
    until(lambda: rows.ask("SELECT cache_time FROM ngas_cache WHERE file_id = ?", "asked.bin"))
    asked = cache.get("CACHEDEL", disk_id=disk, file_id="asked.bin", file_version=1)
    assert (asked.status, asked.message) == (200, "Successfully handled request")
    until(lambda: not path.exists())
    assert kept(rows, "asked") == []
    assert not rows.ask("SELECT * FROM ngas_cache WHERE file_id = ?", "asked.bin")
    removed = rows.ask("SELECT data FROM audit_event WHERE kind = 'node.removed'")
    assert any("asked.bin" in data and "CACHEDEL" in data for (data,) in removed)


def test_the_oldest_go_when_there_are_too_many(cache: Node, rows: Rows) -> None:
    rule(cache, MaxFiles=0)
    until(lambda: not kept(rows, ""))
    rule(cache)
    for number in range(6):
        archive(cache, f"many{number}.bin", b"x")
    until(lambda: len(rows.ask("SELECT * FROM ngas_cache WHERE file_id LIKE 'many%'")) == 6)
    rule(cache, MaxFiles=4)
    until(lambda: kept(rows, "many") == ["many3.bin", "many4.bin", "many5.bin"])


def test_what_is_too_old_goes_after_a_restart_too(cache: Node, rows: Rows) -> None:
    rule(cache)
    archive(cache, "old.bin", b"x")
    archive(cache, "new.bin", b"x")
    until(lambda: rows.ask("SELECT * FROM ngas_cache WHERE file_id = 'old.bin'"))
    rows.ask("UPDATE ngas_cache SET cache_time = cache_time - 5000 WHERE file_id = 'old.bin'")
    cache.elements = caching(MaxTime=4000)
    cache.stop()
    cache.start()
    until(lambda: kept(rows, "old") == [])
    assert kept(rows, "new") == ["new.bin"]


@pytest.mark.parametrize("rules", [{"MaxFiles": 0}, {"MaxCacheSize": 0}, {"MaxTime": 0}])
def test_what_a_subscriber_waits_for_stays_in_every_rule(
    cache: Node, rows: Rows, rules: dict[str, Any]
) -> None:
    name = f"sub{next(iter(rules))}"
    rule(cache)
    subscribed = cache.get(
        "SUBSCRIBE", url=f"http://127.0.0.1:{free_port()}/QARCHIVE", subscr_id=name
    )
    assert subscribed.status == 200, subscribed.body
    archive(cache, f"{name}.bin", b"x")
    rule(cache, CheckCanBeDeleted=1, **rules)
    archive(cache, f"{name}-2.bin", b"x")
    until(lambda: len(rows.ask(f"SELECT * FROM ngas_cache WHERE file_id LIKE '{name}%'")) == 2)
    rule(cache, CheckCanBeDeleted=1, **rules)
    assert kept(rows, name) == [f"{name}-2.bin", f"{name}.bin"]
    assert cache.get("UNSUBSCRIBE", subscr_id=name).status == 200
    until(lambda: kept(rows, name) == [])

"""A hub whose database is the one that a node's `Db` names knows the node and its volumes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.services.node import Node, own_database

ASK = """
import json
from dataclasses import asdict
from lagan.hub.doors.node import queries
from lagan.hub.ops.metrics import exposition
print(json.dumps({
    "nodes": [asdict(each) for each in queries.nodes()],
    "volumes": [asdict(each) for each in queries.volumes().items],
    "metrics": exposition().decode(),
}))
"""
KEYS = {"host": "HOST", "port": "PORT", "user": "USER", "dbname": "DB"}


def test_the_hub_that_made_the_database_knows_the_node(tmp_path: Path) -> None:
    database = own_database()
    hub = hub_on(database, tmp_path / "hub")
    run(hub, "migrate", "-v", "0")
    node = Node(tmp_path / "node", database=database, volumes=("volume1",)).start()
    try:
        assert node.qarchive("a.bin", b"four").status == 200
        told: dict[str, Any] = json.loads(run(hub, "shell", "-v", "0", "-c", ASK).splitlines()[-1])
    finally:
        node.stop()
    (seen,) = told["nodes"]
    assert (seen["id"], seen["state"], seen["files"]) == (node.host_id, "ONLINE", 1)
    (volume,) = told["volumes"]
    assert (volume["host"], volume["slot"], volume["bytes"]) == (node.host_id, "volume1", 4)
    assert f'lagan_node_up{{node="{node.host_id}"' in told["metrics"]


def hub_on(database: str, data: Path) -> dict[str, str]:
    """The environment of a hub on the database of these attributes of a `Db`."""
    data.mkdir()
    given = dict(re.findall(r'(\w+)="([^"]*)"', database))
    return {
        **os.environ,
        **{f"POSTGRES_{name}": given[key] for key, name in KEYS.items()},
        "LAGAN_DATA": str(data),
        "DJANGO_SETTINGS_MODULE": "lagan.hub.settings",
    }


def run(environment: dict[str, str], *words: str) -> str:
    """What a management command of the hub says."""
    done = subprocess.run(
        [sys.executable, "-m", "django", *words],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout

"""A node goes by the configuration that the database has for a name."""

from __future__ import annotations

import sqlite3
import subprocess
from pathlib import Path

import pytest

from lagan.hub.doors.node.config import paths, xml
from tests.hub.doors.node.conftest import MakeNode
from tests.services.hub import LAGAN
from tests.services.node import Node, configuration

pytestmark = pytest.mark.service

VALUE = "INSERT INTO ngas_cfg_pars (cfg_group_id, cfg_par, cfg_val) VALUES (?, ?, ?)"


def keep(node: Node, name: str, groups: dict[str, list[tuple[str, str]]]) -> None:
    """Write a configuration into the node's database."""
    with sqlite3.connect(node.root / "ngas.lagan.sqlite") as database:
        database.execute("INSERT INTO ngas_cfg VALUES (?, ?, ?)", (name, ",".join(groups), None))
        for group, values in groups.items():
            database.executemany(VALUE, [(group, path, value) for path, value in values])
    database.close()


def test_the_database_has_the_last_word(make_node: MakeNode, tmp_path: Path) -> None:
    node = make_node(folder=tmp_path)
    tree = xml.read(configuration(node).encode())
    values = [(str(path), value) for path, value in paths.values(tree) if path.top != "Db"]
    mine = [("NgamsCfg.Server[1].ArchiveName", "Stored")]
    keep(node, "mine", {"whole": values, "own": mine})
    keep(node, "broken", {"odd": [("no path", "1")]})
    node.stop()
    node.options = ("-autoonline", "-dbcfgid", "mine")
    node.start()
    told = node.get("STATUS", configuration_file=-1)
    assert told.of("Server")["ArchiveName"] == "Stored"
    assert told.of("Db")["Interface"] == "sqlite3"
    disk = node.qarchive("stored.bin", b"x")
    assert disk.status == 200
    assert node.get("INIT").status == 200
    assert node.get("STATUS", configuration_file=-1).of("Server")["ArchiveName"] == "Stored"
    node.stop()
    said = subprocess.run(
        [str(LAGAN), "node", "-cfg", str(node.configure()), "-dbcfgid", "broken"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert said.returncode == 2
    assert "The configuration broken: 'no path' is no path" in said.stderr

"""Nodes in processes of their own, one a module."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.node import Node, own_database

MakeNode = Callable[..., Node]


@pytest.fixture(scope="module")
def make_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeNode]:
    """Start further nodes; each ends with the module."""
    made: list[Node] = []

    def make(*, start: bool = True, folder: Path | None = None, **given: Any) -> Node:
        node = Node(folder or tmp_path_factory.mktemp("node"), **given)
        made.append(node)
        return node.start() if start else node

    yield make
    for each in made:
        each.stop()


@pytest.fixture(scope="module")
def database() -> str:
    """The attributes of `Db` for the database that this run tests; empty for SQLite."""
    return own_database() if os.environ["LAGAN_TEST_DATABASE"] == "postgresql" else ""


@pytest.fixture(scope="module")
def node(make_node: MakeNode, database: str) -> Node:
    """A node that is ONLINE with two volumes."""
    return make_node(database=database)

"""The small hub of the agent's tests, and a client that is signed in to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lagan.client import Hub
from tests.agent.hub import KEY, TestHub


@pytest.fixture
def server() -> Iterator[TestHub]:
    with TestHub() as running:
        yield running


@pytest.fixture
def hub(server: TestHub) -> Iterator[Hub]:
    made = Hub(server.url, api_key=KEY, timeout=60)
    yield made
    made.close()


@pytest.fixture
def dataset(hub: Hub) -> str:
    return str(hub.create_dataset("d", "7")["id"])

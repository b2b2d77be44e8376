"""A site's account at the broker has the rights that docs/administration/broker.md gives it: its
worker works with them, and nothing else can be done with them."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lagan.kit.errors import Unavailable
from lagan.worker.celery_app import Publisher
from tests.services.process import Running
from tests.services.rabbitmq import control

DOCUMENT = Path("docs/administration/broker.md")

CONSUME = """
import os
import sys
from lagan.worker.celery_app import serve
from lagan.worker.embedded import Worker
from tests.worker.quiet import QuietLedger

class Ledger(QuietLedger):
    def claim_hint(self, task_id, attempt, redelivered, worker):
        os.write(1, f"hint {task_id} {attempt}\\n".encode())  # print would be logged

url, site = sys.argv[1:]
serve(Worker("w." + site, [site], 1), Ledger(), url)
"""


@pytest.fixture
def site(rabbitmq: Running) -> Iterator[str]:
    """A site with accounts as documented; its name."""
    name = f"plant{secrets.token_hex(4)}"
    for words in _documented(name):
        if words[0] != "delete_user":
            control(rabbitmq.folder, *words)
    yield name
    for account in (f"lagan-{name}", f"hub-{name}"):
        control(rabbitmq.folder, "delete_user", account)


def test_a_site_reads_its_own_queue_and_nothing_else(rabbitmq: Running, site: str) -> None:
    hub, theirs = _url(rabbitmq, f"hub-{site}", "H"), _url(rabbitmq, f"lagan-{site}", "S")
    with _consuming(theirs, site) as worker:
        publisher = Publisher(hub)
        publisher.publish(site, 7, 0)
        publisher.close()
        assert worker.stdout is not None
        assert _line(worker) == "hint 7 0"
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(150) == 0
    with pytest.raises(Unavailable, match="ACCESS_REFUSED"):
        Publisher(theirs).publish(site, 7, 0)
    with _consuming(theirs, "another") as worker:
        assert worker.wait(150) != 0
    assert "another" not in control(rabbitmq.folder, "list_queues", "name")


def _documented(site: str) -> list[list[str]]:
    """The commands of the document for a site of this name, and a hub's account beside it."""
    text = DOCUMENT.read_text()
    words = {"PLANT": site, "HUB-PASSWORD": "H", "SITE-PASSWORD": "S"}
    for word, value in words.items():
        text = text.replace(word, value)
    lines = [line for line in text.splitlines() if line.startswith("rabbitmqctl ")]
    commands = [[re.sub("^lagan$", f"hub-{site}", word) for word in shlex.split(each)[1:]]
                for each in lines]  # fmt: skip
    assert len(commands) == 5
    return commands


def _url(rabbitmq: Running, user: str, password: str) -> str:
    return rabbitmq.address["BROKER_URL"].replace("guest:guest", f"{user}:{password}")


def _consuming(url: str, site: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", CONSUME, url, site],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": "."},
    )


def _line(worker: subprocess.Popen[str]) -> str:
    """The first line about a hint; Celery greets first."""
    assert worker.stdout is not None
    return next(line.strip() for line in worker.stdout if line.startswith("hint"))

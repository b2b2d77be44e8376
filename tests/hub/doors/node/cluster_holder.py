"""A host of the cluster that a test answers for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.hub.doors.node.cluster_catalogue import sql
from tests.services.node import Node
from tests.services.process import free_port


class Holder:
    """A host of the cluster's catalogue that a test answers for: it gives `content`."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.port = free_port()
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802
                outer.asked.append((self.path, dict(self.headers)))
                content = outer.content
                if self.path.startswith("/STATUS"):
                    content = (
                        b'<?xml version="1.0" ?><NgamsStatus><Status State="ONLINE" '
                        b'Status="SUCCESS" Message="NGAMS_INFO_FILE_AVAIL:4029"/></NgamsStatus>'
                    )
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def commands(self) -> list[str]:
        return [path.partition("?")[0].strip("/") for path, _ in self.asked]


@contextmanager
def another_holder(
    node: Node, file_id: str, content: bytes, *, started: bool = True, suspended: int = 0
) -> Iterator[Holder]:
    """A host that says it has the file too, and comes before the real holder in line."""
    holder = Holder(content)
    host, disk = f"fake:{holder.port}", f"0-{holder.port}"
    if started:
        holder.start()
    sql(
        node,
        "INSERT INTO ngas_hosts (host_id, domain, ip_address, cluster_name, srv_port, srv_state,"
        " srv_suspended) VALUES (?, 'd', '127.0.0.1', 'TestArchive', ?, 'ONLINE', ?)",
        host, holder.port, suspended,
    )  # fmt: skip
    sql(
        node,
        "INSERT INTO ngas_disks (disk_id, host_id, mounted, mount_point, slot_id, number_of_files,"
        " available_mb, bytes_stored, completed) VALUES (?, ?, 1, '/x', 'x', 0, 0, 0, 0)",
        disk, host,
    )  # fmt: skip
    columns = "file_name, file_id, file_version, format, file_size, uncompressed_file_size,"
    columns += " compression, file_ignore, checksum, checksum_plugin, file_status"
    sql(
        node,
        f"INSERT INTO ngas_files (disk_id, {columns}) SELECT ?, {columns} FROM ngas_files"
        " WHERE file_id = ?",
        disk, file_id,
    )  # fmt: skip
    try:
        yield holder
    finally:
        for table, column, value in (
            ("ngas_files", "disk_id", disk),
            ("ngas_disks", "disk_id", disk),
            ("ngas_hosts", "host_id", host),
        ):
            sql(node, f"DELETE FROM {table} WHERE {column} = ?", value)
        holder.stop()

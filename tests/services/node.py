"""An archive node as its clients meet it: `lagan node` in a process of its own, spoken to over
HTTP."""

from __future__ import annotations

import base64
import http.client
import os
import secrets
import signal
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psycopg

from tests.services.board import shared
from tests.services.hub import LAGAN, until
from tests.services.process import free_port


@dataclass(frozen=True, slots=True)
class Reply:
    """What a client got. `document` is the parsed status document, None when it is none."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    document: ElementTree.Element | None = None

    @property
    def message(self) -> str:
        """The Message of the status document."""
        return self.of("Status")["Message"]

    def of(self, element: str) -> Mapping[str, str]:
        """The attributes of the first element of that name."""
        assert self.document is not None, self.body
        found = next(self.document.iter(element), None)
        assert found is not None, self.body
        return found.attrib


@dataclass
class Node:
    """A node in a folder of its own. `elements` replaces or adds elements of its configuration by
    name; `volumes` are its slots."""

    folder: Path
    database: str = ""
    volumes: tuple[str, ...] = ("volume1", "volume2")
    elements: Mapping[str, str] = field(default_factory=dict)
    address: str = "127.0.0.1"
    port: int = 0
    server: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    options: tuple[str, ...] = ("-autoonline",)
    prefix: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.port = self.port or free_port()
        self.root = self.folder / "root"
        self.root.mkdir(parents=True, exist_ok=True)
        for each in self.volumes:
            self.add_volume(each)

    @property
    def host_id(self) -> str:
        """As it calls itself."""
        return f"{socket.gethostname().partition('.')[0]}:{self.port}"

    def add_volume(self, slot: str, disk_id: str = "") -> Path:
        """A prepared, empty volume."""
        path = self.root / "volumes" / slot
        path.mkdir(parents=True, exist_ok=True)
        said = f"DiskId = {disk_id or secrets.token_hex(16)}\nManufacturer = None\nType = None\n"
        info = path / ".ngas_volume_info"
        if not info.exists():
            info.write_bytes(base64.encodebytes(said.encode()))
        return path

    def configure(self) -> Path:
        """Write the configuration file."""
        path = self.folder / "node.xml"
        path.write_text(configuration(self))
        return path

    def start(self) -> Node:
        """Run it until its port answers."""
        file = self.configure()
        with (self.folder / "node.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, str(LAGAN), "node", "-cfg", str(file), *self.options],
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={name: v for name, v in os.environ.items() if not name.startswith("LAGAN_")},
            )
        until(self._answers, 150)
        return self

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log()
        try:
            reply = self.get("STATUS")
        except OSError:
            return False
        wanted = "ONLINE" if "-autoonline" in self.options else "OFFLINE"
        return reply.status == 200 and reply.of("Status")["State"] == wanted

    def log(self) -> str:
        """What it said."""
        return (self.folder / "node.log").read_text(errors="replace")

    def stop(self) -> None:
        """End it as its administrator would."""
        if self.process is not None:
            self.process.terminate()
            assert self.process.wait(150) == 0, self.log()
            self.process = None

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(150)
            self.process = None
            for each in self.root.glob(".*.pid"):
                each.unlink()

    def get(self, command: str, headers: Any = None, **pars: Any) -> Reply:
        """GET a command."""
        return self.ask("GET", command, None, headers, **pars)

    def post(self, command: str, body: bytes, headers: Any = None, **pars: Any) -> Reply:
        """POST a command."""
        return self.ask("POST", command, body, headers, **pars)

    def ask(
        self,
        method: str,
        command: str,
        body: bytes | None,
        headers: Any = None,
        **pars: Any,
    ) -> Reply:
        """One request on a connection of its own, as the archive server's clients do."""
        from urllib.parse import urlencode

        connection = http.client.HTTPConnection(self.address, self.port, timeout=150)
        try:
            query = f"?{urlencode(pars)}" if pars else ""
            connection.request(method, f"/{command}{query}", body, dict(headers or {}))
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        found = None
        if b"<?xml" in content[:100] and method != "HEAD":
            found = ElementTree.fromstring(content)
        return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, content, found)

    def qarchive(self, name: str, body: bytes, **pars: Any) -> Reply:
        """Archive bytes as any client does; the type is `application/octet-stream`."""
        pars.setdefault("mime_type", "application/octet-stream")
        return self.post("QARCHIVE", body, None, filename=name, **pars)


def own_database() -> str:
    """The attributes of a `Db` element for a fresh PostgreSQL database."""
    address = shared("postgresql").address
    name = f"node_{secrets.token_hex(6)}"
    where = (
        f"host={address['POSTGRES_HOST']} port={address['POSTGRES_PORT']} "
        f"user={address['POSTGRES_USER']} dbname=postgres"
    )
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return (
        f'Interface="psycopg2" host="{address["POSTGRES_HOST"]}" '
        f'port="{address["POSTGRES_PORT"]}" user="{address["POSTGRES_USER"]}" dbname="{name}"'
    )


def configuration(node: Node) -> str:
    """An NgamsCfg such as sites have, with what the node asks for."""
    server = {
        "RootDirectory": str(node.root),
        "ArchiveName": "TestArchive",
        "BlockSize": "65536",
        "IpAddress": node.address,
        "PortNo": str(node.port),
        "VolumeDirectory": "volumes",
        "MaxSimReqs": "100",
        "ProxyMode": "0",
        **node.server,
    }
    attributes = " ".join(f'{name}="{value}"' for name, value in server.items())
    database = node.database or f'Interface="sqlite3" database="{node.root}/ngas.sqlite"'
    elements = {
        "Server": f'<Server Id="s" {attributes}/>',
        "Permissions": '<Permissions AllowArchiveReq="1" AllowProcessingReq="1"'
        ' AllowRemoveReq="1" AllowRetrieveReq="1"/>',
        "Db": f'<Db Id="db" Snapshot="0" {database}/>',
        "MimeTypes": "<MimeTypes>"
        + "".join(
            f'<MimeTypeMap Extension="{extension}" MimeType="{mime}"/>' for extension, mime in TYPES
        )
        + "</MimeTypes>",
        "StorageSets": "<StorageSets>"
        + "".join(
            f'<StorageSet StorageSetId="{slot}" MainDiskSlotId="{slot}"/>' for slot in node.volumes
        )
        + "</StorageSets>",
        "Streams": "<Streams>"
        + "".join(
            f'<Stream MimeType="{mime}" PlugIn="{plug_in}">'
            + "".join(f'<StorageSetRef StorageSetId="{slot}"/>' for slot in node.volumes)
            + "</Stream>"
            for mime, plug_in in STREAMS
        )
        + "</Streams>",
        "ArchiveHandling": '<ArchiveHandling PathPrefix="saf" Replication="0"'
        ' BackLogBuffering="0" BackLogBufferDirectory="." CRCVariant="0"'
        ' FreeSpaceDiskChangeMb="0" MinFreeSpaceWarningMb="0"/>',
        "Notification": '<Notification Active="0" SmtpHost="localhost" Sender="node@localhost"'
        ' MaxRetentionTime="00T00:30:00" MaxRetentionSize="1"/>',
        "JanitorThread": '<JanitorThread SuspensionTime="0T00:05:00" MinSpaceSysDirMb="1"/>',
        "DataCheckThread": '<DataCheckThread Active="0"/>',
        "Log": '<Log LocalLogFile="log/LogFile.nglog" LocalLogLevel="4" LogRotateCache="10"'
        ' LogRotateInt="0T00:10:00" SysLog="0" SysLogPrefix="node"/>',
        "SystemPlugIns": '<SystemPlugIns OnlinePlugIn="ngamsPlugIns.ngamsGenericOnlinePlugIn"'
        ' OfflinePlugIn="ngamsPlugIns.ngamsGenericOfflinePlugIn"/>',
        **node.elements,
    }
    inner = "\n  ".join(elements.values())
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<NgamsCfg Id="test">\n  {inner}\n</NgamsCfg>\n'


TYPES = [
    ("fits", "image/x-fits"),
    ("fits.gz", "application/x-gfits"),
    ("bin", "application/octet-stream"),
    ("txt", "text/plain"),
    ("xml", "text/xml"),
    ("nglog", "ngas/nglog"),
    ("tar", "application/x-tar"),
]
STREAMS = [
    ("image/x-fits", "ngamsPlugIns.ngamsFitsPlugIn"),
    ("application/x-gfits", "ngamsPlugIns.ngamsFitsPlugIn"),
    ("application/octet-stream", "ngamsPlugIns.ngamsGenDapi"),
    ("text/plain", "ngamsPlugIns.ngamsGenDapi"),
    ("text/xml", "ngamsPlugIns.ngamsGenDapi"),
    ("ngas/nglog", "ngamsPlugIns.ngamsNgLogPlugIn"),
    ("application/x-tar", "ngamsPlugIns.ngamsGenDapi"),
]

"""What plug-ins are given: the server, the request, and for commands the connection.

These are small on purpose: a plug-in of an installation stays right whatever becomes of the node
behind them. Names with capitals inside are those that plug-ins of the archive server use.
Source: reference/ngas-http.md section 12.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lagan.hub.doors.node.config.shape import NONE, NodeConfig
from lagan.hub.doors.node.wire.body import Body
from lagan.hub.doors.node.wire.requests import Request
from lagan.hub.doors.node.wire.status import SUCCESS

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode


class PlugInServer:
    """`server`: the node, and what the configuration tells this plug-in."""

    def __init__(self, node: ArchiveNode, parameters: Mapping[str, str] = NONE) -> None:
        self._node = node
        self.parameters = parameters
        """PlugInPars of the plug-in that is called."""

    @property
    def host_id(self) -> str:
        """`<host>:<port>`."""
        return self._node.host_id

    @property
    def config(self) -> NodeConfig:
        """The whole configuration; it cannot be changed."""
        return self._node.config

    @property
    def root(self) -> Path:
        """The root directory."""
        return self._node.root

    @property
    def volumes(self) -> Mapping[str, Path]:
        """Mount points of the disks that are here, by slot."""
        return {each.slot: each.path for each in self._node.disks}

    @property
    def state(self) -> str:
        """ONLINE or OFFLINE."""
        return self._node.state.state

    def getHostId(self) -> str:  # noqa: N802 - as plug-ins call it
        """`<host>:<port>`."""
        return self.host_id

    def getCfg(self) -> NodeConfig:  # noqa: N802
        """The whole configuration."""
        return self.config


class PlugInRequest:
    """`request`: what a client asked for. Parameters are read like a mapping's."""

    def __init__(
        self,
        request: Request,
        *,
        staged: Path | None = None,
        mime_type: str = "",
        disk: Path | None = None,
    ) -> None:
        """For archiving: the file that arrived, its type, the mount point that it goes to."""
        self._request = request
        self.staged, self.disk = staged, disk
        self.mime_type = mime_type or request.mime_type

    @property
    def command(self) -> str:
        """The command."""
        return self._request.command

    @property
    def method(self) -> str:
        """GET, POST, PUT."""
        return self._request.method

    @property
    def parameters(self) -> Mapping[str, str]:
        """All parameters."""
        return self._request.parameters

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, their names in small letters, without Authorization."""
        return {k: v for k, v in self._request.headers.items() if k != "authorization"}

    @property
    def size(self) -> int:
        """Bytes of the body as announced; 0 without one."""
        return self._request.size or 0

    @property
    def file_uri(self) -> str:
        """`filename`."""
        return self._request.get("filename")

    def __contains__(self, name: object) -> bool:
        return name in self._request.parameters

    def __getitem__(self, name: str) -> str:
        return self._request.parameters[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._request.parameters)

    def get(self, name: str, default: str = "") -> str:
        """A parameter."""
        return self._request.get(name, default)

    def getCmd(self) -> str:  # noqa: N802 - these are as plug-ins call them
        """The command."""
        return self.command

    def getHttpMethod(self) -> str:  # noqa: N802
        """GET, POST, PUT."""
        return self.method

    def hasHttpPar(self, name: str) -> bool:  # noqa: N802
        """Whether a parameter was given."""
        return name in self

    def getHttpPar(self, name: str) -> str:  # noqa: N802
        """A parameter that was given."""
        return self[name]

    def getMimeType(self) -> str:  # noqa: N802
        """The type of the file."""
        return self.mime_type

    def getFileUri(self) -> str:  # noqa: N802
        """`filename`."""
        return self.file_uri

    def getSize(self) -> int:  # noqa: N802
        """Bytes of the body."""
        return self.size

    def getStagingFilename(self) -> str:  # noqa: N802
        """The file that arrived, for archiving plug-ins."""
        return str(self.staged or "")


class PlugInConnection:
    """`http`: the body of a request, and an answer of the plug-in's own."""

    def __init__(self, body: Body, asker: tuple[str, int]) -> None:
        self._pieces, self._left = body.pieces(), b""
        self.client_address = asker
        self.sent: tuple[int, str, bytes] | None = None
        """Status, type and content of what was sent."""
        self.told: tuple[int, str, str] | None = None
        """Code, status and message of a status document that was sent."""

    def pieces(self) -> Iterator[bytes]:
        """The bytes of the body, once."""
        return map(bytes, self._pieces)

    def read(self, most: int = -1) -> bytes:
        """At most so many bytes of the body; all of it without a number."""
        for piece in self._pieces:
            self._left += piece
            if 0 <= most <= len(self._left):
                break
        most = len(self._left) if most < 0 else most
        given, self._left = self._left[:most], self._left[most:]
        return given

    def send_data(self, data: bytes | str, mime_type: str = "text/plain", code: int = 200) -> None:
        """Answer with these bytes."""
        content = data.encode() if isinstance(data, str) else bytes(data)
        self.sent = int(code), str(mime_type), content

    def send_status(self, message: str, status: str = SUCCESS, code: int = 200) -> None:
        """Answer with a status document."""
        self.told = int(code), str(status), str(message)


class ArchiveEvent:
    """`event`: a file was archived."""

    def __init__(self, server: PlugInServer, disk_id: str, file_id: str, file_version: int) -> None:
        self.server, self.disk_id, self.file_id = server, disk_id, file_id
        self.file_version = file_version

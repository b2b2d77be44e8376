"""What an archive request asks for, decided before a byte of its body is read.

Source: reference/ngas-http.md section 4.1. ARCHIVE and QARCHIVE differ by `full`: storage sets,
replication, back-log and the name of a checksum.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from lagan.hub.doors.node.config.shape import NodeConfig, Stream
from lagan.hub.doors.node.files import checksums
from lagan.hub.doors.node.files.layout import base_name, type_of
from lagan.hub.doors.node.wire.messages import MISSING_URI, UNKNOWN_MIME_TYPE1, UNKNOWN_MIME_TYPE2
from lagan.hub.doors.node.wire.reply import Failed
from lagan.hub.doors.node.wire.requests import InvalidParameter, Request

CHECKSUM_HEADER = "ngas-file-crc"
LONGEST_ID = 1024
"""Characters of a file id, as the catalogue holds it."""


@dataclass(frozen=True, slots=True)
class Order:
    """One request to archive. `expected` is the checksum that the sender says the bytes have;
    `version` is only given with `replaces`."""

    request: Request
    uri: str
    name: str
    file_id: str
    mime_type: str
    stream: Stream
    variant: str | None
    checksum_name: str | None
    expected: int | None
    replaces: bool
    version: int | None
    full: bool


def understand(request: Request, config: NodeConfig, *, full: bool) -> Order:
    """The order that a request is. Failed or InvalidParameter, in the words that clients know."""
    if not request.has("filename"):
        raise Failed(MISSING_URI.say())
    uri = request.get("filename")
    name = name_of(uri)
    stream = _stream(request, config, name, full=full)
    variant = _variant(request, config)
    replaces = _replaces(request)
    return Order(
        request=request,
        uri=uri,
        name=name,
        file_id=_file_id(request, uri, name),
        mime_type=stream.mime_type,
        stream=stream,
        variant=variant,
        checksum_name=checksum_name(variant, full=full),
        expected=expected_checksum(request),
        replaces=replaces,
        version=request.version if replaces else None,
        full=full,
    )


def checksum_name(variant: str | None, *, full: bool) -> str | None:
    """What the catalogue calls it: ARCHIVE has a name of its own for crc32."""
    return checksums.ARCHIVE_NAME if full and variant == checksums.CRC32 else variant


def name_of(uri: str) -> str:
    """The base name of a file URI; of an address that asks for a file id, that id's."""
    asked = id_in(uri)
    return base_name(asked or uri)


def id_in(uri: str) -> str:
    """The file id that an address asks another server for; else empty."""
    query = urlsplit(uri).query if "://" in uri else ""
    return next(iter(parse_qs(query).get("file_id", [])), "")


def expected_checksum(request: Request) -> int | None:
    """What the header NGAS-File-CRC announces. InvalidParameter."""
    text = request.headers.get(CHECKSUM_HEADER, "").strip()
    if not text:
        return None
    try:
        return int(text) & checksums.MASK
    except ValueError:
        raise InvalidParameter(f"NGAS-File-CRC is no whole number: {text[:40]}") from None


def extensions_of(config: NodeConfig) -> dict[str, str]:
    """MIME types by extension."""
    return {each.extension: each.mime_type for each in config.mime_types.items}


def checked_id(file_id: str) -> str:
    """A file id that the catalogue can hold. InvalidParameter."""
    if not file_id.strip() or len(file_id) > LONGEST_ID or "\0" in file_id:
        raise InvalidParameter(
            f"file_id has 1 to {LONGEST_ID} characters: {file_id[:40]!r}", parameter="file_id"
        )
    return file_id


def _file_id(request: Request, uri: str, name: str) -> str:
    return checked_id(request.get("file_id") or id_in(uri) or name)


def _stream(request: Request, config: NodeConfig, name: str, *, full: bool) -> Stream:
    mime_type = request.mime_type or type_of(name, extensions_of(config)) or ""
    if not mime_type and full:
        raise Failed(UNKNOWN_MIME_TYPE1.say(name))
    for each in config.streams.items:
        if each.mime_type == mime_type:
            return each
    unknown = UNKNOWN_MIME_TYPE2.say(mime_type, name) if full else f"Unknown mime type: {mime_type}"
    raise Failed(unknown)


def _variant(request: Request, config: NodeConfig) -> str | None:
    given = request.get("crc_variant")
    if not given:
        return config.archiving.checksum if config.archiving else checksums.CRC32
    try:
        return checksums.variant_of(given)
    except ValueError as error:
        raise InvalidParameter(str(error), parameter="crc_variant") from None


def _replaces(request: Request) -> bool:
    """Whether a version is overwritten; `versioning` wins over `no_versioning`."""
    if request.has("versioning"):
        return not request.switch("versioning")
    return request.switch("no_versioning")

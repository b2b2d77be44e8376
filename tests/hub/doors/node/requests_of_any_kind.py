"""Requests as clients send them, as clients should not send them, and as nobody would: bytes for a
socket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st

from tests.hub.doors.node.containers.messages import message

PARAMETERS = (
    *("file_id", "file_version", "disk_id", "host_id", "filename", "mime_type", "path", "url"),
    *("container_id", "container_name", "parent_container_id", "force", "recursive", "format"),
    *("close_container", "query", "like", "start", "end", "execute", "processing", "async"),
    *("processingPars", "processing_pars", "internal", "timeout", "time_out", "reload", "help"),
    *("crc_variant", "no_versioning", "versioning", "compression", "compression_ext", "probe"),
    *("uncompressed_file_size", "target_mime_type", "ignore_arcfile", "fileUri", "bport"),
    *("bwinsize", "bnum_streams", "bchecksum", "nexturl", "quick_location", "domain", "check"),
    *("file_access", "request_id", "configuration_file", "file_list", "from_ingestion_date"),
    *("unique", "max_elements", "file_list_id", "db_time", "db_time_reset", "flush_log"),
    *("dump_object_info", "target_disk_id", "notif_email", "slot_id", "relabel", "new_label"),
    *("log_sys_Log", "log_sys_log_prefix", "log_local_log_file", "log_local_log_level"),
    *("log_verbose_level", "subscr_id", "priority", "start_date", "concurrent_threads"),
    *("filter_plug_in", "plug_in_pars", "suspend", "config_param", "config_value", "file_path"),
    *("authorization", "wait", "partner_site_redirect", "initiator", "quota", "disk"),
)
VALUES = (
    *(
        "",
        "0",
        "1",
        "-1",
        "2",
        "7",
        "true",
        "none",
        "NaN",
        "1e9",
        "9" * 18,
        "9" * 40,
        "-" + "9" * 18,
    ),
    *(
        "a.bin",
        "b.txt",
        "volume1",
        "volume2",
        "saf",
        "files_list",
        "json",
        "list",
        "text",
        "pickle",
    ),
    *("application/octet-stream", "text/plain", "application/x-tar", "a/b", "crc32c", "crc32z"),
    *("../../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "/dev/zero", "//etc//passwd"),
    *("....//....//outside/secret", "%2e%2e%2f", "~root", "|id", "$(id)", "`id`", ";id", "a\0b"),
    *("os", "os.system", "ngamsPlugIns.os", "subprocess", "ngamsGenDapi", "__import__('os')"),
    *(
        "http://127.0.0.1:1/x",
        "http://[::1",
        "ftp://127.0.0.1:1/x",
        "http://",
        "://",
        "http://a b/",
    ),
    *("http://127.0.0.1:1/QARCHIVE____http://127.0.0.1:1/b", "ngasjob://os?x=y", "x" * 3000),
    *("2026-11-21T19:51:53.795", "2026-13-45T99:99:99.999", "0001-01-01T00:00:00.000"),
    *("' OR 1=1 --", "%' --", "%", "_", "ngamsStatus.dtd", "NgamsCfg.Server[1].PortNo", '"', "'"),
    *(
        "größe",
        "\u202e",
        "\ud7ff",
        "\uffff",
        "\U0001f600",
        "a\r\nX: y",
        "a\tb",
        "\x1b[31m",
        "{}",
        "{0}",
    ),
)
HEADERS = (
    *("Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "Accept-Encoding"),
    *("Content-Type", "Content-Disposition", "Authorization", "NGAS-File-CRC", "NGAS-File-Info"),
    *("Host", "Expect", "Connection", "parent_container_id", "X-Strange", "Cookie", "Repr-Digest"),
)
HEADER_VALUES = (
    *("", "bytes=0-", "bytes=5-", "bytes=-3", "bytes=9-1", "bytes=a-b", "bytes=" + "9" * 30 + "-"),
    *(
        "*",
        '"x"',
        "Mon, 99 Foo 2026",
        "Sun, 22 Nov 2026 10:00:00 GMT",
        "gzip",
        "gzip;q=0",
        "chunked",
    ),
    *("ngas/archive-request", "ngas/container", "text/plain; charset=x", "multipart/mixed"),
    *('multipart/mixed; boundary="b"; container_name="n"', "multipart/mixed; boundary="),
    *('attachment; filename="a.bin"; file_id="x"', "attachment; filename=../../x", '=;=;;""="'),
    *("Basic !!!", "Basic eDp5", "Basic", "Bearer x", "12345", "-1", "abc", "close", "keep-alive"),
    *(
        "PEZpbGVTdGF0dXMgRmlsZUlkPSJhIi8+",
        "PD94bWw",
        "=" * 100,
        "100-continue",
        "\xff\xfe",
        "x" * 2000,
    ),
)
BODIES = (
    b"",
    b"hello world\n",
    b"\0" * 5000,
    b'<FileList><File FileId="a.bin"/><File FileId="never"/></FileList>',
    b'<Container name="fuzz"><Container name="in"/></Container>',
    b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><Container name='&x;'/>",
    b'<?xml version="1.0" encoding="utf-7"?><FileList/>',
    b"SIMPLE  =                    T" + b" " * 2850,
    message("fuzz", {"a.bin": b"abc", "in": {"b.txt": b"\r\n--b1+/="}, "..": b"x"}),
    message("fuzz", {"../../../../tmp/escaped": b"x", "/etc/passwd": b"y", "in": {"a.bin": b""}}),
)


@dataclass(frozen=True)
class Sent:
    """A whole request."""

    head: bytes
    body: bytes

    @property
    def raw(self) -> bytes:
        """The bytes."""
        return self.head + self.body


def _escaped(text: str) -> bytes:
    return quote_from_bytes(text.encode("utf-8", "replace"), safe="/").encode()


values = st.sampled_from(VALUES) | st.text(max_size=20)
pairs = st.lists(st.tuples(st.sampled_from(PARAMETERS), values), max_size=6)
raw_bytes = st.binary(max_size=40).map(lambda noise: noise.replace(b"\n", b"").replace(b"\r", b""))


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A body that some command takes, whole, cut or with a part of it changed."""
    body = draw(st.sampled_from(BODIES) | st.binary(max_size=300))
    at = draw(st.integers(0, len(body)))
    change = draw(st.sampled_from(["none", "none", "cut", "insert", "replace"]))
    noise = draw(st.binary(max_size=12)) if change in ("insert", "replace") else b""
    match change:
        case "cut":
            return body[:at]
        case "insert":
            return body[:at] + noise + body[at:]
        case "replace":
            return body[:at] + noise + body[at + len(noise) :]
    return body


@st.composite
def requests(draw: st.DrawFn, commands: Sequence[str]) -> Sent:
    """A request for one of the commands, or for something that looks like one."""
    command = draw(st.sampled_from(commands)).encode()
    method = draw(st.sampled_from([b"GET", b"GET", b"GET", b"POST", b"POST", b"PUT", b"HEAD"]))
    query = b"&".join(name.encode() + b"=" + _escaped(v) for name, v in draw(pairs))
    query += draw(st.just(b"") | raw_bytes.map(lambda noise: b"&" + noise.replace(b" ", b"")))
    slash = draw(st.sampled_from([b"/", b"", b"//"]))
    version = draw(st.sampled_from([b" HTTP/1.0", b" HTTP/1.1", b""]))
    lines = [method + b" " + slash + command + b"?" + query + version]
    for name, value in draw(
        st.lists(st.tuples(st.sampled_from(HEADERS), st.sampled_from(HEADER_VALUES)), max_size=3)
    ):
        # Whoever keeps the connection open would have us wait for its end.
        lines.append(f"{name}: {value.replace('keep-alive', 'close')}".encode())
    body = draw(bodies()) if method in (b"POST", b"PUT") else b""
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return Sent(b"\r\n".join([*lines, b"", b""]), body)


@st.composite
def noise(draw: st.DrawFn) -> Sent:
    """What is hardly a request at all."""
    lines = draw(st.lists(raw_bytes, min_size=1, max_size=4))
    lines[0] = lines[0].strip() or b"X"
    return Sent(b"\r\n".join([*lines, b"", b""]), b"")

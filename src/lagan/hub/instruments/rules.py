"""What instruments decide without a database: names of places, sizes of chunks, what a key or an
announcement must look like.

Source: docs/doors/instruments.md, measured on the programs that are deployed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from lagan.kit.errors import BadInput
from lagan.kit.paths import check_relative

NO_MD5 = "0" * 32
"""What programs send that were told not to compute it."""
_MD5 = re.compile(r"[0-9a-f]{32}")
_KEY_KINDS = re.compile(
    r"ssh-(rsa|ed25519)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com"
)
CHUNK = 10_000_000
"""Bytes: the smallest chunk, and the step to the next size."""
LARGEST_CHUNK = 100_000_000
"""Bytes, however large the file is."""
LARGEST_FILE = 2**50
LONGEST_PART = 200
"""Bytes of a staged folder's name, before the number that follows it."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A file as a program announces it. `md5` is empty where the program computed none; times are
    the program's own text."""

    dataset: int
    filename: str
    directory: str
    size: int
    md5: str
    mimetype: str = ""
    created: str = ""
    modified: str = ""

    @property
    def path(self) -> str:
        """Its path in the dataset."""
        return path_of(self.directory, self.filename)


def path_of(directory: str, filename: str) -> str:
    """The path of a file in its dataset."""
    return f"{directory}/{filename}" if directory else filename


def check(announced: Announced) -> Announced:
    """The same. BadInput for a size or a checksum that none can have, BadPath for a name."""
    if not announced.filename or "/" in announced.filename:
        raise BadInput("A file has a name without a slash.", field="filename")
    check_relative(announced.path)
    if not 0 <= announced.size <= LARGEST_FILE:
        raise BadInput("A file has a size in bytes.", field="size")
    if announced.md5 and not _MD5.fullmatch(announced.md5):
        raise BadInput("An MD5 has 32 hexadecimal digits.", field="md5sum")
    return announced


def md5_given(text: str) -> str:
    """The MD5 that was announced, in small letters; empty when the program computed none."""
    clean = text.strip().lower()
    return "" if clean == NO_MD5 else clean


def mtime_ns(text: str, otherwise: datetime) -> int:
    """The time that a program wrote without a zone, read as UTC, in nanoseconds; else the other."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        read = otherwise
    moment = read if read.tzinfo else read.replace(tzinfo=UTC)
    seconds = int(moment.replace(microsecond=0).timestamp())
    return seconds * 10**9 + moment.microsecond * 1000


def staged_place(description: str, dataset: int, directory: str, filename: str) -> str:
    """Where a file is staged, beneath its uploader's folder: the description is escaped whole, the
    directory but for its slashes, the name not at all. What is too long for a folder's name then is
    cut, and ends with a digest. A description of dots stays in its place: a number follows it."""
    top = f"{_short(quote(description, safe=''))}-{dataset}"
    folders = [_short(quote(part)) for part in directory.split("/") if part]
    return check_relative("/".join((top, *folders, filename)))


def _short(part: str) -> str:
    if len(part) <= LONGEST_PART:
        return part
    return f"{part[: LONGEST_PART - 40]}-{hashlib.sha256(part.encode()).hexdigest()[:32]}"


def chunk_size(size: int) -> int:
    """Bytes of a chunk for a file of so many: from 10 MB upwards in such steps, so that there are
    fewer than 100 of them, and at most 100 MB."""
    steps = -(-size // (CHUNK * 99))
    return min(max(1, steps) * CHUNK, LARGEST_CHUNK)


def public_key(text: str) -> tuple[str, str]:
    """Kind and body of an OpenSSH public key, without its comment. BadInput for anything else."""
    kind, _, rest = text.strip().partition(" ")
    body = rest.strip().partition(" ")[0]
    if not _KEY_KINDS.fullmatch(kind) or not _names_itself(kind, body):
        raise BadInput("This is no OpenSSH public key.", field="requester_public_key")
    return kind, body


def _names_itself(kind: str, body: str) -> bool:
    """A key's body begins with the length and the text of its kind."""
    try:
        data = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return False
    told = kind.encode()
    return len(data) > len(told) + 4 and data[: len(told) + 4] == len(told).to_bytes(4) + told

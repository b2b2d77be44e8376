"""What the status codes are and what may be done in which, and what metadata looks like; no
database.

Source: seeds/preservation-packages.txt, status codes of archive packages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import TextChoices

from lagan.kit.errors import BadInput


class Status(TextChoices):
    """The documented codes."""

    NEW = "0", "NEW"
    UPLOADING = "1", "UPLOADING"
    UPLOADED = "2", "UPLOADED"
    CHECKSUM_OK = "3", "CHECKSUM_OK"
    UPLOAD_FAILED = "4", "UPLOAD_FAILED"
    DOWNLOAD_FAILED = "5", "DOWNLOAD_FAILED"
    DOWNLOAD_PREPARING = "6", "DOWNLOAD_PREPARING"
    DOWNLOAD_READY = "7", "DOWNLOAD_READY"
    CHECKSUM_FAILED = "8", "CHECKSUM_FAILED"
    NOT_VALID_BAGIT = "9", "NOT_VALID_BAGIT"
    BAGIT_IS_VALID = "10", "BAGIT_IS_VALID"


UNJUDGED = frozenset({Status.UPLOADING, Status.BAGIT_IS_VALID, Status.UPLOADED})
"""Stored, and not yet settled: the judge's."""
KEPT = frozenset(
    {
        Status.CHECKSUM_OK,
        Status.CHECKSUM_FAILED,
        Status.DOWNLOAD_PREPARING,
        Status.DOWNLOAD_READY,
        Status.DOWNLOAD_FAILED,
    }
)
"""A good bag that is kept for good: looked at in rounds, given out, followed by new versions."""
REFUSED = frozenset({Status.NOT_VALID_BAGIT, Status.UPLOAD_FAILED})
"""Nothing of it will be given out; its content goes."""

READY_FOR = timedelta(hours=24)
"""How long a prepared package can be fetched before it must be prepared again."""
MOST_METADATA = 64 << 10
"""Bytes of a package's metadata as JSON."""
LONGEST_NAME = 500
"""Characters of a package's name and of its file's."""


def read_metadata(text: str) -> dict[str, Any] | str:
    """User metadata as it is sent: pairs as a JSON object, or the text of one as a JSON string,
    which is kept as it is. BadInput for anything else."""
    try:
        value = json.loads(text or "{}", parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadInput("Value must be valid JSON.", field="user_metadata") from None
    return check_metadata(value)


def check_metadata(value: object) -> dict[str, Any] | str:
    """The same of what was parsed already."""
    if not isinstance(value, dict | str):
        raise BadInput("Metadata is pairs of a key and a value.", field="user_metadata")
    told = json.dumps(value)
    if len(told) > MOST_METADATA:
        raise BadInput(
            f"Metadata has at most {MOST_METADATA >> 10} KiB as JSON.", field="user_metadata"
        )
    if "\\u0000" in told or _has_surrogates(value):
        raise BadInput("Metadata is text without NUL, in Unicode.", field="user_metadata")
    return value


def words_of(value: object) -> str:
    """What a search for metadata looks through: the values, folded, each in a line."""
    return "\n".join(each.lower() for each in _texts(value))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif value is not None:
        yield value if isinstance(value, str) else json.dumps(value)


def with_history(history: Mapping[str, Any], before: object) -> dict[str, Any]:
    """The metadata that there was, numbered from 1, and one more."""
    return {**history, str(len(history) + 1): before}


def check_name(text: str, field: str = "name") -> str:
    """A package's name. BadInput when it is empty, too long, or no text."""
    clean = text.strip()
    if not 0 < len(clean) <= LONGEST_NAME:
        raise BadInput(f"A name has 1 to {LONGEST_NAME} characters.", field=field)
    if not clean.isprintable():
        raise BadInput("A name has no control characters.", field=field)
    return clean


def file_name_of(text: str) -> str:
    """The name of a sent file without the folders that some programs put before it; a plain one
    when nothing is left."""
    last = text.replace("\\", "/").rpartition("/")[2].strip()
    clean = "".join(each if each.isprintable() else "_" for each in last)[-200:]
    return clean if clean.strip(". ") else "package.zip"


def extension_of(file_name: str) -> str:
    """What stands after the last dot."""
    return file_name.rpartition(".")[2].lower() if "." in file_name else ""


def entity_name(name: str, mark: str = "") -> str:
    """The name of the package's entity: the tree's names have no slash."""
    return f"{name.replace('/', '_')[:470]}{f' ({mark})' if mark else ''}"


def is_called(entity: str, name: str) -> bool:
    """Whether an entity of this name is that of a package of that name, with a mark or without."""
    plain = entity_name(name)
    return entity == plain or (entity.startswith(f"{plain} (") and entity.endswith(")"))


def _no_constant(word: str) -> None:
    raise ValueError(word)


def _has_surrogates(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False

"""What journals say of files, in the archive's terms: a first line is the file, a copy's line names
it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from lagan.hub.archive.models import File
from lagan.kit.errors import BadInput
from lagan.kit.ids import new_id
from lagan.store import FileLine

COPY_OF = "copy-of"
"""In `belongs` of a copy's line: the id of the file. A line's own id is its alone, so that it can
be voided."""


def copy_line(file: File, object: str, offset: int, length: int) -> FileLine:  # noqa: A002
    """The journal line of a further copy of `file`, saying whose it is as its first line did."""
    return FileLine(
        id=new_id(),
        file_id=file.file_id,
        version=file.version,
        name=file.name,
        object=object,
        offset=offset,
        length=length,
        digests=file.digests,
        stored_at=file.stored_at.timestamp(),
        belongs={**file.belongs, COPY_OF: str(file.id)},
    )


def file_of(line: FileLine) -> UUID:
    """The id of the file that a line is about. BadInput if a copy's line names none."""
    named = line.belongs.get(COPY_OF)
    if named is None:
        return line.id
    try:
        return UUID(named)
    except (ValueError, AttributeError, TypeError):
        raise BadInput(f"The journal line {line.id} names no file.", line=str(line.id)) from None


def as_first(line: FileLine) -> FileLine:
    """The line as the file's first line has it: the file's id, and `belongs` without the copy's
    mark."""
    belongs = {key: value for key, value in line.belongs.items() if key != COPY_OF}
    return replace(line, id=file_of(line), belongs=belongs)

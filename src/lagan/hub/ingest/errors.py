"""Refusals of the ingest room; the tus statuses are those of its protocol text (1.0.0)."""

from __future__ import annotations

from lagan.kit.errors import BadInput, Conflict, DigestMismatch, NotFound


class LengthRequired(BadInput):
    """A body without an announced length cannot be told from one that was cut off."""

    code, status = "length-required", 411


class WrongOffset(Conflict):
    """The bytes sent do not follow the bytes received."""

    code = "wrong-offset"


class WrongVersion(BadInput):
    """Not tus 1.0.0."""

    code, status = "wrong-tus-version", 412


class WrongMediaType(BadInput):
    """A PATCH that is not `application/offset+octet-stream`."""

    code, status = "wrong-media-type", 415


class UploadGone(NotFound):
    """The upload was ended, refused or has expired."""

    code, status = "upload-gone", 410


class ChunkMismatch(DigestMismatch):
    """The bytes of this request do not have the checksum they came with; they were not kept."""

    code = "chunk-mismatch"


class BadArchive(BadInput):
    """The batch is not a tar stream that we can read."""

    code = "bad-batch"

"""What the kinds of events are called in the Library of Congress's vocabulary of preservation
events (id.loc.gov/vocabulary/preservation/eventType); others keep our name."""

from __future__ import annotations

from lagan.hub.audit.kinds import Kind

AUTHORITY = "http://id.loc.gov/vocabulary/preservation/eventType"

TERMS: dict[str, str] = {
    Kind.FILES_STORED: "ingestion",
    Kind.NODE_STORED: "ingestion",
    Kind.DATASET_ACQUIRED: "transfer",
    Kind.FILE_DAMAGED: "fixity check",
    Kind.FILE_LOST: "fixity check",
    Kind.NODE_DAMAGED: "fixity check",
    Kind.FILE_HEALED: "recovery",
    Kind.NODE_HEALED: "recovery",
    Kind.FILE_RESTORED: "recovery",
    Kind.DATASET_RESTORED: "recovery",
    Kind.REPLICA_MADE: "replication",
    Kind.REPLICA_MOVED: "replication",
    Kind.NODE_COPIED: "replication",
    Kind.ENTITY_CREATED: "creation",
    Kind.DATASET_CREATED: "creation",
    Kind.DATASET_CLOSED: "accession",
    Kind.ENTITY_REMOVED: "deletion",
    Kind.FILES_REMOVED: "deletion",
    Kind.DATASET_REMOVED: "deletion",
    Kind.NODE_REMOVED: "deletion",
    Kind.METADATA_SET: "metadata modification",
    Kind.ENTITY_RENAMED: "metadata modification",
    Kind.GRANTS_SET: "policy assignment",
    Kind.DATASET_EXPIRY_SET: "policy assignment",
    Kind.DATASET_PUBLISHED: "dissemination",
    Kind.SHARE_LINK_USED: "dissemination",
    Kind.CERTIFICATE_MADE: "digital signature generation",
    Kind.PACKAGE_STORED: "ingestion",
    Kind.PACKAGE_FAILED: "ingestion",
    Kind.PACKAGE_JUDGED: "validation",
    Kind.PACKAGE_DIGESTED: "message digest calculation",
    Kind.PACKAGE_CHECKED: "fixity check",
    Kind.PACKAGE_FETCHED: "dissemination",
    Kind.PACKAGE_NOT_FETCHED: "dissemination",
    Kind.PACKAGE_CHANGED: "metadata modification",
    Kind.PACKAGE_FOLLOWED: "metadata modification",
    Kind.PACKAGE_REMOVED: "deletion",
}

WRONG = frozenset({Kind.FILE_DAMAGED, Kind.FILE_LOST, Kind.NODE_DAMAGED})
"""Checks that are only told of when they failed."""

OUTCOMES = {"done": "success", "failed": "fail", "not-valid": "fail"}
"""Results of events in PREMIS's words; other results keep ours."""

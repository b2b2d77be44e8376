"""The closed list of what can happen; a room adds its acts here, a line each, and never changes
one."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """`<thing>.<what was done to it>`. The text is stored and hashed, so it stays for ever."""

    ENTITY_CREATED = "entity.created"
    ENTITY_RENAMED = "entity.renamed"
    ENTITY_MOVED = "entity.moved"
    ENTITY_REMOVED = "entity.removed"
    MEMBER_ADDED = "member.added"
    MEMBER_REMOVED = "member.removed"
    GRANTS_SET = "grants.set"
    METADATA_SET = "metadata.set"
    TEMPLATE_CHANGED = "template.changed"
    TEMPLATES_ASSIGNED = "templates.assigned"

    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    USER_ACTIVATED = "user.activated"
    USER_DEACTIVATED = "user.deactivated"
    USER_ANONYMISED = "user.anonymised"
    PASSWORD_SET = "password.set"  # noqa: S105 - the name of an act
    PASSWORD_LINK_MADE = "password-link.made"  # noqa: S105 - the name of an act
    LOGIN_DONE = "login.done"
    LOGIN_REFUSED = "login.refused"
    CLIENT_KEY_CREATED = "client-key.created"
    CLIENT_KEY_RENAMED = "client-key.renamed"
    CLIENT_KEY_REVOKED = "client-key.revoked"
    LOGIN_LINKED = "login.linked"
    LOGIN_UNLINKED = "login.unlinked"
    LOGIN_UNLOCKED = "login.unlocked"
    FACTOR_ADDED = "factor.added"
    FACTOR_REMOVED = "factor.removed"
    FACTOR_REFUSED = "factor.refused"
    RECOVERY_CODES_MADE = "recovery-codes.made"
    RECOVERY_CODE_USED = "recovery-code.used"
    SESSIONS_ENDED = "sessions.ended"
    EMAIL_CONFIRMED = "email.confirmed"
    LETTER_FAILED = "letter.failed"
    PROVIDER_SET = "provider.set"
    PROVIDER_REMOVED = "provider.removed"
    PERSONAL_DATA_READ = "personal-data.read"

    JOB_CREATED = "job.created"
    JOB_FINISHED = "job.finished"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"
    JOB_RETRIED = "job.retried"

    VOLUME_ADDED = "volume.added"
    FILES_STORED = "files.stored"
    FILE_DAMAGED = "file.damaged"
    FILE_HEALED = "file.healed"
    REPLICA_MADE = "replica.made"
    REPLICA_MOVED = "replica.moved"
    FILE_LOST = "file.lost"
    VOLUME_SWEPT = "volume.swept"
    VOLUME_AHEAD = "volume.ahead"
    SNAPSHOT_TAKEN = "snapshot.taken"
    CATALOGUE_REBUILT = "catalogue.rebuilt"

    DATASET_CREATED = "dataset.created"
    DATASET_CLOSED = "dataset.closed"
    DATASET_REMOVED = "dataset.removed"
    DATASET_RESTORED = "dataset.restored"
    DATASET_EXPIRY_SET = "dataset.expiry-set"
    DATASET_ACQUIRED = "dataset.acquired"

    COMPUTER_REGISTERED = "computer.registered"
    COMPUTER_CHANGED = "computer.changed"
    HOST_KEY_CONFIRMED = "host-key.confirmed"

    SEARCH_SAVED = "search.saved"
    SEARCH_CHANGED = "search.changed"
    SEARCH_FORGOTTEN = "search.forgotten"

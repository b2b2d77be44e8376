"""The catalogue's rows: where bytes may be, which files there are, and where each copy of one
is."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from lagan.hub.base.fields import PathField
from lagan.kit.digests import Digests
from lagan.kit.ids import new_id


class VolumeState(models.TextChoices):
    """Whether a volume is read and written."""

    ONLINE = "online"
    READONLY = "readonly"
    DRAINING = "draining"
    MISSING = "missing"
    RETIRED = "retired"


READABLE = frozenset({VolumeState.ONLINE, VolumeState.READONLY, VolumeState.DRAINING})


class VolumeRole(models.TextChoices):
    """What a volume is to its storage set: files arrive on the main one and are copied to the
    others."""

    MAIN = "main"
    COPY = "copy"


class ReplicaState(models.TextChoices):
    """What was last seen of a copy. Only a good one is ever a source."""

    GOOD = "good"
    SUSPECT = "suspect"
    BAD = "bad"
    MISSING = "missing"


class Depth(models.TextChoices):
    """How a copy was last looked at: while it was written, by CRC-32C, or by its identity
    digest."""

    WRITTEN = "written"
    CRC = "crc"
    FULL = "full"


class Hub(models.Model):
    """Who this hub is: one row, whose id is noted in the journal of each of its volumes."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    hub = models.UUIDField()

    def __str__(self) -> str:
        return str(self.hub)


class StorageSet(models.Model):
    """A main volume with its copies; every file of the set is wanted on each of its volumes."""

    name = models.CharField(max_length=200, unique=True)
    position = models.IntegerField(default=0)
    packs = models.BooleanField(default=True)

    class Meta:
        """Filled in the order an administrator gave."""

        ordering: ClassVar = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class Volume(models.Model):
    """One place for bytes; its id is the identity written on the volume itself."""

    id = models.UUIDField(primary_key=True, editable=False)
    name = models.CharField(max_length=200, unique=True)
    location = models.TextField()
    state = models.CharField(max_length=10, choices=VolumeState.choices, default=VolumeState.ONLINE)
    set = models.ForeignKey(StorageSet, models.PROTECT, null=True, related_name="volumes")
    role = models.CharField(max_length=4, choices=VolumeRole.choices, default=VolumeRole.MAIN)
    total = models.BigIntegerField(null=True)
    free = models.BigIntegerField(null=True)
    # What it was before it went missing, and will be when it comes back.
    was = models.CharField(max_length=10, choices=VolumeState.choices, default=VolumeState.READONLY)
    seen_at = models.DateTimeField(null=True)
    # The volume's journal is ahead of this catalogue (an older database was put back): sweeping
    # would
    # remove acknowledged files, so nothing is swept there until a rebuild has taken its lines in.
    ahead = models.BooleanField(default=False)
    swept_at = models.DateTimeField(null=True)
    # Tallied by the refresh schedule, so that a page never counts millions of rows.
    replicas_count = models.BigIntegerField(default=0)
    replicas_bytes = models.BigIntegerField(default=0)

    class Meta:
        """By name, as people list them."""

        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_readable(self) -> bool:
        """Whether copies on it may be read just now."""
        return self.state in READABLE


class File(models.Model):
    """Archived content, immutable: one version of a file id."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    file_id = PathField()
    version = models.PositiveIntegerField()
    name = models.TextField()
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, null=True)  # noqa: DJ001 - null says not computed
    blake3 = models.CharField(max_length=64, null=True)  # noqa: DJ001 - null says not computed
    crc32c = models.BigIntegerField()
    crc32 = models.BigIntegerField()
    stored_at = models.DateTimeField()
    # Whose it is, as its journal line says, so that every further copy's line says the same.
    belongs = models.JSONField(default=dict)

    class Meta:
        """One row a version."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["file_id", "version"], name="archive_file_version")
        ]

    def __str__(self) -> str:
        return f"{self.file_id} v{self.version}"

    @property
    def digests(self) -> Digests:
        """Everything known of its content."""
        return Digests(self.size, self.crc32c, self.crc32, self.sha256, self.blake3)


class Replica(models.Model):
    """One copy of a file: a stretch of an object on a volume, and when it was last seen good."""

    file = models.ForeignKey(File, models.CASCADE, related_name="replicas")
    volume = models.ForeignKey(Volume, models.PROTECT, related_name="replicas", db_index=False)
    object = PathField()
    offset = models.BigIntegerField(default=0)
    length = models.BigIntegerField()
    state = models.CharField(max_length=7, choices=ReplicaState.choices, default=ReplicaState.GOOD)
    verified_at = models.DateTimeField(null=True)
    depth = models.CharField(max_length=7, choices=Depth.choices, default=Depth.WRITTEN)
    made_at = models.DateTimeField()
    # Its line in the volume's journal, which is voided when the copy moves or goes.
    line = models.UUIDField()

    class Meta:
        """One copy a volume; found by what is on a volume, by age of the last look, and by
        damage."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["file", "volume"], name="archive_replica_place")
        ]
        indexes: ClassVar = [
            models.Index(fields=["volume", "object"], name="archive_replica_object"),
            models.Index(fields=["volume", "verified_at"], name="archive_replica_age"),
            models.Index(
                fields=["volume", "state"],
                name="archive_replica_damage",
                condition=~Q(state="good"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.object}+{self.offset}"

"""The rows of what sites keep in the archive: who takes part in which target, its objects, its
notes, and what is on its way."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lagan.hub.base.fields import PathField


class Target(models.Model):
    """A set of names for objects, in which sites take part."""

    name = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Participant(models.Model):
    """A site in a target. Those that are `together` read what the others of them keep."""

    target = models.ForeignKey(Target, models.PROTECT, related_name="participants")
    # A name: what a site keeps outlives the site.
    site = models.CharField(max_length=64)
    together = models.BooleanField(default=False)
    # Kept beside the rows, so that a page never counts millions.
    objects_count = models.BigIntegerField(default=0)
    objects_bytes = models.BigIntegerField(default=0)
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """A site takes part once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["target", "site"], name="target_participant")
        ]

    def __str__(self) -> str:
        return f"{self.site} in {self.target_id}"


class TargetObject(models.Model):
    """The content of one migrated file under its name: a File of the archive."""

    target = models.ForeignKey(Target, models.PROTECT, related_name="+", db_index=False)
    owner = models.ForeignKey(Participant, models.PROTECT, related_name="+", db_index=False)
    name = PathField()
    stored = models.ForeignKey("archive.File", models.PROTECT, related_name="+")
    size = models.BigIntegerField()
    stored_at = models.DateTimeField()
    # What the site called it while it was sent: so a request that is repeated is known.
    upload = models.CharField(max_length=128)

    class Meta:
        """A name once in a target."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["target", "name"], name="target_object_name")
        ]

    def __str__(self) -> str:
        return self.name


class TargetNote(models.Model):
    """A small file of a site's own beneath `.lagan/`: what it knows of a path."""

    owner = models.ForeignKey(Participant, models.PROTECT, related_name="+", db_index=False)
    name = PathField()
    data = models.BinaryField()
    noted_at = models.DateTimeField()

    class Meta:
        """A name once for a site."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "name"], name="target_note_name")
        ]

    def __str__(self) -> str:
        return self.name


class TargetUpload(models.Model):
    """Bytes on their way into an object; `key` is the site's name for them, `id` the volume's."""

    id = models.UUIDField(primary_key=True)
    owner = models.ForeignKey(Participant, models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=128)
    volume = models.UUIDField()
    received = models.BigIntegerField(default=0)
    # Those of what was received, so that it is not read again when another process publishes it.
    digests = models.JSONField(null=True)
    # Who goes on with it: whoever resumes it makes a new one, and others are refused.
    writer = models.CharField(max_length=32)
    touched_at = models.DateTimeField(db_index=True)

    class Meta:
        """A key once for a site."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "key"], name="target_upload_key")
        ]

    def __str__(self) -> str:
        return self.key

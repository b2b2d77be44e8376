"""The one table of packages."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from lagan.hub.packages.rules import Status


class Package(models.Model):
    """A deposited package: what a DATASET entity of one file is besides. Each new content is a
    package of its own, which the one before it points to."""

    dataset = models.OneToOneField(
        "datasets.Dataset", models.PROTECT, primary_key=True, related_name="+"
    )
    name = models.TextField()
    """As the depositor called it; that of the entity is unique in its group."""
    file_name = models.TextField()
    """The zip's own name, and its path in the dataset."""
    stored = models.UUIDField(null=True)
    """The archive's file. A number: the record outlives what was removed."""
    size = models.BigIntegerField(null=True)
    checksum = models.CharField(max_length=64, default="")
    """SHA-256 of the whole zip, in hex, as it was received."""
    sha256 = models.CharField(max_length=64, default="")
    """The same as it was computed from what is stored; empty until then."""
    version = models.IntegerField(default=1)
    next_version = models.OneToOneField("self", models.SET_NULL, null=True, related_name="previous")
    user_metadata = models.JSONField(default=dict)
    previous_metadata = models.JSONField(default=dict)
    words = models.TextField(default="")
    """The values of its metadata as a search compares them."""
    status = models.CharField(max_length=2, choices=Status.choices, default=Status.NEW)
    facts = models.JSONField(default=dict)
    """What the judge told of the bag: version, files, bytes, bag-info, and every error."""
    created_by = models.ForeignKey("tree.Entity", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    """When its status last changed."""
    checked_at = models.DateTimeField(null=True)
    """When every byte was last read and compared."""
    ready_on = models.UUIDField(null=True)
    """While DOWNLOAD_READY: the volume whose copy was compared."""
    removed_at = models.DateTimeField(null=True)
    """When its content was removed; the record stays."""
    touched_at = models.DateTimeField(null=True)
    """When something was last said of it in the record: of two descriptions, the later counts."""

    class Meta:
        """What waits for something, and what is to be looked at again."""

        indexes = [
            models.Index(fields=["status", "changed_at"], name="package_status"),
            models.Index(
                fields=["checked_at"], name="package_checked", condition=Q(removed_at=None)
            ),
        ]

"""The tables of ingest: upload sessions. Instruments are COMPUTER entities; datasets are the
datasets room's."""

from __future__ import annotations

from django.db import models

RECEIVING, ARCHIVED, GONE = "receiving", "archived", "gone"


class Upload(models.Model):
    """A resumable upload. `received` bytes survive a power cut; `key` names them on `volume`.

    `kind` is `whole`, or by tus concatenation `partial` (never archived itself) or `final`.
    `announced` is the SHA-256 that the sender says the whole has, from the moment it says so.
    """

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=8, default="whole")
    creator = models.ForeignKey("tree.Entity", models.PROTECT, related_name="+")
    dataset = models.ForeignKey("datasets.Dataset", models.PROTECT, null=True, related_name="+")
    path = models.TextField(default="")
    mtime_ns = models.BigIntegerField(null=True)
    metadata = models.TextField(default="")
    size = models.BigIntegerField()
    received = models.BigIntegerField(default=0)
    volume = models.UUIDField()
    key = models.CharField(max_length=64)
    state = models.CharField(max_length=9, default=RECEIVING)
    file = models.UUIDField(null=True)
    announced = models.CharField(max_length=64, null=True)
    sha256 = models.CharField(max_length=64, null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

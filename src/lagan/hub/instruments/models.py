"""The tables of instruments: uploaders with settings and keys, experiments as their programs call
them, and a number for each file. Facilities, instruments and datasets are entities."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from lagan.hub.base.fields import PathField

WAITING, APPROVED, REFUSED, REVOKED = "waiting", "approved", "refused", "revoked"


class Uploader(models.Model):
    """A program on an instrument's machine. `facts` is what it says of the machine; `report` what
    it last told of its work."""

    id = models.BigAutoField(primary_key=True)
    uuid = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=300, default="")
    facility = models.ForeignKey("tree.Entity", models.SET_NULL, null=True, related_name="+")
    instrument = models.ForeignKey("tree.Entity", models.SET_NULL, null=True, related_name="+")
    creator = models.ForeignKey("tree.Entity", models.PROTECT, related_name="+")
    facts = models.JSONField(default=dict)
    address = models.CharField(max_length=64, default="")
    """From where it was last heard, as the hub sees it."""
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)
    settings_changed_at = models.DateTimeField(null=True)
    """When somebody last changed its settings at the hub; None while the last word was its own."""
    settings_fetched_at = models.DateTimeField(null=True)
    report = models.JSONField(default=dict)
    reported_at = models.DateTimeField(null=True)


class Setting(models.Model):
    """One setting of an uploader, as text. Never its API key."""

    id = models.BigAutoField(primary_key=True)
    uploader = models.ForeignKey(Uploader, models.CASCADE, related_name="settings", db_index=False)
    key = models.CharField(max_length=100)
    value = models.TextField(default="")

    class Meta:
        """A key once."""

        constraints = [
            models.UniqueConstraint(fields=["uploader", "key"], name="uploader_setting_once")
        ]


class Registration(models.Model):
    """An uploader's wish to stage files with a key pair of its own, and what became of it."""

    id = models.BigAutoField(primary_key=True)
    uploader = models.ForeignKey(
        Uploader, models.CASCADE, related_name="registrations", db_index=False
    )
    name = models.CharField(max_length=300, default="")
    requester_name = models.CharField(max_length=300, default="")
    requester_email = models.CharField(max_length=300, default="")
    public_key = models.TextField()
    fingerprint = models.CharField(max_length=200)
    """As the program writes it; it is compared as text."""
    state = models.CharField(max_length=8, default=WAITING)
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("tree.Entity", models.SET_NULL, null=True, related_name="+")
    comment = models.TextField(default="")

    class Meta:
        """A key asks once; what waits and what is approved is found at once."""

        constraints = [
            models.UniqueConstraint(fields=["uploader", "fingerprint"], name="registration_once")
        ]
        indexes = [models.Index(fields=["state", "id"], name="registration_state")]


class Experiment(models.Model):
    """A GROUP as uploading programs find it again: by title and by whose folder it was made for.
    Titles may repeat, names of groups do not."""

    group = models.OneToOneField("tree.Entity", models.CASCADE, primary_key=True, related_name="+")
    facility = models.ForeignKey("tree.Entity", models.CASCADE, related_name="+")
    title = PathField(db_index=True)
    description = models.TextField(default="")
    uploader = models.CharField(max_length=64, default="")
    user_folder = models.TextField(null=True)
    group_folder = models.TextField(null=True)
    owner = models.ForeignKey("tree.Entity", models.SET_NULL, null=True, related_name="+")
    """Whose folder it is, when that is a user."""
    created_by = models.ForeignKey("tree.Entity", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()


class Described(models.Model):
    """What an uploading program calls a dataset, where that is not the entity's own name."""

    dataset = models.OneToOneField(
        "datasets.Dataset", models.CASCADE, primary_key=True, related_name="+"
    )
    description = PathField()
    immutable = models.BooleanField(default=False)


class DataFile(models.Model):
    """A number for a path of a dataset, and what was announced of it. What is stored there the
    dataset knows; `staged` is where it lies, beneath the uploader's folder, until then."""

    id = models.BigAutoField(primary_key=True)
    dataset = models.ForeignKey(
        "datasets.Dataset", models.CASCADE, related_name="+", db_index=False
    )
    path = PathField()
    size = models.BigIntegerField()
    md5 = models.CharField(max_length=32, default="")
    """As announced, in hex; empty where nobody said."""
    mimetype = models.CharField(max_length=200, default="")
    created_text = models.CharField(max_length=40, default="")
    modified_text = models.CharField(max_length=40, default="")
    """Times of the file as the program wrote them, without a zone."""
    instrument = models.BigIntegerField(null=True)
    uploader = models.ForeignKey(Uploader, models.SET_NULL, null=True, related_name="files")
    by = models.ForeignKey("tree.Entity", models.PROTECT, related_name="+", db_index=False)
    stored = models.UUIDField(null=True)
    stored_at = models.DateTimeField(null=True)
    staged = models.TextField(default="")
    received = models.BigIntegerField(default=0)
    """Bytes that came in whole chunks."""
    problem = models.TextField(default="")
    """Why it is not stored yet, when that was tried."""
    announced_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)

    class Meta:
        """By path, and what waits."""

        constraints = [models.UniqueConstraint(fields=["dataset", "path"], name="datafile_by_path")]
        indexes = [
            models.Index(fields=["announced_at"], name="datafile_waiting", condition=~Q(staged="")),
            models.Index(fields=["instrument", "-id"], name="datafile_instrument"),
        ]


class Watch(models.Model):
    """When an instrument was last heard of, and after how long its silence is an alarm."""

    instrument = models.OneToOneField(
        "tree.Entity", models.CASCADE, primary_key=True, related_name="+"
    )
    stored_at = models.DateTimeField(null=True)
    """When a file from it was last stored, whoever sent it."""
    counted = models.BigIntegerField(default=0)
    """The last event of the record that its days count."""
    hours = models.IntegerField(null=True)
    """Of silence until the alarm; None where nobody wants one."""
    set_at = models.DateTimeField(null=True)
    silent_since = models.DateTimeField(null=True)
    """When the alarm went off; None while there is none."""


class Day(models.Model):
    """How many files from an instrument were stored on a day (UTC)."""

    id = models.BigAutoField(primary_key=True)
    instrument = models.ForeignKey("tree.Entity", models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    files = models.BigIntegerField(default=0)

    class Meta:
        """A day once."""

        constraints = [
            models.UniqueConstraint(fields=["instrument", "day"], name="instrument_day_once")
        ]

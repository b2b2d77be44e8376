"""The tables of datasets: the dataset itself, its current files by path, and its log."""

from __future__ import annotations

from django.db import models

from lagan.hub.base.fields import PathField

OPEN, CLOSED, EXPIRED, REMOVED = "open", "closed", "expired", "removed"
STATES = [(OPEN, "open"), (CLOSED, "closed"), (EXPIRED, "expired"), (REMOVED, "removed")]
MANUAL, AUTOMATED = "manual", "automated"
TYPES = [(MANUAL, "manual"), (AUTOMATED, "automated")]


class Dataset(models.Model):
    """A DATASET entity's own facts. The counters are kept by the transaction that attaches
    files.

    An automated one is fetched from `source_path` of its computer, beneath the computer's top, by
    the job `acquire_job`.
    """

    entity = models.OneToOneField("tree.Entity", models.PROTECT, primary_key=True, related_name="+")
    owner = models.ForeignKey("tree.Entity", models.PROTECT, related_name="+", db_index=False)
    computer = models.ForeignKey(
        "tree.Entity", models.PROTECT, null=True, related_name="+", db_index=False
    )
    type = models.CharField(max_length=9, choices=TYPES, default=MANUAL)
    source_path = models.TextField(default="")
    acquire_job = models.BigIntegerField(null=True)
    state = models.CharField(max_length=8, choices=STATES, default=OPEN)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)
    removed_from = models.CharField(max_length=8, default="")
    expires_at = models.DateTimeField(null=True)
    file_count = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)

    class Meta:
        """A search by any of these starts from the few that fit, newest first where one value is
        sought."""

        indexes = [
            models.Index(fields=["state", "entity"], name="dataset_state"),
            models.Index(fields=["type", "entity"], name="dataset_type"),
            models.Index(fields=["owner", "entity"], name="dataset_owner"),
            models.Index(fields=["computer", "entity"], name="dataset_computer"),
            models.Index(fields=["bytes", "entity"], name="dataset_bytes"),
            models.Index(fields=["file_count", "entity"], name="dataset_file_count"),
            models.Index(fields=["created_at", "entity"], name="dataset_created"),
            models.Index(fields=["closed_at", "entity"], name="dataset_closed"),
            models.Index(fields=["expires_at", "entity"], name="dataset_expires"),
            models.Index(fields=["removed_at", "entity"], name="dataset_removed"),
        ]


class Entry(models.Model):
    """One current file of a dataset. Size, version and digest repeat the immutable File so that
    lists and look-ups read one table by key."""

    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="+", db_index=False)
    path = PathField()
    stored = models.ForeignKey("archive.File", models.PROTECT, related_name="+")
    file_id = models.CharField(max_length=128)
    version = models.IntegerField()
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, null=True)
    crc32 = models.BigIntegerField()
    mtime_ns = models.BigIntegerField()
    added_at = models.DateTimeField()

    class Meta:
        """The key of every list and look-up."""

        constraints = [models.UniqueConstraint(fields=["dataset", "path"], name="entry_by_path")]


class RemovedEntry(models.Model):
    """A path that has no current file any more, while its versions remain in the archive: the file
    id under which a new one goes on, and the newest version there was."""

    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="+", db_index=False)
    path = PathField()
    file_id = models.CharField(max_length=128)
    version = models.IntegerField()
    removed_at = models.DateTimeField()
    by = models.BigIntegerField(null=True)

    class Meta:
        """By path, as entries are."""

        constraints = [models.UniqueConstraint(fields=["dataset", "path"], name="removed_by_path")]


class JobDataset(models.Model):
    """A dataset that a job fills, made by whichever of its tasks comes first."""

    job = models.BigIntegerField()
    group = models.BigIntegerField()
    name = models.TextField()
    """As the job asked for it; empty for one named after the job."""
    dataset = models.ForeignKey(Dataset, models.CASCADE, null=True, related_name="+")
    close = models.BooleanField(default=True)
    """Whether it is closed when the job has ended well."""
    folder = models.BinaryField(default=b"")
    """The folder of the site to which its paths are relative, as bytes."""

    class Meta:
        """One for each of a job's wishes."""

        constraints = [
            models.UniqueConstraint(fields=["job", "group", "name"], name="dataset_of_job_once")
        ]


class LogLine(models.Model):
    """A line of a dataset's log, for people. Levels as in `seeds/dataset-archive.txt`: DEBUG to
    FATAL."""

    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    level = models.CharField(max_length=8)
    text = models.TextField()
    by = models.CharField(max_length=150)

    class Meta:
        """Newest first, by key."""

        indexes = [models.Index(fields=["dataset", "-id"], name="log_of_dataset")]


class Document(models.Model):
    """The words of a dataset, each once (`search.words.document`): those of its name and of its
    open metadata. The database's own index of words follows this table by itself (migration 4)."""

    entity = models.OneToOneField("tree.Entity", models.CASCADE, primary_key=True, related_name="+")
    text = models.TextField()


class SavedSearch(models.Model):
    """A search that somebody keeps under a name; `group` also has it, for its members to run with
    their own rights."""

    owner = models.ForeignKey("tree.Entity", models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=100)
    group = models.ForeignKey("tree.Entity", models.SET_NULL, null=True, related_name="+")
    query = models.TextField()
    """Its parameters, as an address has them."""
    changed_at = models.DateTimeField()

    class Meta:
        """A name once for each owner."""

        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_search_name")]


class Publication(models.Model):
    """A closed dataset that anybody may look up; with `files` also its content is for anybody."""

    dataset = models.OneToOneField(
        Dataset, models.CASCADE, primary_key=True, related_name="publication"
    )
    files = models.BooleanField()
    at = models.DateTimeField()
    by = models.ForeignKey("tree.Entity", models.PROTECT, null=True, related_name="+")


class ShareLink(models.Model):
    """Whoever has its token reads `folder` of the dataset and what is beneath it.

    Of the token only the SHA-256 is kept: 256 random bits need no slow hash. The password, which a
    person chose, is kept by Argon2; empty without one.
    """

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="+", db_index=False)
    folder = PathField(default="")
    hash = models.CharField(max_length=64, unique=True)
    password = models.CharField(max_length=128, default="")
    note = models.CharField(max_length=300, default="")
    by = models.ForeignKey("tree.Entity", models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    most_downloads = models.IntegerField(null=True)
    downloads = models.IntegerField(default=0)
    used_at = models.DateTimeField(null=True)
    downloaded_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    locked_until = models.DateTimeField(null=True)

    class Meta:
        """A dataset's links, newest first."""

        indexes = [models.Index(fields=["dataset", "-id"], name="share_of_dataset")]


class Quota(models.Model):
    """What the datasets beneath a group may take together. `used_*` is what was counted up to
    `counted_at` (None: it must be counted again); what came since is in the changes."""

    group = models.OneToOneField("tree.Entity", models.CASCADE, primary_key=True, related_name="+")
    bytes = models.BigIntegerField(null=True)
    files = models.BigIntegerField(null=True)
    levels = models.CharField(max_length=40, default="80,90")
    reached = models.IntegerField(default=0)
    used_bytes = models.BigIntegerField(default=0)
    used_files = models.BigIntegerField(default=0)
    counted_at = models.DateTimeField(null=True)


class QuotaChange(models.Model):
    """What one transaction added beneath a group. Appended, so that uploads do not wait for each
    other's row; folded into the quota afterwards."""

    quota = models.ForeignKey(Quota, models.CASCADE, related_name="changes")
    bytes = models.BigIntegerField()
    files = models.BigIntegerField()

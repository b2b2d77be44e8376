"""The archive server's own tables, column for column, so that its databases and the tools that read
them go on as they are; and one table of ours beside them.

Source: reference/ngas-http.md section 13. Times are the texts of `moments.py`. Who reads and writes
them does so through `catalogue.py`, `disks.py` and their kin.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models

IGNORE_COLUMN: str = getattr(settings, "NODE_IGNORE_COLUMN", "file_ignore")
"""Old installations call it `ignore` (Db.UseFileIgnore)."""


class _AsItIs:
    """In a table that is there already the column may be numeric: its values are read as the
    field's own kind all the same, and for migrations the field is Django's."""

    kind: ClassVar[type[int] | type[float]] = int

    def from_db_value(self, value: Any, *_: object) -> Any:
        """A number of the field's kind."""
        return self.kind(value) if isinstance(value, Decimal | float | int) else value

    def deconstruct(self) -> Any:
        """As Django's field of the same name."""
        name, path, args, kwargs = super().deconstruct()  # type: ignore[misc]
        return name, f"django.db.models.{path.rpartition('.')[2].lstrip('_')}", args, kwargs


if TYPE_CHECKING:
    _IntegerField = models.IntegerField
    _SmallIntegerField = models.SmallIntegerField
    _BigIntegerField = models.BigIntegerField
    _FloatField = models.FloatField
else:

    class _IntegerField(_AsItIs, models.IntegerField):
        pass

    class _SmallIntegerField(_AsItIs, models.SmallIntegerField):
        pass

    class _BigIntegerField(_AsItIs, models.BigIntegerField):
        pass

    class _FloatField(_AsItIs, models.FloatField):
        kind = float


def _text(length: int, *, key: bool = False) -> models.CharField[str, str]:
    return models.CharField(max_length=length, primary_key=key)


def _maybe(length: int) -> models.CharField[str | None, str | None]:
    return models.CharField(max_length=length, null=True)  # noqa: DJ001 - as the tables are


class StoredFile(models.Model):
    """One copy of one version of a file on one disk."""

    pk = models.CompositePrimaryKey("file_id", "file_version", "disk_id")
    disk_id = _text(128)
    file_name = _text(1024)
    file_id = _text(1024)
    file_version = _IntegerField(default=1)
    format = _maybe(128)
    file_size = _BigIntegerField()
    uncompressed_file_size = _BigIntegerField()
    compression = _maybe(128)
    ingestion_date = _maybe(23)
    file_ignore = _IntegerField(null=True, default=0, db_column=IGNORE_COLUMN)
    checksum = _maybe(64)
    checksum_plugin = _maybe(64)
    file_status = models.CharField(max_length=8, null=True, default="00000000")  # noqa: DJ001
    creation_date = _maybe(23)
    container_id = _maybe(36)
    ingestion_rate = _FloatField(null=True)
    io_time = _FloatField(null=True, default=-1)

    class Meta:
        """`ngas_files`."""

        db_table = "ngas_files"
        indexes: ClassVar = [
            models.Index(fields=["disk_id", "file_name"], name="ngas_files_place"),
            models.Index(fields=["ingestion_date"], name="ngas_files_date"),
            models.Index(fields=["container_id"], name="ngas_files_container"),
            models.Index(
                fields=["disk_id", "file_id", "file_version"],
                name="ngas_files_damaged",
                condition=models.Q(file_status__gte="1"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_id} v{self.file_version} on {self.disk_id}"


class Proof(models.Model):
    """What we know of a copy beyond the archive server's columns: its digests, its line in its
    disk's journal, and what was last seen of it."""

    pk = models.CompositePrimaryKey("file_id", "file_version", "disk_id")
    disk_id = _text(128)
    file_id = _text(1024)
    file_version = _IntegerField()
    line = models.UUIDField()
    sha256 = _maybe(64)
    crc32c = _BigIntegerField()
    crc32 = _BigIntegerField()
    checked_at = models.DateTimeField(null=True)
    # Empty when it was in order: what was wrong, in a sentence.
    finding = models.TextField(default="")

    class Meta:
        """The oldest look first is how a check goes through a disk."""

        db_table = "node_proof"
        indexes: ClassVar = [
            models.Index(fields=["disk_id", "checked_at"], name="node_proof_age"),
            models.Index(
                fields=["disk_id", "file_id"],
                name="node_proof_damage",
                condition=~models.Q(finding=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_id} v{self.file_version} on {self.disk_id}"


class Disk(models.Model):
    """A volume, wherever it is just now."""

    disk_id = _text(128, key=True)
    archive = _maybe(64)
    installation_date = _maybe(23)
    type = _maybe(64)
    manufacturer = _maybe(64)
    capacity_mb = _BigIntegerField(null=True, default=0)
    logical_name = models.CharField(max_length=128, null=True, unique=True)  # noqa: DJ001
    host_id = _maybe(128)
    slot_id = _maybe(255)
    mounted = _SmallIntegerField(null=True, default=0)
    mount_point = _maybe(1024)
    number_of_files = _IntegerField(default=0)
    available_mb = _BigIntegerField(default=0)
    bytes_stored = _BigIntegerField(default=0)
    completed = _SmallIntegerField(default=0)
    completion_date = _maybe(23)
    checksum = _maybe(64)
    total_disk_write_time = _FloatField(null=True, default=0.0)
    last_check = _maybe(23)
    last_host_id = _maybe(128)

    class Meta:
        """`ngas_disks`."""

        db_table = "ngas_disks"

    def __str__(self) -> str:
        return self.logical_name or self.disk_id


class DiskEvent(models.Model):
    """What happened to a disk."""

    id = models.BigAutoField(primary_key=True)
    disk_id = _text(128)
    hist_date = _text(23)
    hist_origin = _text(64)
    hist_synopsis = _text(255)
    hist_descr_mime_type = _maybe(64)
    hist_descr = models.TextField(null=True)  # noqa: DJ001 - as the tables are

    class Meta:
        """`ngas_disks_hist`."""

        db_table = "ngas_disks_hist"

    def __str__(self) -> str:
        return f"{self.disk_id}: {self.hist_synopsis}"


class Host(models.Model):
    """A node of the cluster."""

    host_id = _text(128, key=True)
    domain = _maybe(128)
    ip_address = _maybe(64)
    mac_address = _maybe(64)
    n_slots = _SmallIntegerField(null=True)
    cluster_name = _maybe(128)
    installation_date = _maybe(23)
    srv_version = _maybe(64)
    srv_port = _IntegerField(null=True)
    srv_archive = _SmallIntegerField(null=True)
    srv_retrieve = _SmallIntegerField(null=True)
    srv_process = _SmallIntegerField(null=True)
    srv_remove = _SmallIntegerField(null=True)
    srv_state = _maybe(20)
    srv_data_checking = _SmallIntegerField(null=True)
    srv_check_start = _maybe(23)
    srv_check_remain = _IntegerField(null=True)
    srv_check_end = _maybe(23)
    srv_check_rate = _FloatField(null=True)
    srv_check_mb = _FloatField(null=True)
    srv_checked_mb = _FloatField(null=True)
    srv_check_files = _BigIntegerField(null=True)
    srv_check_count = _BigIntegerField(null=True)
    srv_suspended = _SmallIntegerField(null=True, default=0)
    srv_req_wake_up_srv = _maybe(128)
    srv_req_wake_up_time = _maybe(23)

    class Meta:
        """`ngas_hosts`."""

        db_table = "ngas_hosts"

    def __str__(self) -> str:
        return self.host_id


class Container(models.Model):
    """A named group of files, in a tree."""

    container_id = _text(36, key=True)
    parent_container_id = _maybe(36)
    container_name = _text(255)
    ingestion_date = _maybe(23)
    container_size = _BigIntegerField(default=0)
    container_type = _maybe(10)

    class Meta:
        """`ngas_containers`."""

        db_table = "ngas_containers"
        indexes: ClassVar = [
            models.Index(
                fields=["parent_container_id", "container_name"], name="ngas_containers_name"
            ),
            models.Index(fields=["container_name"], name="ngas_containers_called"),
        ]

    def __str__(self) -> str:
        return self.container_name


class Subscriber(models.Model):
    """Who is sent every new file."""

    subscr_id = _text(255, key=True)
    host_id = _maybe(128)
    srv_port = _IntegerField(null=True)
    subscr_prio = _SmallIntegerField(null=True)
    subscr_url = _text(2000)
    subscr_start_date = _maybe(23)
    subscr_filter_plugin = _maybe(255)
    subscr_filter_plugin_pars = _maybe(2000)
    last_file_ingestion_date = _maybe(23)
    concurrent_threads = _IntegerField(null=True, default=1)

    class Meta:
        """`ngas_subscribers`."""

        db_table = "ngas_subscribers"

    def __str__(self) -> str:
        return self.subscr_id


class Delivery(models.Model):
    """A file on its way to a subscriber: -2 waits, -1 is being sent, 0 is done, above 0 failed so
    often."""

    pk = models.CompositePrimaryKey("subscr_id", "file_id", "file_version", "disk_id")
    subscr_id = _text(255)
    file_id = _text(1024)
    file_version = _IntegerField()
    disk_id = _text(128)
    file_name = _text(1024)
    ingestion_date = _maybe(23)
    format = _maybe(128)
    status = _IntegerField(default=-2)
    status_date = _maybe(23)
    comment = _maybe(2000)

    class Meta:
        """`ngas_subscr_queue`."""

        db_table = "ngas_subscr_queue"
        indexes: ClassVar = [
            models.Index(fields=["subscr_id", "status", "ingestion_date"], name="ngas_subscr_due"),
        ]

    def __str__(self) -> str:
        return f"{self.file_id} v{self.file_version} to {self.subscr_id}"


class BackLog(models.Model):
    """A delivery that failed, as the archive server's tools look for it. The last four columns are
    ours: since when, how often, when it is tried again, and whether the receiver may have it."""

    id = models.BigAutoField(primary_key=True)
    host_id = _maybe(128)
    srv_port = _IntegerField(null=True)
    subscr_id = _text(255)
    subscr_url = _text(2000)
    file_id = _text(1024)
    file_name = _text(1024)
    file_version = _IntegerField()
    ingestion_date = _maybe(23)
    format = _maybe(128)
    since = models.DateTimeField(null=True)
    failures = models.IntegerField(null=True)
    due = models.DateTimeField(null=True)
    unsure = models.BooleanField(null=True)

    class Meta:
        """`ngas_subscr_back_log`."""

        db_table = "ngas_subscr_back_log"
        indexes: ClassVar = [
            models.Index(fields=["subscr_id", "due"], name="ngas_subscr_again"),
            models.Index(fields=["subscr_id", "file_id"], name="ngas_subscr_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.file_id} v{self.file_version} to {self.subscr_id}"


class Feed(models.Model):
    """Whose files a subscriber is sent: those of one host, or of several for a data mover; and how
    far the files that were there before were gone through, by date, id, version and disk."""

    id = models.BigAutoField(primary_key=True)
    subscr_id = _text(255)
    host_id = _text(128)
    suspended = models.BooleanField(default=False)
    filled = models.BooleanField(default=False)
    after_date = models.CharField(max_length=23, default="")
    after_id = models.CharField(max_length=1024, default="")
    after_version = models.IntegerField(default=0)
    after_disk = models.CharField(max_length=128, default="")

    class Meta:
        """A host once for each subscriber."""

        db_table = "node_feed"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["host_id", "subscr_id"], name="node_feed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.host_id} to {self.subscr_id}"


class Cached(models.Model):
    """A copy of a node in cache mode."""

    pk = models.CompositePrimaryKey("disk_id", "file_id", "file_version")
    disk_id = _text(128)
    file_id = _text(1024)
    file_version = _IntegerField()
    cache_time = _FloatField()
    cache_delete = _SmallIntegerField(default=0)

    class Meta:
        """`ngas_cache`."""

        db_table = "ngas_cache"

    def __str__(self) -> str:
        return f"{self.file_id} v{self.file_version} on {self.disk_id}"


class MirrorItem(models.Model):
    """A file of another cluster that is to be, or was, fetched."""

    pk = models.CompositePrimaryKey("instance_id", "file_id", "file_version")
    instance_id = _text(128)
    file_id = _text(1024)
    file_version = _IntegerField()
    ingestion_date = _maybe(23)
    srv_list_id = _IntegerField(null=True)
    xml_file_info = models.TextField(null=True)  # noqa: DJ001 - as the tables are
    status = _IntegerField(default=0)
    message = models.TextField(null=True)  # noqa: DJ001 - as the tables are
    last_activity_time = _maybe(23)
    scheduling_time = _maybe(23)

    class Meta:
        """`ngas_mirroring_queue`."""

        db_table = "ngas_mirroring_queue"

    def __str__(self) -> str:
        return f"{self.file_id} v{self.file_version} of {self.instance_id}"


class MirrorSource(models.Model):
    """How far the list of a cluster that is mirrored was read: up to which ingestion date of its
    own, and when it was last read as a whole."""

    id = _text(128, key=True)
    listed_to = models.CharField(max_length=23, default="")
    listed_at = models.DateTimeField(null=True)
    complete_at = models.DateTimeField(null=True)

    class Meta:
        """Ours."""

        db_table = "node_mirror_source"

    def __str__(self) -> str:
        return self.id


class ConfigGroup(models.Model):
    """A configuration that is kept in the database."""

    cfg_name = _text(32, key=True)
    cfg_par_group_ids = models.TextField()
    cfg_comment = models.TextField(null=True)  # noqa: DJ001 - as the tables are

    class Meta:
        """`ngas_cfg`."""

        db_table = "ngas_cfg"

    def __str__(self) -> str:
        return self.cfg_name


class ConfigValue(models.Model):
    """One value of it, by its simplified XPath."""

    id = models.BigAutoField(primary_key=True)
    cfg_group_id = _text(32)
    cfg_par = _text(128)
    cfg_val = _text(255)
    cfg_comment = _maybe(255)

    class Meta:
        """`ngas_cfg_pars`."""

        db_table = "ngas_cfg_pars"

    def __str__(self) -> str:
        return self.cfg_par

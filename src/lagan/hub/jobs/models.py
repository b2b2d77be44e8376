"""The rows that are the truth about work: sites, jobs, tasks, schedules."""

from __future__ import annotations

from django.db import models

from lagan.hub.jobs.rules import JobState, TaskState


class Site(models.Model):
    """A place where tasks run; at most `limit` of them at once."""

    name = models.TextField(unique=True)
    title = models.TextField(default="", blank=True)
    limit = models.PositiveIntegerField(default=4)
    seen = models.DateTimeField(null=True)
    """When a worker of the site last said that it is there."""
    worker = models.TextField(default="", blank=True)
    """Which worker said so."""

    def __str__(self) -> str:
        return self.name


class Job(models.Model):
    """A piece of work somebody asked for: its tasks, and the sums of their outcomes."""

    kind = models.TextField()
    title = models.TextField()
    state = models.TextField(choices=JobState, default=JobState.PENDING)
    # Ids, not foreign keys: a job's record outlives the person and the entity it was about.
    created_by = models.BigIntegerField(null=True)
    created_by_name = models.TextField(default="")
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    key = models.TextField(unique=True, null=True)
    """Asking twice with one key makes one job."""
    args = models.JSONField(default=dict)
    total = models.BigIntegerField(default=0)
    processed = models.BigIntegerField(default=0)
    skipped = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)

    class Meta:
        indexes = (
            models.Index(fields=["created_by", "id"], name="job_by_creator"),
            models.Index(fields=["state", "id"], name="job_by_state"),
        )

    def __str__(self) -> str:
        return f"{self.title} ({self.pk})"


class Task(models.Model):
    """A batch of a job's items for one step at one site. `attempt` fences every change that a
    worker makes."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="tasks", db_index=False)
    step = models.TextField()
    site = models.ForeignKey(Site, to_field="name", on_delete=models.PROTECT, db_index=False)
    state = models.TextField(choices=TaskState, default=TaskState.QUEUED)
    priority = models.SmallIntegerField(default=0)
    not_before = models.DateTimeField()
    attempt = models.PositiveIntegerField(default=0)
    errors = models.PositiveIntegerField(default=0)
    """Attempts whose step raised."""
    lapses = models.PositiveIntegerField(default=0)
    """Attempts whose worker vanished."""
    lease_until = models.DateTimeField(null=True)
    worker = models.TextField(default="")
    published = models.DateTimeField(null=True)
    """When a broker confirmed a message about it; a queued task without one has none on its way."""
    cancel = models.BooleanField(default=False)
    args = models.JSONField(default=dict)
    items = models.BinaryField(default=b"")
    """The items, packed (see `packing`)."""
    item_count = models.PositiveIntegerField(default=0)
    done_items = models.PositiveIntegerField(default=0)
    done_bytes = models.BigIntegerField(default=0)
    skipped_items = models.PositiveIntegerField(default=0)
    failed_items = models.PositiveIntegerField(default=0)
    failures = models.BinaryField(default=b"")
    """Failed and skipped items with their reasons, packed."""
    result = models.JSONField(default=dict)
    error = models.TextField(default="")
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=["site", "state", "-priority", "id"], name="task_due"),
            models.Index(fields=["job", "state", "id"], name="task_by_job"),
            models.Index(
                fields=["lease_until"],
                name="task_leases",
                condition=models.Q(state=TaskState.RUNNING),
            ),
            models.Index(
                fields=["published"],
                name="task_published",
                condition=models.Q(state=TaskState.QUEUED),
            ),
        )

    def __str__(self) -> str:
        return f"{self.step} {self.pk} of job {self.job_id}"


class Schedule(models.Model):
    """When something periodic runs next; whoever advances `next_run` runs it."""

    name = models.TextField(unique=True)
    every = models.TextField()
    """Seconds as a number, or five cron fields in UTC."""
    next_run = models.DateTimeField()
    enabled = models.BooleanField(default=True)
    last_error = models.TextField(default="", blank=True)

    def __str__(self) -> str:
        return self.name

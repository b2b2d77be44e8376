"""The rows that are the truth about work: sites and their workers, workflows, jobs, tasks,
schedules."""

from __future__ import annotations

from django.db import models

from lagan.hub.jobs.rules import WALK, JobState, TaskState


class Site(models.Model):
    """A place where tasks run; at most `limit` of them at once."""

    name = models.TextField(unique=True)
    title = models.TextField(default="", blank=True)
    limit = models.PositiveIntegerField(default=4)
    addresses = models.JSONField(default=list)
    """The site's network addresses, as people entered them; nothing connects to them."""
    place = models.BigIntegerField(null=True)
    """The group of the tree in which one may browse the site (TASK_READ) or run something there
    (TASK_CREATE); none: the root. An id, since a site outlives a group."""
    seen = models.DateTimeField(null=True)
    """When a worker of the site last said that it is there."""
    worker = models.TextField(default="", blank=True)
    """Which worker said so."""

    def __str__(self) -> str:
        return self.name


class SiteWorker(models.Model):
    """A process that serves a site, as it last told of itself."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="workers")
    name = models.TextField()
    facts = models.JSONField(default=dict)
    """`lagan.worker.ledger.WorkerFacts` without its name and sites."""
    started = models.DateTimeField(auto_now_add=True)
    seen = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["site", "name"], name="worker_of_site_once"),
        )

    def __str__(self) -> str:
        return self.name


class SiteKey(models.Model):
    """What the workers of a site show the hub; its text was shown once and is kept hashed."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="keys")
    name = models.TextField()
    prefix = models.TextField(unique=True)
    hash = models.TextField()
    created = models.DateTimeField(auto_now_add=True)
    created_by_name = models.TextField(default="")
    used = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} of {self.site_id}"


class Question(models.Model):
    """Something that somebody waits to hear from a site, from any of its workers: the content of a
    folder. Not work: it is answered within seconds or not at all, and leaves no trace."""

    site = models.ForeignKey(Site, to_field="name", on_delete=models.CASCADE, db_index=False)
    verb = models.TextField()
    args = models.BinaryField(default=b"")
    """JSON, compressed: names of any bytes survive (see `packing`)."""
    asked = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    taken = models.DateTimeField(null=True)
    answered = models.DateTimeField(null=True)
    answer = models.BinaryField(default=b"")
    error = models.JSONField(null=True)
    """A refusal: `code`, `sentence`, `status`."""

    class Meta:
        indexes = (models.Index(fields=["site", "taken", "id"], name="question_due"),)

    def __str__(self) -> str:
        return f"{self.verb} at {self.site_id}"


class Workflow(models.Model):
    """Steps under a name, with the fields that whoever runs them fills in."""

    name = models.TextField(unique=True)
    label = models.TextField()
    icon = models.TextField(default="", blank=True)
    """HTML of an icon, as it was given; pages show it never as HTML."""
    steps = models.JSONField(default=list)
    fields = models.JSONField(default=list)
    default = models.BooleanField(default=False)
    """Lagan brought it."""
    removed = models.DateTimeField(null=True)
    """Since when one that Lagan brought is gone; it can be brought back."""
    created_by = models.BigIntegerField(null=True)
    changed = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name


class FileStatusType(models.Model):
    """How a file's state at a site is shown: its words and two colours."""

    key = models.TextField(unique=True)
    label = models.TextField()
    background_color = models.TextField()
    text_color = models.TextField()

    def __str__(self) -> str:
        return self.key


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
    site = models.TextField(default="", blank=True)
    """The site at which a workflow was started; a name, since the job outlives the site."""
    discovery = models.TextField(null=True)
    stages = models.JSONField(default=list)
    """The steps of a workflow as they were when it was started, fields filled in: `step`, `site`,
    `args`. Empty for the hub's own jobs, whose tasks do not follow each other."""
    fields = models.JSONField(default=dict)
    filters = models.JSONField(default=dict)
    paths = models.BinaryField(default=b"")
    """What it was started on, packed (see `packing`)."""
    paused = models.DateTimeField(null=True)
    """Since when nothing new of it is begun."""
    outside = models.BooleanField(default=False)
    """Somebody else's program runs it and tells its numbers; it has no tasks here yet."""
    resubmits = models.BigIntegerField(null=True)
    """The job of which it is a repetition."""
    total = models.BigIntegerField(default=0)
    processed = models.BigIntegerField(default=0)
    skipped = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)
    categories = models.JSONField(default=dict)
    """How many items failed or were skipped, by category; the same sums as above, finer."""

    class Meta:
        indexes = (
            models.Index(fields=["created_by", "id"], name="job_by_creator"),
            models.Index(fields=["created_by_name", "id"], name="job_by_owner"),
            models.Index(fields=["state", "id"], name="job_by_state"),
            models.Index(fields=["kind", "id"], name="job_by_kind"),
            models.Index(fields=["site", "id"], name="job_by_site"),
            models.Index(fields=["created"], name="job_by_time"),
            models.Index(
                fields=["resubmits", "id"],
                name="job_repeats",
                condition=models.Q(resubmits__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.title} ({self.pk})"


class Task(models.Model):
    """A batch of a job's items for one step at one site. `attempt` fences every change that a
    worker makes."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="tasks", db_index=False)
    step = models.TextField()
    stage = models.SmallIntegerField(default=0)
    """Which of the job's stages it is of; WALK for one that looks for the job's items."""
    after = models.BigIntegerField(null=True, unique=True)
    """The task of the stage before whose items it goes on with."""
    found_by = models.BigIntegerField(null=True)
    """The walk that found its items; it is FOUND, and nobody's, until that walk ends well."""
    found_attempt = models.PositiveIntegerField(default=0)
    found_number = models.PositiveIntegerField(null=True)
    """Which of the walk's batches it is, if that was told over a network: one that is told twice
    is kept once."""
    # Not held by the database: the record of a task outlives its site (see `sites.remove_site`).
    site = models.ForeignKey(
        Site, to_field="name", on_delete=models.DO_NOTHING, db_index=False, db_constraint=False
    )
    state = models.TextField(choices=TaskState, default=TaskState.QUEUED)
    priority = models.SmallIntegerField(default=0)
    not_before = models.DateTimeField()
    attempt = models.PositiveIntegerField(default=0)
    errors = models.PositiveIntegerField(default=0)
    """Attempts whose step raised."""
    again = models.PositiveSmallIntegerField(default=0)
    """How often its items failed before in a way that trying again may cure."""
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
    already_items = models.PositiveIntegerField(default=0)
    """Of the skipped ones those that went on to the next stage, and so count there."""
    failed_items = models.PositiveIntegerField(default=0)
    failures = models.BinaryField(default=b"")
    """Failed and skipped items with their reasons, packed."""
    result = models.JSONField(default=dict)
    error = models.TextField(default="")
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["found_by", "found_attempt", "found_number"], name="task_found_once"
            ),
        )
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
            models.Index(
                fields=["found_by", "found_attempt"],
                name="task_found",
                condition=models.Q(state=TaskState.FOUND),
            ),
            models.Index(fields=["job"], name="task_walks", condition=models.Q(stage=WALK)),
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
    title = models.TextField(default="", blank=True)
    """What people call the one that they made; its `name` is made up."""
    run = models.JSONField(default=dict)
    """What it runs if people made it: `workflow`, `site`, `discovery`, `fields`, `filters`. Empty
    for those that rooms registered."""
    paths = models.BinaryField(default=b"")
    """What that runs on, packed (see `packing`)."""
    created_by = models.BigIntegerField(null=True)
    """As whom it runs."""
    created_by_name = models.TextField(default="", blank=True)
    last_run = models.DateTimeField(null=True)
    last_job = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return self.name

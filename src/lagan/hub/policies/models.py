"""Policies, and the runs that they had."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Policy(models.Model):
    """What one site does by itself when, or whenever, a filesystem there is too full."""

    site = models.ForeignKey("jobs.Site", models.CASCADE, related_name="+")
    title = models.TextField()
    definition = models.JSONField(default=dict)
    """As `lagan.hsm.policy.definition` reads it."""
    enabled = models.BooleanField(default=True)
    every = models.TextField(default="", blank=True)
    """Five cron fields in UTC, or a span like `6 h`; empty for one that only thresholds start."""
    next_run = models.DateTimeField(null=True)
    created_by = models.BigIntegerField(null=True)
    """As whom it runs: whoever last said what it does."""
    created_by_name = models.TextField(default="", blank=True)
    changed = models.DateTimeField(auto_now=True)
    last_error = models.TextField(default="", blank=True)
    """Why it could not be begun the last time, if so."""

    class Meta:
        indexes = (models.Index(fields=["enabled", "next_run"], name="policy_due"),)

    def __str__(self) -> str:
        return self.title


class Run(models.Model):
    """A job that a policy had. Only one is open at a time, beside one that only looks (`dry`)."""

    policy = models.ForeignKey(Policy, models.CASCADE, related_name="runs", db_index=False)
    job = models.BigIntegerField(null=True, unique=True)
    """A number, since jobs are forgotten; null only while the job is being made."""
    dry = models.BooleanField(default=False)
    cause = models.TextField()
    """See `rules.Cause`."""
    by_name = models.TextField(default="", blank=True)
    started = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True)
    state = models.TextField(default="", blank=True)
    """How its job ended."""
    moved = models.BigIntegerField(default=0)
    """Files whose content went."""
    report = models.JSONField(null=True)
    """What its walk chose (see `lagan.hsm.policy.report`)."""

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["policy", "dry"], condition=Q(finished=None), name="policy_runs_once"
            ),
        )
        indexes = (models.Index(fields=["policy", "dry", "-id"], name="run_of_policy"),)

    def __str__(self) -> str:
        return f"run {self.pk} of policy {self.policy_id}"

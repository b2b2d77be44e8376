"""The table of computers' connections; all other facts are the entity's own system metadata."""

from __future__ import annotations

from django.db import models


class Connection(models.Model):
    """How a COMPUTER proves who it is, and how the last try to reach it went.

    `host_key` is the one that a person confirmed; `offered_key` what it showed last, if another.
    """

    computer = models.OneToOneField(
        "tree.Entity", models.CASCADE, primary_key=True, related_name="+"
    )
    host_key = models.TextField(default="")
    confirmed_by = models.CharField(max_length=150, default="")
    confirmed_at = models.DateTimeField(null=True)
    offered_key = models.TextField(default="")
    tried_at = models.DateTimeField(null=True)
    worked = models.BooleanField(null=True)
    words = models.TextField(default="")

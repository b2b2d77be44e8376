"""The rows of the record: events, the end of their chain, and how far each reaction has come."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Q


class TransactionNumber(models.Func):
    """The number of the running transaction: 64 bits on PostgreSQL; 0 on SQLite, where writers come
    one by one."""

    template = "0"
    output_field = models.BigIntegerField()

    def as_postgresql(self, compiler: Any, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        """PostgreSQL's own number, which never wraps round."""
        return "(pg_current_xact_id()::text::bigint)", []


class Event(models.Model):
    """One act. Everything but the seal is written once; the seal is added later, also once (see
    `guard`)."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=60)
    actor = models.CharField(max_length=200)
    actor_entity = models.BigIntegerField(null=True)
    subject = models.BigIntegerField(null=True)
    data = (
        models.TextField()
    )  # canonical JSON in ASCII: what is hashed is what is stored, on any database
    result = models.CharField(max_length=60)
    transaction = models.BigIntegerField(db_default=TransactionNumber())
    sequence = models.BigIntegerField(null=True, unique=True)
    previous_hash = models.CharField(max_length=64, null=True)
    hash = models.CharField(max_length=64, null=True)

    class Meta:
        """Indexes for the questions: what is unsealed, what happened to this, what of these kinds
        comes next, what did they do, what was then."""

        indexes = [
            models.Index(F("id"), name="audit_unsealed", condition=Q(sequence=None)),
            models.Index(fields=["subject", "id"], name="audit_subject"),
            models.Index(fields=["kind", "sequence"], name="audit_kind"),
            models.Index(fields=["actor_entity", "id"], name="audit_actor_entity"),
            models.Index(fields=["actor", "id"], name="audit_actor"),
            models.Index(fields=["at", "id"], name="audit_at"),
        ]


class Head(models.Model):
    """The end of the chain: one row, so that events missing from the end are missed."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField()
    hash = models.CharField(max_length=64)


class Cursor(models.Model):
    """The last sequence that a reaction has dealt with."""

    name = models.CharField(max_length=100, primary_key=True)
    sequence = models.BigIntegerField(default=0)

"""The rows of the tree: entities, memberships, grants, metadata, templates."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Left

from lagan.hub.base.fields import PathField
from lagan.hub.tree.rules import folded


class FoldedField(PathField):
    """The name as a search compares it, kept beside it by every write through the model: no
    database folds letters beyond ASCII alike."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        """What `name` folds to."""
        value = folded(model_instance.name)  # type: ignore[attr-defined]
        setattr(model_instance, self.attname, value)
        return value


HEAD = 64
"""Characters of a metadata value that are indexed: all of most, and an index entry stays small."""


class Type(models.TextChoices):
    """What an entity is."""

    GROUP = "GROUP"
    USER = "USER"
    COMPUTER = "COMPUTER"
    DATASET = "DATASET"
    TEMPLATE = "TEMPLATE"
    TASK = "TASK"
    STORE = "STORE"
    INTERFACE = "INTERFACE"
    NOTICE = "NOTICE"


class Entity(models.Model):
    """A named place in the tree. `path` is the ids of its ancestors and itself (`rules.path_of`);
    the root is its own parent."""

    id = models.BigAutoField(primary_key=True)
    type = models.CharField(max_length=9, choices=Type.choices)
    name = PathField()
    folded = FoldedField(db_default="", editable=False)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="children", db_index=False
    )
    path = PathField(unique=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Names are unique among siblings of a type: a path of names leads to one entity."""

        constraints = [
            models.UniqueConstraint(fields=["parent", "type", "name"], name="tree_sibling_names"),
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(type="TEMPLATE"), name="tree_template_names"
            ),
        ]
        indexes = [
            models.Index(fields=["type", "name", "id"], name="tree_type_name"),
            models.Index(
                fields=["path"], name="tree_group_path", condition=models.Q(type=Type.GROUP)
            ),
            models.Index(
                fields=["path"], name="tree_user_path", condition=models.Q(type=Type.USER)
            ),
            models.Index(fields=["folded", "id"], name="tree_folded"),
            models.Index(
                fields=["path"], name="tree_dataset_path", condition=models.Q(type="DATASET")
            ),
            models.Index(
                fields=["parent", "id"],
                name="tree_dataset_parent",
                condition=models.Q(type="DATASET"),
            ),
        ]

    def __str__(self) -> str:
        """For logs and tests."""
        return f"{self.type} {self.id} {self.name}"


class Membership(models.Model):
    """`member` holds the role `group`, and every role of it."""

    id = models.BigAutoField(primary_key=True)
    member = models.ForeignKey(
        Entity, on_delete=models.CASCADE, related_name="memberships", db_index=False
    )
    group = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="members")

    class Meta:
        """One row a pair."""

        constraints = [
            models.UniqueConstraint(fields=["member", "group"], name="tree_membership_once")
        ]


class Grant(models.Model):
    """What the role `subject` is granted or denied at `object` and, by inheritance, beneath it."""

    id = models.BigAutoField(primary_key=True)
    subject = models.ForeignKey(
        Entity, on_delete=models.CASCADE, related_name="holds", db_index=False
    )
    object = models.ForeignKey(
        Entity, on_delete=models.CASCADE, related_name="grants", db_index=False
    )
    permission = models.CharField(max_length=40)
    deny = models.BooleanField()

    class Meta:
        """By subject for lists, by object for checks."""

        constraints = [
            models.UniqueConstraint(
                fields=["subject", "permission", "object", "deny"], name="tree_grant_once"
            )
        ]
        indexes = [models.Index(fields=["object", "subject"], name="tree_grant_object")]


class Metadata(models.Model):
    """One value of a key of an entity. Every value has its text; a number or a time has that as
    well, to compare by."""

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey(
        Entity, on_delete=models.CASCADE, related_name="metadata", db_index=False
    )
    key = PathField()
    position = models.IntegerField()
    text = models.TextField()
    head = models.GeneratedField(
        expression=Left("text", HEAD), output_field=PathField(), db_persist=True
    )
    """The beginning of the text, kept by the database itself, compared by code point."""
    number = models.FloatField(null=True)
    time = models.DateTimeField(null=True)

    class Meta:
        """One value a place. What equals a value is found in the order of entities."""

        constraints = [
            models.UniqueConstraint(
                fields=["entity", "key", "position"], name="tree_metadata_place"
            )
        ]
        indexes = [
            models.Index(fields=["key", "head", "entity"], name="tree_metadata_head"),
            models.Index(fields=["key", "number", "entity"], name="tree_metadata_number"),
            models.Index(fields=["key", "time", "entity"], name="tree_metadata_time"),
        ]


class TemplateField(models.Model):
    """What a TEMPLATE entity says of one key; `defaults` is a list of texts, in order."""

    id = models.BigAutoField(primary_key=True)
    template = models.ForeignKey(
        Entity, on_delete=models.CASCADE, related_name="fields", db_index=False
    )
    position = models.IntegerField()
    key = PathField()
    defaults = models.JSONField(default=list)
    regex = models.TextField(default="")
    mandatory = models.BooleanField(default=False)
    nonoverride = models.BooleanField(default=False)
    singular = models.BooleanField(default=False)
    multiple = models.BooleanField(default=False)
    persistent = models.BooleanField(default=False)
    least = models.IntegerField(default=0)
    most = models.IntegerField(null=True)
    comment = models.TextField(default="")

    class Meta:
        """A key once in a template."""

        constraints = [
            models.UniqueConstraint(fields=["template", "key"], name="tree_template_key")
        ]


class TemplateAssignment(models.Model):
    """A template counts for entities of `type` in `group` and beneath it; a later `position`
    overrides an earlier one. A template that is assigned somewhere is not removed."""

    id = models.BigAutoField(primary_key=True)
    group = models.ForeignKey(
        Entity, on_delete=models.CASCADE, related_name="templates", db_index=False
    )
    type = models.CharField(max_length=9, choices=Type.choices)
    position = models.IntegerField()
    template = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="assignments")

    class Meta:
        """A template once in a list."""

        constraints = [
            models.UniqueConstraint(
                fields=["group", "type", "template"], name="tree_template_assigned_once"
            )
        ]


class MetadataChange(models.Model):
    """One key's values before and after an act; `by` is None for the system itself."""

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey(
        Entity, on_delete=models.CASCADE, related_name="metadata_changes", db_index=False
    )
    at = models.DateTimeField()
    by = models.ForeignKey(Entity, on_delete=models.SET_NULL, null=True, related_name="+")
    key = PathField()
    before = models.JSONField(default=list)
    after = models.JSONField(default=list)

    class Meta:
        """An entity's history, newest first."""

        indexes = [models.Index(fields=["entity", "-id"], name="tree_metadata_history")]

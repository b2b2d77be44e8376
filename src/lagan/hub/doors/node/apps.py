"""The archive node as one of Django's apps."""

from __future__ import annotations

from django.apps import AppConfig


class NodeConfig(AppConfig):
    """Its tables are those of the archive server, by their own names."""

    name = "lagan.hub.doors.node"
    label = "node"
    default_auto_field = "django.db.models.BigAutoField"

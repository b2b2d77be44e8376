"""Where every address of the hub leads."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from lagan.hub.ops import views as ops

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", ops.healthz),
    path("metrics", ops.show_metrics),
]

"""Where every address of the hub leads."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from lagan.hub.accounts.auth import SIGNED_IN
from lagan.hub.base.api import build_api
from lagan.hub.ops import views as ops

ROUTERS = {
    "auth/": "lagan.hub.accounts.api.auth",
    "token/": "lagan.hub.accounts.api.old_tokens",
    "users/": "lagan.hub.accounts.api.users",
    "account/": "lagan.hub.accounts.own_api.account",
    "providers/": "lagan.hub.accounts.own_api.providers",
    "entities/": "lagan.hub.tree.api.router",
    "permissions/": "lagan.hub.tree.permission_api.meanings",
    "templates/": "lagan.hub.tree.templates.api.router",
    "groups/": "lagan.hub.accounts.groups_api.router",
    "jobs/": "lagan.hub.jobs.api.jobs.router",
    "tasks/": "lagan.hub.jobs.api.tasks.router",
    "sites/": "lagan.hub.jobs.api.sites.router",
    "targets/": "lagan.hub.targets.api.router",
    "schedules/": "lagan.hub.jobs.api.schedules.router",
    "policies/": "lagan.hub.policies.api.router",
    "workflows/": "lagan.hub.jobs.api.workflows.router",
    "file/": "lagan.hub.jobs.api.files.router",
    "filestatustypes/": "lagan.hub.jobs.api.status_types.router",
    "computers/": "lagan.hub.computers.api.router",
    "datasets/": "lagan.hub.datasets.api.router",
    "quotas/": "lagan.hub.datasets.quotas_api.router",
    "search/": "lagan.hub.datasets.search.api.router",
    "ingest/": "lagan.hub.ingest.api.router",
    "instruments/": "lagan.hub.instruments.api.router",
    "audit/": "lagan.hub.evidence.api.router",
    "nodes/": "lagan.hub.doors.node.api.router",
    "hub/": "lagan.hub.ops.api.router",
}
"""The rooms' routers by their place under `/api/`, a line each."""

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", build_api(ROUTERS, auth=SIGNED_IN).urls),
    path("healthz", ops.healthz),
    path("metrics", ops.show_metrics),
    path("", include("lagan.hub.web.urls")),
]
handler400 = "lagan.hub.web.views.refusals.bad_request"
handler403 = "lagan.hub.web.views.refusals.forbidden"
handler404 = "lagan.hub.web.views.refusals.not_found"
handler500 = "lagan.hub.web.views.refusals.failed"

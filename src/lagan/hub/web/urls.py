"""The addresses of the pages."""

from __future__ import annotations

from django.urls import path
from django.views.i18n import set_language

from lagan.hub.web.views import (
    archive,
    assignments,
    datasets,
    home,
    jobs,
    login,
    metadata,
    profile,
    search,
    templates,
)

urlpatterns = [
    path("", home.home),
    path("running/", home.running),
    path("login/", login.log_in),
    path("logout/", login.log_out),
    path("set-password/<str:token>/", login.choose_password),
    path("language/", set_language),
    path("datasets/", search.dataset_list),
    path("datasets/facets/", search.facets),
    path("datasets/searches/", search.save),
    path("datasets/searches/<int:search>/", search.change),
    path("datasets/searches/<int:search>/forget/", search.forget),
    path("datasets/<int:dataset>/", datasets.files),
    path("datasets/<int:dataset>/log/", datasets.log),
    path("datasets/<int:dataset>/close/", datasets.close),
    *(
        path(f"{place}/<int:entity>/metadata/{part}", view)
        for place in ("datasets", "entities")
        for part, view in (
            ("", metadata.saved),
            ("edit/", metadata.edit),
            ("history/", metadata.history),
            ("import/", metadata.take_in),
            ("copy/", metadata.copy),
        )
    ),
    path("entities/<int:entity>/templates/", assignments.assignments),
    path("templates/", templates.template_list),
    path("templates/<int:template>/", templates.template),
    path("templates/<int:template>/remove/", templates.remove),
    path("templates/<int:template>/keys/", templates.change_key),
    path("jobs/", jobs.job_list),
    path("jobs/<int:job>/", jobs.job),
    path("jobs/<int:job>/cancel/", jobs.cancel),
    path("jobs/<int:job>/retry/", jobs.retry),
    path("archive/", archive.archive),
    path("profile/", profile.profile),
    path("profile/keys/", profile.make_key),
    path("profile/keys/<int:key>/revoke/", profile.revoke_key),
]

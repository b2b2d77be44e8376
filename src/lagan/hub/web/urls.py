"""The addresses of the pages."""

from __future__ import annotations

from django.urls import path
from django.views.i18n import set_language

from lagan.hub.web.views import archive, datasets, files, home, jobs, login, profile

urlpatterns = [
    path("", home.home),
    path("running/", home.running),
    path("login/", login.log_in),
    path("logout/", login.log_out),
    path("set-password/<str:token>/", login.choose_password),
    path("language/", set_language),
    path("datasets/", datasets.dataset_list),
    path("datasets/<int:dataset>/", datasets.files),
    path("datasets/<int:dataset>/log/", datasets.log),
    path("datasets/<int:dataset>/close/", datasets.close),
    path("datasets/<int:dataset>/removed/", datasets.removed),
    path("datasets/<int:dataset>/file/", files.file),
    path("datasets/<int:dataset>/file/preview/", files.preview),
    path("datasets/<int:dataset>/file/restore/", files.restore),
    path("datasets/<int:dataset>/file/remove/", files.remove),
    path("jobs/", jobs.job_list),
    path("jobs/<int:job>/", jobs.job),
    path("jobs/<int:job>/cancel/", jobs.cancel),
    path("jobs/<int:job>/retry/", jobs.retry),
    path("archive/", archive.archive),
    path("profile/", profile.profile),
    path("profile/keys/", profile.make_key),
    path("profile/keys/<int:key>/revoke/", profile.revoke_key),
]

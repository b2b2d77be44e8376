"""The addresses of the pages."""

from __future__ import annotations

from django.urls import path
from django.views.i18n import set_language

from lagan.hub.web.views import (
    archive,
    datasets,
    home,
    jobs,
    landing,
    login,
    profile,
    quotas,
    shared,
    sharing,
)

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
    path("datasets/<int:dataset>/share/", sharing.share),
    path("datasets/<int:dataset>/share/links/", sharing.make_link),
    path("datasets/<int:dataset>/share/links/<int:key>/revoke/", sharing.revoke_link),
    path("datasets/<int:dataset>/publish/", sharing.publish),
    path("datasets/<int:dataset>/unpublish/", sharing.unpublish),
    path("d/<int:dataset>/", landing.landing),
    path("s/<str:token>/", shared.shared),
    path("quotas/", quotas.quota_list),
    path("quotas/<int:group>/", quotas.quota),
    path("quotas/<int:group>/set/", quotas.set_quota),
    path("quotas/<int:group>/clear/", quotas.clear_quota),
    path("jobs/", jobs.job_list),
    path("jobs/<int:job>/", jobs.job),
    path("jobs/<int:job>/cancel/", jobs.cancel),
    path("jobs/<int:job>/retry/", jobs.retry),
    path("archive/", archive.archive),
    path("profile/", profile.profile),
    path("profile/keys/", profile.make_key),
    path("profile/keys/<int:key>/revoke/", profile.revoke_key),
]

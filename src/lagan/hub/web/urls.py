"""The addresses of the pages."""

from __future__ import annotations

from django.urls import path
from django.views.i18n import set_language

from lagan.hub.web.views import (
    archive,
    assignments,
    computers,
    creation,
    datasets,
    home,
    jobs,
    landing,
    life,
    login,
    metadata,
    profile,
    quotas,
    shared,
    sharing,
    templates,
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
    path("datasets/new/", creation.create),
    path("datasets/<int:dataset>/remove/", life.remove),
    path("datasets/<int:dataset>/restore/", life.restore),
    path("datasets/<int:dataset>/expiry/", life.expiry),
    path("datasets/<int:dataset>/acquire/", life.acquire),
    path("computers/", computers.computer_list),
    path("computers/new/", computers.register),
    path("computers/<int:computer>/", computers.computer),
    path("computers/<int:computer>/edit/", computers.edit),
    path("computers/<int:computer>/test/", computers.test),
    path("computers/<int:computer>/host-key/", computers.confirm),
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
    path("templates/<int:template>/remove-key/", templates.remove_field),
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

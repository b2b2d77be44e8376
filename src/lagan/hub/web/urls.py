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
    entities,
    entity_forms,
    home,
    jobs,
    life,
    login,
    metadata,
    profile,
    templates,
    tree,
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
    path("entities/children/", entities.children),
    path("tree/", tree.tree),
    path("entities/hits/", entities.hits),
    path("entities/<int:entity>/", entities.entity),
    path("entities/<int:entity>/panel/", entities.panel),
    path("entities/<int:entity>/create/", entity_forms.create),
    path("entities/<int:entity>/rename/", entity_forms.rename),
    path("entities/<int:entity>/move/", entity_forms.move),
    path("entities/<int:entity>/remove/", entity_forms.remove),
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

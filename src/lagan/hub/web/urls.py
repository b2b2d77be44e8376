"""The addresses of the pages."""

from __future__ import annotations

from django.urls import path
from django.views.i18n import set_language

from lagan.hub.web.views import (
    archive,
    assignments,
    datasets,
    entities,
    entity_forms,
    home,
    jobs,
    login,
    members,
    metadata,
    permissions,
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
    path("permissions/", permissions.meanings),
    path("entities/<int:entity>/permissions/", permissions.editor),
    path("entities/<int:entity>/permissions/why/", permissions.why),
    path("entities/<int:entity>/permissions/who/", permissions.who),
    path("entities/<int:entity>/members/", members.members),
    path("entities/<int:entity>/members/remove/", members.remove_member),
    path("entities/<int:entity>/roles/", members.roles),
    path("entities/<int:entity>/role-groups/", members.make_roles),
    path("groups/new/", members.new_group),
    path("entities/children/", entities.children),
    path("tree/", tree.tree),
    path("entities/hits/", entities.hits),
    path("entities/<int:entity>/", entities.entity),
    path("entities/<int:entity>/panel/", entities.panel),
    path("entities/<int:entity>/create/", entity_forms.create),
    path("entities/<int:entity>/rename/", entity_forms.rename),
    path("entities/<int:entity>/move/", entity_forms.move),
    path("entities/<int:entity>/remove/", entity_forms.remove),
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

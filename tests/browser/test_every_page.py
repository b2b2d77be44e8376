"""Every page, light and dark, wide and narrow, is as tests/browser/judging.py says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

import pytest

from tests.browser.conftest import Hub, Visit
from tests.browser.judging import LOOKS, TWO, Look, judge
from tests.previewed import SAMPLES

# Some hundred looks at pages in one test, each a second and on a busy machine several.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(1500)]
Visits = Callable[..., Visit]

PAGES = {
    "home": "/",
    "datasets": "/datasets/",
    "datasets-searched": "/datasets/?text=retina&where=system.dataset.status+%3D+open"
    "&where=system.dataset.size+%3C+1G&facets=1",
    "datasets-refused-key": "/datasets/?text=beads&key=.Taken&filter=time&value=noon",
    "datasets-none": "/datasets/?text=nothing+has+this+name",
    "dataset": "/datasets/{retina}/",
    "folder": "/datasets/{retina}/?folder=raw",
    "empty-dataset": "/datasets/{beads}/",
    "log": "/datasets/{retina}/log/",
    "tree": "/tree/",
    "tree-at": "/tree/?at={retina}",
    "tree-found": "/tree/?find=*retina*",
    "tree-none": "/tree/?find=nothing+has+this+name",
    "entity": "/entities/{retina}/",
    "entity-rename": "/entities/{retina}/rename/",
    "metadata-none": "/datasets/{retina}/metadata/",
    "metadata-of-dataset": "/datasets/{retina}/metadata/edit/",
    "metadata": "/entities/{confocal}/metadata/",
    "metadata-edit": "/entities/{confocal}/metadata/edit/",
    "metadata-history": "/entities/{confocal}/metadata/history/",
    "metadata-import": "/entities/{confocal}/metadata/import/",
    "metadata-copy": "/entities/{confocal}/metadata/copy/",
    "templates": "/templates/",
    "templates-none": "/templates/?text=nothing+has+this+name",
    "template": "/templates/{template}/",
    "template-key": "/templates/{template}/?key=.Lamp",
    "template-new-key": "/templates/{template}/?new=1",
    "assignments": "/entities/{microscopes}/templates/?type=COMPUTER",
    "assignments-none": "/entities/{microscopes}/templates/?type=TASK",
    "removed": "/datasets/{retina}/removed/",
    "file": "/datasets/{retina}/file/?path=acquisition.xml",
    "file-damaged": "/datasets/{retina}/file/?path=raw/retina_z001.ome.tif",
    "kinds": "/datasets/{kinds}/",
    "landing": "/d/{retina}/",
    "share": "/datasets/{retina}/share/",
    "share-closed": "/datasets/{beads}/share/",
    "packages": "/packages/?group=all",
    "packages-of-a-group": "/packages/?group={preservation}",
    "packages-found": "/packages/?group={preservation}&text=nov",
    "packages-not-found": "/packages/?group=all&text=nothing+has+this+word",
    "packages-none": "/packages/?group={lab}",
    "package": "/packages/{package}/",
    "package-before": "/packages/{package_before}/",
    "package-refused": "/packages/{package_refused}/",
    "package-awaited": "/packages/{package_awaited}/",
    "package-preparing": "/packages/{package_preparing}/",
    "package-ready": "/packages/{package_ready}/",
    "package-damaged": "/packages/{package_damaged}/",
    "package-edit": "/packages/{package}/edit/",
    "package-version": "/packages/{package}/version/",
    "package-followed": "/packages/{package_before}/version/",
    "package-deposit": "/packages/deposit/?group={preservation}",
    "package-audits": "/packages/audits/?group={preservation}",
    "package-audits-wrong": "/packages/audits/?group=all&kind=attention",
    "package-audits-none": "/packages/audits/?group=all&kind=package.removed",
    "package-dataset": "/datasets/{package}/",
    "quotas": "/quotas/",
    "record": "/audit/",
    "record-asked": "/audit/?subject={retina}&kind=dataset.&since=2020-01-01",
    "record-none": "/audit/?who=nobody+has+this+name",
    "quota": "/quotas/{lab}/",
    "log-debug": "/datasets/{retina}/log/?level=DEBUG",
    "automated-dataset": "/datasets/{fetched}/",
    "expiry": "/datasets/{retina}/expiry/",
    "remove": "/datasets/{retina}/remove/",
    "create": "/datasets/new/",
    "create-folder": "/datasets/new/?type=automated&group={lab}&computer={computer}",
    "create-metadata": "/datasets/new/?type=manual&group={lab}",
    "computers": "/computers/",
    "computers-none": "/computers/?text=nothing",
    "computer": "/computers/{computer}/",
    "computer-edit": "/computers/{computer}/edit/",
    "computer-new": "/computers/new/",
    "instruments": "/instruments/",
    "facility": "/instruments/?facility={facility}",
    "instrument": "/instruments/{instrument}/",
    "instrument-refused": "/instruments/{instrument}/?state=refused",
    "uploader": "/instruments/uploaders/{uploader}/",
    "jobs": "/jobs/",
    "jobs-none": "/jobs/?state=CANCELLED",
    "jobs-filtered": "/jobs/?type=migrate&site=london&period=30d&sort=-state&size=50&owner=alice",
    "workflow-job": "/jobs/{moved}/?sort=-items",
    "job-paths": "/jobs/{moved}/items/?category=",
    "job-failed-paths": "/jobs/{moved}/items/?category=failed",
    "job-task": "/jobs/{moved}/tasks/{moved_task}/",
    "browse": "/browse/",
    "browse-offline": "/browse/?site=london",
    "sites-seen": "/administration/sites/",
    "site-seen": "/administration/sites/{site}/",
    "workflow-seen": "/administration/workflows/{workflow}/",
    "schedules": "/administration/schedules/",
    "schedule": "/administration/schedules/{schedule}/",
    "policies-seen": "/administration/policies/",
    "policy-seen": "/administration/policies/{policy}/",
    "policy-run": "/administration/policies/{policy}/runs/{policy_run}/",
    "running-job": "/jobs/{running}/",
    "failed-job": "/jobs/{failed}/",
    "archive": "/archive/",
    "profile": "/profile/",
    "permissions": "/entities/{retina}/permissions/",
    "permissions-filtered": "/entities/{retina}/permissions/?text=nothing+fits+this",
    "permissions-of-a-group": "/entities/{optics}/permissions/?all=1&find=o",
    "why": "/entities/{retina}/permissions/why/?permission=DATASET_DELETE",
    "who": "/entities/{retina}/permissions/who/?permission=DATASET_READ",
    "members": "/entities/{role}/members/?find=dan",
    "roles": "/entities/{role}/roles/",
    "meanings": "/permissions/",
    "new-group": "/groups/new/",
    "new-lab": "/groups/new/?kind=lab",
    "security": "/profile/security/",
    "change-password": "/profile/password/",
    "second-factor": "/profile/factors/new/",
    "my-data": "/profile/data/",
    "people": "/people/",
    "own-account": "/people/alice/",
}
ADMINISTRATION = {
    "people-all": "/people/",
    "people-none": "/people/?text=nobody+is+called+so",
    "person": "/people/bob/",
    "new-person": "/new-person/",
    "anonymise": "/people/bob/anonymise/",
    "sites": "/administration/sites/?sort=-name",
    "site": "/administration/sites/{site}/",
    "workflows": "/administration/workflows/",
    "workflow": "/administration/workflows/{workflow}/",
    "workflow-new": "/administration/workflows/new/",
    "schedule-new": "/administration/schedules/new/?workflow=send",
    "policies": "/administration/policies/",
    "policy": "/administration/policies/{policy}/",
    "policy-new": "/administration/policies/new/?site=bergen",
    "policy-edit": "/administration/policies/{policy}/edit/",
    "file-states": "/administration/file-states/",
    "file-state": "/administration/file-states/migrated/",
    "providers": "/providers/",
    "provider": "/providers/campus/",
    "new-provider": "/new-provider/?preset=orcid",
    "archive-of-administrators": "/archive/",
    "archive-nodes": "/archive/nodes/",
    "node-subscriptions": "/archive/nodes/subscriptions/",
    "node-checks": "/archive/nodes/checks/",
}
REFUSED = {"missing": "/datasets/999999/", "nowhere": "/there/is/no/such/page/"}
OUTSIDE = {
    "forgot": "/forgot-password/",
    "privacy": "/privacy/",
    "published": "/d/{beads}/",
    "shared": "{shared}",
    "shared-folder": "{shared}?folder=raw",
    "guarded": "{guarded}",
    "login": "/login/",
    "link": "{link}",
    "used-link": "/set-password/garbled/",
}
ABSENT = {*REFUSED, "used-link"}
PREVIEWS = {f"preview-{name}": f"/datasets/{{kinds}}/file/?path={name}&show=1" for name in SAMPLES}


def test_pages_are_clean(visit: Visits) -> None:
    judge_all(visit("alice"), PAGES)


def test_previews_of_every_kind_are_clean(visit: Visits) -> None:
    judge_all(visit("alice"), PREVIEWS)


def test_pages_of_administrators_are_clean(visit: Visits) -> None:
    judge_all(visit("ada"), ADMINISTRATION)


def test_refusals_are_pages_too(visit: Visits) -> None:
    judge_all(visit("alice"), REFUSED)


def test_pages_before_the_log_in_are_clean(visit: Visits) -> None:
    judge_all(visit(), OUTSIDE)


@pytest.mark.soak
@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_pages_that_are_opened_in_a_look_are_clean(visit: Visits, look: Look) -> None:
    """Also those that never had another one."""
    as_it_is = {"width": look.width, "color_scheme": look.scheme}
    judge_all(visit("alice", **as_it_is), PAGES | PREVIEWS | REFUSED, [look])
    judge_all(visit("ada", **as_it_is), ADMINISTRATION, [look])
    judge_all(visit(**as_it_is), OUTSIDE, [look])


def judge_all(visit: Visit, pages: Mapping[str, str], looks: Sequence[Look] = TWO) -> None:
    for name, path in pages.items():
        status = 404 if name in ABSENT else 200
        visit.complaints.clear()
        answer = visit.page.goto(visit.hub.address + _filled(visit.hub, path))
        assert answer is not None
        assert answer.status == status, name
        # Chromium itself says that a page came with a status of 404.
        judge(visit, name, looks=looks, ignored="404" if status == 404 else None)


def _filled(hub: Hub, path: str) -> str:
    return path.format(**asdict(hub.people))

"""Every page, light and dark, wide and narrow: nothing on the console, nothing refused by the
policy, no host but
ours, nothing wider than the screen, and no violation of axe-core's rules (WCAG 2 A and AA among
them)."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import Hub, Visit
from tests.previewed import SAMPLES

pytestmark = pytest.mark.browser

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
    "quotas": "/quotas/",
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
    "jobs": "/jobs/",
    "jobs-none": "/jobs/?state=CANCELLED",
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
    "providers": "/providers/",
    "provider": "/providers/campus/",
    "new-provider": "/new-provider/?preset=orcid",
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
LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (1280, 390)]


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_pages_are_clean(visit: Callable[..., Visit], scheme: str, width: int) -> None:
    alice = visit("alice", width=width, color_scheme=scheme)
    for name, path in PAGES.items():
        _judge(alice, name, path, f"{scheme}-{width}")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_previews_of_every_kind_are_clean(
    visit: Callable[..., Visit], scheme: str, width: int
) -> None:
    alice = visit("alice", width=width, color_scheme=scheme)
    for name in SAMPLES:
        path = f"/datasets/{{kinds}}/file/?path={name}&show=1"
        _judge(alice, f"preview-{name}", path, f"{scheme}-{width}")


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_pages_of_administrators_are_clean(
    visit: Callable[..., Visit], scheme: str, width: int
) -> None:
    ada = visit("ada", width=width, color_scheme=scheme)
    for name, path in ADMINISTRATION.items():
        _judge(ada, name, path, f"{scheme}-{width}")


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_refusals_are_pages_too(visit: Callable[..., Visit], scheme: str, width: int) -> None:
    alice = visit("alice", width=width, color_scheme=scheme)
    for name, path in REFUSED.items():
        _judge(alice, name, path, f"{scheme}-{width}", status=404)


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_pages_before_the_log_in_are_clean(
    visit: Callable[..., Visit], scheme: str, width: int
) -> None:
    nobody = visit(width=width, color_scheme=scheme)
    for name, path in OUTSIDE.items():
        _judge(nobody, name, path, f"{scheme}-{width}", status=404 if name == "used-link" else 200)


def _judge(visit: Visit, name: str, path: str, look: str, status: int = 200) -> None:
    visit.complaints.clear()
    answer = visit.page.goto(visit.hub.address + _filled(visit.hub, path))
    assert answer is not None
    assert answer.status == status, name
    _picture(visit, f"{name}-{look}")
    found = Axe().run(visit.page).response["violations"]
    assert not found, (name, [(each["id"], each["nodes"][0]["html"]) for each in found])
    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    assert visit.policy_reports() == [], name
    # Chromium itself says that a page came with a status of 404.
    said = [each for each in visit.complaints if status == 200 or "404" not in each]
    assert said == [], name


def _filled(hub: Hub, path: str) -> str:
    return path.format(**asdict(hub.people))


def _picture(visit: Visit, name: str) -> None:
    """Where somebody wants to look at the pages, LAGAN_SHOTS names a folder."""
    if folder := os.environ.get("LAGAN_SHOTS"):
        visit.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

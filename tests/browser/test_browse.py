"""A site's filesystem in a browser, served by a real worker: opened by mouse and keys, picked, and
a workflow run on it whose job appears by itself."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Hub, Visit
from tests.browser.judging import judge

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
SEVERAL = 230  # more than one page of a folder
STRANGE = [b"new\nline.txt", b"\xff\xfe.bin", b"<b>&amp;.txt", "žluť.dat".encode()]
_ONLINE = "from lagan.hub.jobs.presence import is_online; print(is_online('london'))"


@pytest.fixture(scope="module")
def site(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """London's filesystem, with a worker at work."""
    top = tmp_path_factory.mktemp("london")
    (top / "root" / "many").mkdir(parents=True)
    for number in range(SEVERAL):
        (top / "root" / "many" / f"plane-{number:03}.tif").write_bytes(b"x" * number)
    (top / "root" / "strange").mkdir()
    for name in STRANGE:
        (top / "root" / "strange" / os.fsdecode(name)).write_bytes(b"x")
    (top / "root" / ".secret").write_bytes(b"x")
    config = top / "worker.conf"
    config.write_text(
        f"[settings]\nsites = london\nroots = {top / 'root'}\nthreads = 2\n"
        f"[target store]\nlocation = posix:{top / 'target'}\n"
    )
    (top / "target").mkdir()
    log = (top / "worker.log").open("w")
    lagan = str(Path(sys.executable).with_name("lagan"))
    words = [lagan, "worker", "--config", str(config)]
    worker = subprocess.Popen(words, env=hub.environment, stdout=log, stderr=log)
    try:
        _await_online(hub, worker, Path(log.name))
        yield top / "root"
    finally:
        worker.terminate()
        worker.wait(PATIENCE)
        log.close()


def test_folders_open_in_place_and_what_is_picked_runs(
    site: Path, visit: Callable[..., Visit]
) -> None:
    alice = visit("alice")
    page = alice.page
    alice.go("/browse/")
    _twist(page, "london")
    _twist(page, str(site))
    _twist(page, "strange")
    for shown in ("new\\nline.txt", "\\xff\\xfe.bin", "<b>&amp;.txt", "žluť.dat"):
        expect(page.locator("#tree").get_by_role("row", name=shown)).to_be_visible()
    expect(page.locator("#tree").get_by_role("row", name=".secret")).to_have_count(0)
    page.get_by_label("Show hidden").check()
    expect(page.locator("#tree").get_by_role("row", name=".secret")).to_be_visible()
    page.get_by_label("Select new\\nline.txt").check()
    assert page.get_by_label("Select strange").evaluate("box => box.indeterminate")
    judge(alice, "browse-open")
    page.set_viewport_size({"width": 1280, "height": 800})

    page.get_by_text("Actions", exact=True).click()
    page.get_by_role("button", name="Premigrate").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("new\\nline.txt")
    judge(alice, "browse-confirm")
    page.set_viewport_size({"width": 1280, "height": 800})
    before = page.locator("#recent-jobs tbody th a").first.text_content()
    dialog.get_by_role("button", name="Confirm").click()
    expect(dialog).to_be_hidden()
    newest = page.locator("#recent-jobs tbody tr").first
    expect(newest.locator("th")).not_to_have_text(before or "")
    expect(newest).to_contain_text("Premigrate")
    expect(newest).to_contain_text("Succeeded")
    assert alice.complaints == []


def test_a_long_folder_comes_in_pages_and_the_keys_walk_it(
    site: Path, visit: Callable[..., Visit]
) -> None:
    alice = visit("alice")
    page = alice.page
    alice.go("/browse/")
    tree = page.locator("#tree")
    tree.get_by_role("row", name="london").focus()
    page.keyboard.press("ArrowRight")
    expect(tree.get_by_role("row", name=str(site))).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    many = tree.get_by_role("row", name="many")
    expect(many).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(tree.get_by_role("row", name="plane-000.tif")).to_be_visible()
    tree.get_by_role("link", name="Show more").click()
    expect(tree.get_by_role("row", name=f"plane-{SEVERAL - 1:03}.tif")).to_be_visible()
    many.focus()
    page.keyboard.press(" ")
    boxes = tree.get_by_role("checkbox", name="Select plane-", checked=True)
    expect(boxes).to_have_count(SEVERAL)
    expect(page.locator("#picked")).to_have_text("Picked at london: 1")
    page.get_by_label("Select plane-007.tif").uncheck()
    expect(page.locator("#picked")).to_have_text(f"Picked at london: {SEVERAL - 1}")
    assert alice.complaints == []


def _twist(page: Page, name: str) -> None:
    page.locator("#tree").get_by_role("row", name=name).locator(".twist").first.click()


def _await_online(hub: Hub, worker: subprocess.Popen[bytes], log: Path) -> None:
    ask = [sys.executable, "-c", f"import django; django.setup(); {_ONLINE}"]
    deadline = time.monotonic() + PATIENCE
    while worker.poll() is None and time.monotonic() < deadline:
        said = subprocess.run(ask, env=hub.environment, capture_output=True, text=True, check=True)
        if said.stdout.strip() == "True":
            return
    pytest.fail(f"The worker did not start:\n{log.read_text()}")

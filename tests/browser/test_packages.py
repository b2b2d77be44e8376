"""A package is deposited on its page: the zip goes on where a connection broke, and the verdict
appears by itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Visit
from tests.browser.packaging import RIGHT, WRONG

pytestmark = pytest.mark.browser
Visits = Callable[..., Visit]


def test_a_deposit_goes_on_after_a_break_and_is_judged_live(visit: Visits, tmp_path: Path) -> None:
    alice = visit("alice")
    page, sent = alice.page, []

    def break_the_first(route: Route) -> None:
        sent.append(route.request.method)
        if len(sent) == 1:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(re.compile("/api/uploads/.+"), break_the_first)
    package = _deposit(alice, tmp_path, "Deposited by hand", RIGHT)
    assert sent == ["PATCH", "HEAD", "PATCH"]
    expect(page.get_by_role("heading", name="Deposited by hand")).to_be_visible()
    page.evaluate("document.body.dataset.same = 'page'")
    alice.hub.run("judge", package)
    expect(page.get_by_text("Kept", exact=True).first).to_be_visible()
    expect(page.get_by_role("button", name="Prepare a download")).to_be_visible()
    page.get_by_role("button", name="Prepare a download").click()
    expect(page.get_by_text("Being prepared").first).to_be_visible()
    # What broke was meant to: the browser says so, and nothing else.
    assert all("ERR_CONNECTION_RESET" in each for each in alice.complaints)


def test_a_refused_bag_says_why_by_itself(visit: Visits, tmp_path: Path) -> None:
    alice = visit("alice", width=390)
    package = _deposit(alice, tmp_path, "Wrong by hand", WRONG)
    alice.hub.run("judge", package)
    expect(alice.page.get_by_role("heading", name="Why it was refused")).to_be_visible()
    expect(alice.page.get_by_role("cell", name="data/a.txt").first).to_be_visible()
    assert alice.complaints == []


def test_an_upload_goes_on_from_the_page_of_its_package(visit: Visits, tmp_path: Path) -> None:
    alice = visit("alice")
    page, package = alice.page, alice.hub.people.package_awaited
    alice.go(f"/packages/{package}/")
    page.get_by_label("to go on with the upload").set_input_files(_zip(tmp_path, "large", RIGHT))
    with page.expect_navigation():
        page.get_by_role("button", name="Go on", exact=True).click()
    expect(page.get_by_role("heading", name="Its zip has not come yet")).to_have_count(0)
    assert alice.complaints == []


def test_a_keyboard_switches_the_group(visit: Visits) -> None:
    alice = visit("alice")
    page = alice.page
    alice.go("/packages/?group=all")
    page.locator(".switch summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Preservation").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/packages/?group={alice.hub.people.preservation}")
    assert alice.complaints == []


def test_a_pair_more(visit: Visits) -> None:
    alice = visit("alice")
    page = alice.page
    alice.go("/packages/deposit/?group=all")
    page.get_by_role("button", name="Another pair").click()
    expect(page.get_by_label("Key 4")).to_be_focused()
    assert page.get_by_label("Value 4").get_attribute("name") == "value-4"


def _deposit(alice: Visit, folder: Path, name: str, data: bytes) -> str:
    """The new package's id, as text."""
    page = alice.page
    alice.go(f"/packages/deposit/?group={alice.hub.people.preservation}")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Key 1").fill("Author")
    page.get_by_label("Value 1").fill("Jan Novák")
    page.get_by_label("Zip").set_input_files(_zip(folder, "scans", data))
    page.get_by_role("button", name="Deposit").click()
    page.wait_for_url(re.compile(r"/packages/\d+/$"))
    return page.url.rstrip("/").rpartition("/")[2]


def _zip(folder: Path, name: str, data: bytes) -> Path:
    made = folder / f"{name}.zip"
    made.write_bytes(data)
    return made

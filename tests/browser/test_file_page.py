"""One file's page in a browser: its preview comes by itself, the keys turn, markup in files stays
text."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


def test_from_a_folder_through_its_files_by_keys(visit: Callable[..., Visit]) -> None:
    alice = visit("alice")
    page = alice.page
    alice.go(f"/datasets/{alice.hub.people.kinds}/")
    page.get_by_role("link", name="coffee.png", exact=True).click()
    picture = page.get_by_role("img", name="What the file shows")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 600)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="counts.tar.gz")).to_be_visible()
    page.wait_for_load_state()  # its keys are heard only then
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", name="coffee.png")).to_be_visible()
    assert alice.complaints == []
    assert alice.policy_reports() == []


def test_the_pages_within_a_file_are_turned_by_keys(visit: Callable[..., Visit]) -> None:
    alice = visit("alice")
    alice.go(f"/datasets/{alice.hub.people.kinds}/file/?path=stack.tif&show=1")
    number = alice.page.get_by_role("spinbutton")
    expect(number).to_have_value("1")
    alice.page.keyboard.press(".")
    expect(number).to_have_value("2")
    alice.page.wait_for_load_state()  # its keys are heard only then
    alice.page.keyboard.press(",")
    expect(number).to_have_value("1")
    assert alice.complaints == []


def test_markup_in_a_log_is_text(visit: Callable[..., Visit]) -> None:
    alice = visit("alice")
    alice.go(f"/datasets/{alice.hub.people.kinds}/file/?path=run.log&show=1")
    expect(alice.page.get_by_text("<script>alert('no')</script>")).to_be_visible()
    assert alice.complaints == []


def test_without_scripts_a_preview_is_one_link_away(visit: Callable[..., Visit]) -> None:
    alice = visit("alice", java_script_enabled=False)
    alice.go(f"/datasets/{alice.hub.people.kinds}/file/?path=settings.json&show=1")
    expect(alice.page.get_by_text('"objective": "63×/1.4",')).to_be_visible()

"""Instruments as a facility manager meets them: with the keyboard alone from what needs somebody to
a key that is let in, settings changed, an alarm set."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


def test_a_key_is_let_in_with_the_keyboard_alone(visit: Callable[..., Visit]) -> None:
    alice = visit("alice", width=390)
    page = alice.page
    alice.go("/instruments/")
    page.get_by_role("region", name="Needs you").get_by_role("link", name="JEM-1400").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="EM-PC-3")).to_be_visible()
    page.get_by_label("Comment").focus()
    page.keyboard.type("Seen on its screen")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("it may stage files now")).to_be_visible()
    expect(page.get_by_text("Seen on its screen")).to_be_visible()
    alice.go("/instruments/")
    needs = page.get_by_role("region", name="Needs you")
    expect(needs.get_by_role("link", name="JEM-1400")).to_have_count(0)
    assert alice.complaints == []


def test_settings_and_an_alarm_are_changed(visit: Callable[..., Visit]) -> None:
    alice = visit("alice")
    page, people = alice.page, alice.hub.people
    alice.go(f"/instruments/uploaders/{people.uploader}/")
    page.get_by_text("Schedule", exact=True).click()
    page.get_by_label("Minutes between two runs").fill("45")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("1 setting is changed.")).to_be_visible()
    expect(page.get_by_text("not fetched yet")).to_be_visible()
    page.get_by_role("link", name="Krios G4").click()
    page.get_by_label("When nothing is heard of it for").select_option("2 days")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("An alarm is raised when it falls silent.")).to_be_visible()
    page.get_by_role("link", name="Not taken in").click()
    expect(page.get_by_text("mov_0116.tiff")).to_be_visible()
    expect(page.get_by_text("mov_0113.tiff")).to_have_count(0)
    assert alice.complaints == []

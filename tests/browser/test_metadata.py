"""Metadata is described in the browser: keys and values are added in place, reasons beside them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


def test_a_computer_is_described(visit: Callable[..., Visit]) -> None:
    alice = visit("alice")
    page, address = alice.page, f"{alice.hub.address}/entities/{alice.hub.people.confocal}/metadata"
    page.goto(f"{address}/edit/")
    page.get_by_label("Add a key").fill(".Responsible")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_label(".Responsible, value 1").fill("Ada")
    page.get_by_role("button", name="Add a value to .Responsible").click()
    page.get_by_label(".Responsible, value 2").fill("Grace")
    page.get_by_role("button", name="Take value 1 of .Responsible away").click()
    expect(page.get_by_label(".Responsible, value 1")).to_have_value("Grace")
    page.get_by_label(".Location, value 1").fill("the cellar")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("does not match [A-Z][0-9]{3}")).to_be_visible()
    page.get_by_label(".Location, value 1").fill("B118")
    page.get_by_label("TIRF").uncheck()
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("The metadata is saved.")).to_be_visible()
    expect(page.get_by_role("row", name=".Location B118")).to_be_visible()
    expect(page.get_by_role("row", name=".Responsible Grace")).to_be_visible()
    expect(page.get_by_role("row", name=".Modes")).to_have_count(0)
    assert [each for each in alice.complaints if "400" not in each] == []
    assert alice.policy_reports() == []


def test_an_expression_is_tried_and_the_order_changed(visit: Callable[..., Visit]) -> None:
    alice = visit("alice")
    page, people = alice.page, alice.hub.people
    page.goto(f"{alice.hub.address}/templates/{people.template}/?key=.Location")
    page.get_by_label("Try it on these texts").fill("B117\ncellar")
    page.get_by_role("button", name="Try").click()
    expect(page.locator("#trial")).to_contain_text("does not match")
    expect(page.get_by_label("Key", exact=True)).to_have_value(".Location")
    page.goto(f"{alice.hub.address}/entities/{people.microscopes}/templates/?type=COMPUTER")
    page.get_by_role("button", name="Microscope earlier").click()
    expect(page.locator("#assigned ol .name").first).to_have_text("Microscope")
    expect(page.get_by_text("holds off")).to_be_visible()
    page.get_by_role("button", name="Microscope later").click()
    expect(page.locator("#assigned ol .name").first).to_have_text("Any computer")
    assert alice.complaints == []
    assert alice.policy_reports() == []

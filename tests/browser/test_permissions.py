"""The permission editor as people use it: another subject chosen, marked, the reason read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


def test_a_subject_is_chosen_marked_and_explained_in_place(visit: Callable[..., Visit]) -> None:
    alice = visit("alice")
    page = alice.page
    alice.go(f"/entities/{alice.hub.people.optics}/permissions/")
    page.get_by_role("link", name="Optics_guest").click()
    expect(page.get_by_role("heading", name="Optics_guest")).to_be_visible()
    page.wait_for_url("**/permissions/?subject=*")
    page.get_by_label("grant DATASET_LIST").check()
    page.get_by_role("button", name="Update").click()
    expect(page.get_by_text("The permissions are set.")).to_be_visible()
    expect(page.get_by_label("grant DATASET_LIST")).to_be_checked()
    expect(page.get_by_label("grant DATASET_CREATE")).to_be_checked()
    page.get_by_role("link", name="why DATASET_LIST?").click()
    expect(page.get_by_text("Optics_guest holds DATASET_LIST")).to_be_visible()
    page.get_by_label("Filter permissions").fill("log")
    page.keyboard.press("Enter")
    expect(page.get_by_label("grant DATASET_LOG_READ")).to_be_visible()
    expect(page.get_by_label("grant DATASET_LIST")).to_have_count(0)
    assert alice.complaints == []


def test_a_member_is_found_added_and_removed(visit: Callable[..., Visit]) -> None:
    alice = visit("alice")
    page = alice.page
    alice.go(f"/entities/{alice.hub.people.role}/members/")
    page.get_by_label("Find a user or a group").fill("bob")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Add bob").click()
    expect(page.get_by_text("The member is added.")).to_be_visible()
    page.get_by_role("button", name="Remove bob").click()
    expect(page.get_by_text("The member is removed.")).to_be_visible()
    expect(page.get_by_role("button", name="Remove bob")).to_have_count(0)
    assert alice.complaints == []

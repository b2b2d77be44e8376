"""The tree in a browser: walked by keys, opened lazily, searched, and moved in by dragging, which
is asked about first."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Hub, Visit
from tests.browser.judging import TWO, judge
from tests.browser.planting import Planted
from tests.services.hub import until

pytestmark = pytest.mark.browser
Visits = Callable[..., Visit]


@pytest.fixture(scope="module")
def planted(hub: Hub) -> Planted:
    said = subprocess.run(
        [sys.executable, "-m", "tests.browser.planting"],
        env=hub.environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return Planted(**json.loads(said))


def line(page: Page, name: str) -> Locator:
    return page.get_by_role("treeitem", name=name, exact=True)


def typed(page: Page, letters: str) -> str:
    """Where letters lead from the end of the tree; they belong together when they come soon enough,
    which a busy machine does not always bring about."""
    page.keyboard.press("End")
    page.keyboard.type(letters)
    return focused(page)


def focused(page: Page) -> str:
    name: str = page.evaluate("document.activeElement.dataset.name ?? ''")
    return name


def test_keys_walk_the_tree_and_open_it_lazily(visit: Visits, planted: Planted) -> None:
    alice = visit("alice")
    alice.go("/tree/")
    page = alice.page
    line(page, "root, Group").focus()
    page.keyboard.press("n")
    expect(line(page, "NTNU, Group")).to_be_focused()
    expect(line(page, "NV, Group")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(line(page, "NV, Group")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert focused(page) == "NV"
    page.keyboard.press("ArrowUp")
    assert focused(page) == "Many"
    page.keyboard.press("ArrowLeft")
    assert focused(page) == "NTNU"
    page.keyboard.press("ArrowLeft")
    expect(line(page, "NTNU, Group")).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Home")
    assert focused(page) == "root"
    until(lambda: typed(page, "nt") == "NTNU")
    page.keyboard.press("Enter")
    expect(page.locator("#side h2")).to_contain_text("NTNU")
    page.wait_for_url(f"**at={planted.ntnu}")
    assert alice.complaints == []


def test_what_was_open_is_open_again(visit: Visits, planted: Planted) -> None:
    alice = visit("alice")
    alice.go(f"/tree/?at={planted.nano}")
    expect(line(alice.page, "Nano, Group")).to_be_focused()
    expect(line(alice.page, "Nano, Group")).to_have_attribute("aria-selected", "true")
    alice.go("/tree/")
    expect(line(alice.page, "Nano, Group")).to_be_visible()


def test_a_large_group_comes_in_parts(visit: Visits, planted: Planted) -> None:
    alice = visit("alice")
    alice.go(f"/tree/?at={planted.many}")
    page = alice.page
    expect(line(page, "Many, Group")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(line(page, "g199, Group")).to_be_attached()
    expect(line(page, "g229, Group")).to_have_count(0)
    line(page, "Show more").click()
    expect(line(page, "g229, Group")).to_be_attached()
    expect(line(page, "Show more")).to_have_count(0)


def test_search_opens_and_marks_what_it_finds(visit: Visits, planted: Planted) -> None:
    alice = visit("alice")
    alice.go("/tree/")
    alice.page.get_by_label("Search for an entity").fill("G22*")
    alice.page.keyboard.press("Enter")
    expect(alice.page.locator(".tree .found")).to_have_count(10)
    expect(line(alice.page, "g229, Group")).to_be_visible()
    alice.page.get_by_label("Search for an entity").fill(str(planted.microscope))
    alice.page.keyboard.press("Enter")
    expect(line(alice.page, "microscope-1, Computer")).to_be_focused()
    expect(alice.page.locator(".hits")).to_contain_text("/NTNU/NV/IFY/Labs/microscope-1")


def test_the_menu_offers_what_one_may_and_renames_in_a_dialog(
    visit: Visits, planted: Planted
) -> None:
    alice = visit("alice")
    alice.go(f"/tree/?at={planted.microscope}")
    page = alice.page
    expect(line(page, "microscope-1, Computer")).to_be_focused()
    page.keyboard.press("Shift+F10")
    menu = page.get_by_role("menu")
    expect(menu.get_by_role("menuitem", name="Create task…")).to_be_focused()
    expect(menu.get_by_role("menuitem", name="Create group…")).to_have_count(0)
    expect(menu.get_by_role("menuitem", name="Members")).to_have_count(0)
    judge(alice, "tree-menu", looks=TWO[:1])
    menu.get_by_role("menuitem", name="Rename…").click()
    page.get_by_label("New name").fill("microscope/1")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("alert")).to_contain_text("no slash")
    page.get_by_label("New name").fill("microscope-1")
    page.get_by_role("button", name="Rename").click()
    page.wait_for_url(f"**/tree/?at={planted.microscope}")


def test_who_may_nothing_has_no_menu(visit: Visits, planted: Planted) -> None:
    bob = visit("bob")
    bob.go(f"/tree/?at={planted.microscope}")
    expect(line(bob.page, "microscope-1, Computer")).to_be_focused()
    expect(line(bob.page, "Nano, Group")).to_have_count(0)
    expect(line(bob.page, "Labs, Group")).to_have_class("passed")
    bob.page.keyboard.press("Shift+F10")
    expect(bob.page.get_by_role("menuitem", name="Permissions")).to_be_visible()
    expect(bob.page.get_by_role("menuitem", name="Rename…")).to_have_count(0)


def test_dragging_asks_before_it_moves(visit: Visits, planted: Planted) -> None:
    alice = visit("alice")
    alice.go(f"/tree/?at={planted.microscope}")
    page = alice.page
    department = line(page, "IFY, Group")
    research = department.get_by_role("treeitem", name="Research Groups, Group", exact=True)
    research.locator(".twist").first.click()
    computer = line(page, "microscope-1, Computer").locator(".name").first
    expect(line(page, "Nano, Group")).to_be_visible()
    computer.drag_to(line(page, "Nano, Group").locator(".node").first)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("/NTNU/NV/IFY/Labs/microscope-1")
    expect(dialog).to_contain_text("/NTNU/NV/IFY/Research Groups/Nano")
    expect(dialog.locator(".changes")).to_contain_text("TEM-Lab_guest")
    expect(dialog.locator(".changes")).to_contain_text("COMPUTER_REMOTE")
    expect(dialog).to_contain_text("1 more role")  # bob, whom alice does not see
    judge(alice, "tree-drag", looks=TWO[:1])
    dialog.get_by_role("button", name="Move").click()
    expect(page.get_by_role("status").first).to_contain_text("was moved to")
    expect(page.locator("#side")).to_contain_text("/Nano/microscope-1")
    alice.go(f"/entities/{planted.microscope}/move/?to={planted.labs}")
    page.get_by_role("button", name="Move").click()
    expect(page.get_by_role("status").first).to_contain_text("/Labs")


def test_a_place_is_picked_from_the_tree_or_by_search(visit: Visits, planted: Planted) -> None:
    alice = visit("alice")
    alice.go(f"/entities/{planted.microscope}/move/")
    page = alice.page
    page.get_by_role("button", name="Move it into").click()
    dialog = page.get_by_role("dialog")
    expect(line(page, "NTNU, Group")).to_be_visible()
    judge(alice, "picker", looks=TWO[:1])
    dialog.get_by_label("Search for an entity").fill("nan")
    dialog.get_by_role("link", name="Nano").click()
    dialog.get_by_role("button", name="Choose", exact=True).click()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("main")).to_contain_text("/NTNU/NV/IFY/Research Groups/Nano")


def test_without_script_everything_is_a_form(visit: Visits, planted: Planted) -> None:
    alice = visit("alice", java_script_enabled=False)
    alice.go("/tree/")
    page = alice.page
    page.get_by_role("link", name="NTNU").click()
    page.get_by_text("Create", exact=True).click()
    page.get_by_role("link", name="Create group…").click()
    page.get_by_label("Name", exact=True).fill("made by hand")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("status").first).to_contain_text("made by hand was created")
    page.get_by_role("link", name="Move…").click()
    page.get_by_role("textbox", name="Move it into").fill("/NTNU/Many")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Move").click()
    expect(page.locator(".pairs")).to_contain_text("/NTNU/Many/made by hand")
    page.get_by_role("link", name="Delete…").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status").first).to_contain_text("made by hand was removed")


def test_pages_of_the_tree_are_clean(visit: Visits, planted: Planted) -> None:
    alice = visit("alice")
    for name, path in (
        ("tree", f"/tree/?at={planted.nano}"),
        ("found", "/tree/?find=*micro*"),
        ("entity", f"/entities/{planted.ify}/"),
        ("create", f"/entities/{planted.ify}/create/?type=GROUP"),
        ("move", f"/entities/{planted.microscope}/move/?to={planted.nano}"),
        ("remove", f"/entities/{planted.nano}/remove/"),
    ):
        alice.go(path)
        if name == "tree":
            expect(line(alice.page, "Nano, Group")).to_be_focused()
        judge(alice, f"tree-{name}")

"""What people do on the pages, done by keyboard and pointer in a real browser."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.population import FILES, MRI, PASSWORD, RETINA

pytestmark = pytest.mark.browser
MOST_TABS = 40


def test_a_keyboard_is_enough_from_log_in_to_download(visit: Callable[..., Visit]) -> None:
    alice = visit()
    page = alice.page
    alice.go("/datasets/")  # leads to the log in, and back here
    _tab_to_field(page, "username")
    page.keyboard.type("alice")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(alice.hub.address + "/datasets/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    _tab_to(page, RETINA)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/datasets/{alice.hub.people.retina}/")
    _tab_to(page, "Download zip")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        found = {
            name.split("/", 1)[-1] if name not in FILES else name: archive.read(name)
            for name in archive.namelist()
        }
    assert found == FILES
    assert alice.complaints == []


def test_one_file_is_downloaded_bit_for_bit(visit: Callable[..., Visit]) -> None:
    alice = visit("alice")
    alice.go(f"/datasets/{alice.hub.people.retina}/?folder=raw")
    with alice.page.expect_download() as download:
        alice.page.get_by_role("link", name="Download retina_z001.ome.tif").click()
    assert download.value.path().read_bytes() == FILES["raw/retina_z001.ome.tif"]


def test_a_wrong_password_says_so_and_keeps_the_name(visit: Callable[..., Visit]) -> None:
    nobody = visit()
    _try(nobody, "alice", "not this one")
    expect(nobody.page.get_by_role("alert")).to_contain_text("do not belong together")
    expect(nobody.page.get_by_label("User name")).to_have_value("alice")
    expect(nobody.page.get_by_label("Password")).to_be_focused()


def test_repeated_failures_lock_out_and_say_for_how_long(visit: Callable[..., Visit]) -> None:
    nobody = visit()
    for _ in range(11):
        _try(nobody, "mallory", "guess")
    expect(nobody.page.get_by_role("alert")).to_contain_text("15 minutes")


def test_a_log_in_never_leads_to_another_host(visit: Callable[..., Visit]) -> None:
    alice = visit()
    alice.go("/login/?next=https://elsewhere.example/")
    _fill(alice, "alice", PASSWORD)
    alice.page.wait_for_url(alice.hub.address + "/")


def test_a_one_time_link_sets_a_password_once(visit: Callable[..., Visit]) -> None:
    dan = visit()
    dan.go(dan.hub.people.spare_link)
    for label in ("New password", "The same again"):
        dan.page.get_by_label(label).fill("another horse staple")
    dan.page.get_by_role("button", name="Set password").click()
    expect(dan.page.get_by_role("status").first).to_contain_text("Your password is set")
    dan.go(dan.hub.people.spare_link)
    expect(dan.page.get_by_role("heading", level=1)).to_have_text(
        "This link does not work any more"
    )


def test_a_stranger_sees_neither_the_dataset_nor_that_there_is_one(
    visit: Callable[..., Visit],
) -> None:
    bob = visit("bob")
    bob.go("/datasets/")
    expect(bob.page.get_by_role("link", name=MRI)).to_be_visible()
    expect(bob.page.get_by_text(RETINA)).to_have_count(0)
    answer = bob.page.goto(f"{bob.hub.address}/datasets/{bob.hub.people.retina}/")
    assert answer is not None
    assert answer.status == 404
    bob.go("/archive/")
    expect(bob.page.get_by_text("retina_z001")).to_have_count(0)


def test_damage_is_said_on_home_in_the_folder_and_in_the_archive(
    visit: Callable[..., Visit],
) -> None:
    alice = visit("alice")
    for path in ("/", f"/datasets/{alice.hub.people.retina}/?folder=raw", "/archive/"):
        alice.go(path)
        row = alice.page.locator("li, tr").filter(has_text="retina_z001.ome.tif").first
        expect(row).to_contain_text("1 of 2 good")


def test_a_running_job_moves_without_a_reload_and_without_asking_again_and_again(
    visit: Callable[..., Visit],
) -> None:
    alice = visit("alice")
    page, job = alice.page, alice.hub.people.running
    alice.go(f"/jobs/{job}/")
    expect(page.get_by_role("main")).to_contain_text("2 of 4 done")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    alice.hub.run("advance", str(job))
    expect(page.get_by_role("main")).to_contain_text("4 of 4 done")
    expect(page.get_by_text("Cancel", exact=True)).to_have_count(0)
    expect(page.locator("#live-lost")).to_be_hidden()
    assert 1 <= len([each for each in asked if each.endswith(f"/jobs/{job}/")]) <= 4
    assert alice.complaints == []


def test_failures_come_with_their_reasons(visit: Callable[..., Visit]) -> None:
    alice = visit("alice")
    alice.go(f"/jobs/{alice.hub.people.failed}/")
    alice.page.get_by_role("link", name="Failed").first.click()
    row = alice.page.get_by_role("dialog").get_by_role("listitem").filter(has_text="z001")
    expect(row).to_contain_text("SHA-256 is 9c1e, the catalogue says 3a7b.")
    assert alice.complaints == []


def test_a_digest_is_copied_whole(visit: Callable[..., Visit]) -> None:
    alice = visit("alice", permissions=["clipboard-read", "clipboard-write"])
    alice.go(f"/datasets/{alice.hub.people.retina}/")
    alice.page.get_by_role("button", name="Copy the SHA-256 of acquisition.xml").click()
    expect(alice.page.locator("#status")).to_have_text("Digest copied")
    assert len(alice.page.evaluate("navigator.clipboard.readText()")) == 64


def test_a_theme_is_kept(visit: Callable[..., Visit]) -> None:
    alice = visit("alice", color_scheme="light")
    alice.go("/profile/")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = alice.page.evaluate(ground)
    alice.page.get_by_role("button", name="Dark").click()
    dark = alice.page.evaluate(ground)
    assert dark != light
    alice.go("/")
    assert alice.page.evaluate(ground) == dark


def test_times_are_in_the_viewers_zone(visit: Callable[..., Visit]) -> None:
    shown = {}
    for zone in ("Asia/Tokyo", "America/New_York"):
        alice = visit("alice", timezone_id=zone)
        alice.go(f"/datasets/{alice.hub.people.retina}/")
        moment = alice.page.locator(".facts time").first
        shown[zone] = moment.inner_text()
        assert "UTC" not in shown[zone]
    assert shown["Asia/Tokyo"] != shown["America/New_York"]


def test_a_client_key_is_shown_once_and_revoked(visit: Callable[..., Visit]) -> None:
    alice = visit("alice")
    alice.go("/profile/")
    alice.page.get_by_label("Name of a new key").fill("microscope 2")
    alice.page.get_by_role("button", name="Make a key").click()
    expect(alice.page.locator("#secret")).to_contain_text("lgn_")
    alice.go("/profile/")
    expect(alice.page.locator("#secret")).to_have_count(0)
    alice.page.get_by_role("button", name="Revoke microscope 2").click()
    expect(alice.page.get_by_role("row", name="microscope 2")).to_have_count(0)


def test_another_language_is_one_choice_away(visit: Callable[..., Visit]) -> None:
    bob = visit("bob")
    bob.go("/profile/")
    bob.page.get_by_label("Language").select_option("cs")
    bob.page.get_by_role("button", name="Use").click()
    expect(bob.page.get_by_role("link", name="Úlohy")).to_be_visible()
    assert bob.page.evaluate("document.documentElement.lang") == "cs"


def _try(visit: Visit, username: str, password: str) -> None:
    visit.go("/login/")
    _fill(visit, username, password)
    expect(visit.page.get_by_role("alert")).to_be_visible()


def _fill(visit: Visit, username: str, password: str) -> None:
    visit.page.get_by_label("User name").fill(username)
    visit.page.get_by_label("Password").fill(password)
    visit.page.get_by_role("button", name="Log in").click()


def _tab_to_field(page: Page, name: str) -> None:
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name ?? ''") == name:
            return
    pytest.fail(f"no key press leads to the field {name}")


def _tab_to(page: Page, words: str) -> None:
    """Press Tab until what has the focus says `words`; each stop must show that it has it."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        focused = page.evaluate("""() => {
          const it = document.activeElement, style = getComputedStyle(it);
          return [it.textContent.trim(), style.outlineStyle, parseFloat(style.outlineWidth)];
        }""")
        assert focused[1] != "none", focused
        assert focused[2] >= 2, focused
        if focused[0] == words:
            return
    pytest.fail(f"{words!r} is not within {MOST_TABS} presses of Tab.")

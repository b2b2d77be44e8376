"""Ways in as people go them, in a browser that obeys our content policy, to a real provider."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from uuid import uuid4

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Hub, Visit
from tests.browser.population import PASSWORD
from tests.services import oidc as provider
from tests.services.process import Running

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def school(hub: Hub, oidc: Running) -> Running:
    """The hub knows the provider as `School`."""
    facts = {"name": "school", "label": "School", "issuer": oidc.address["issuer"]}
    secret = {"client_id": oidc.address["client"], "secret": oidc.address["secret"]}
    hub.run("provider", json.dumps({**facts, **secret}))
    return oidc


def log_in_there(page: Page, oidc: Running, name: str) -> None:
    provider.put_person(oidc, name, {"preferred_username": name, "name": name.title()})
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(provider.PASSWORD)
    page.get_by_role("button", name="Log in there").click()


def test_an_institution_lets_somebody_in_and_out(
    visit: Callable[..., Visit], school: Running
) -> None:
    somebody = visit()
    somebody.go("/login/?next=/jobs/")
    somebody.page.get_by_role("link", name="Log in with School").click()
    name = f"somebody-{uuid4().hex[:8]}"
    log_in_there(somebody.page, school, name)
    expect(somebody.page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    somebody.page.get_by_role("button", name="Log out").click()
    there = somebody.page.get_by_role("link", name="Log out of School too")
    expect(there).to_be_visible()
    assert somebody.policy_reports() == []


def test_a_login_is_linked_from_the_profile_though_forms_lead_nowhere_else(
    visit: Callable[..., Visit], school: Running
) -> None:
    alice = visit("alice")
    alice.go("/profile/security/")
    alice.page.get_by_role("button", name="Link School").click()
    log_in_there(alice.page, school, f"alice-{uuid4().hex[:8]}")
    expect(alice.page.get_by_text("You can log in by School from now on.")).to_be_visible()
    alice.page.get_by_role("button", name="Unlink School").click()
    expect(alice.page.get_by_role("button", name="Link School")).to_be_visible()


def test_an_authenticator_is_set_up_asked_for_and_taken_away(visit: Callable[..., Visit]) -> None:
    bob = visit()
    bob.log_in("bob")
    bob.go("/profile/factors/new/")
    bob.page.get_by_text("Or type the key into it").click()
    seed = bob.page.locator(".secret code").inner_text()
    expect(bob.page.locator(".qr svg")).to_be_visible()
    bob.page.get_by_label("The six digits").fill(pyotp.TOTP(seed).now())
    bob.page.get_by_role("button", name="Use this authenticator").click()
    expect(bob.page.locator(".codes code")).to_have_count(10)
    codes = bob.page.locator(".codes code").all_inner_texts()
    assert all(re.fullmatch(r"[0-9a-f]{5}-[0-9a-f]{5}", code) for code in codes)
    again = visit()
    again.go("/login/")
    again.page.get_by_label("User name").fill("bob")
    again.page.get_by_label("Password").fill(PASSWORD)
    again.page.get_by_role("button", name="Log in").click()
    again.page.get_by_label("Code").fill(codes[0])
    again.page.get_by_role("button", name="Log in").click()
    again.page.wait_for_url(again.hub.address + "/")
    again.go("/profile/security/")
    again.page.get_by_label("A code of it").fill(codes[1])
    again.page.get_by_role("button", name="Remove").click()
    expect(again.page.get_by_text("The second factor is removed.")).to_be_visible()

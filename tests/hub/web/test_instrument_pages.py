"""Pages of instruments: seen whole by who manages the facility, read by who may read its computers,
absent for others; keys are decided on with one click, settings are changed, alarms are set."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.test import Client

from lagan.hub.audit.models import Event
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.instruments import queries
from lagan.hub.instruments.models import Registration, Watch
from lagan.hub.tree import services as tree
from lagan.hub.web.uploaderfields import FIELDS
from lagan.hub.web.views.instruments import hours_words
from tests.browser.facility import SETTINGS, furnish

Clients = Callable[[str], Client]


@pytest.fixture(autouse=True)
def staging(settings: Any, tmp_path: Any) -> None:
    """Keys and folders of this test alone."""
    config = settings.CONFIG
    place = replace(config.staging, folder=tmp_path / "staging", keys=tmp_path / "keys")
    settings.CONFIG = replace(config, staging=place)


@dataclass(frozen=True)
class Cast:
    """What `furnish` made, for alice who manages it and bob who may read; carol is a stranger and
    dan has nothing yet."""

    root: int
    facility: int
    instrument: int
    uploader: int


@pytest.fixture
def people(db: None, settings: Any) -> Cast:
    """Much less than the whole population, and so in a fraction of its time."""
    from lagan.hub.accounts import services as accounts

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    root = accounts.bootstrap().root.pk
    alice, bob, _, _ = (
        accounts.create_user(by=SYSTEM, username=name, email=f"{name}@example.org")
        for name in ("alice", "bob", "carol", "dan")
    )
    manager = Actor(alice.entity_id, "alice", "session")
    return Cast(root, *furnish(root, manager, bob.entity_id))


@pytest.fixture
def place(people: Cast) -> str:
    return f"/instruments/uploaders/{people.uploader}/"


@pytest.fixture
def asking(people: Cast) -> Registration:
    """The key that waits, of the third uploader."""
    return Registration.objects.get(state="waiting")


def text(answer: Any) -> str:
    body: str = answer.content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_the_overview_names_what_each_instrument_does(people: Cast, signed_in: Clients) -> None:
    page = text(signed_in("alice").get("/instruments/"))
    for words in (
        "Electron microscopy", "Heard just now", "Silent", "Asks for approval", "Not heard",
        "2,970", "2 not sent", "3 unverified", "A key waits to be let in", "Connect an instrument",
    ):  # fmt: skip
        assert words in page


def test_home_says_which_instruments_need_somebody(people: Cast, signed_in: Clients) -> None:
    assert "Talos Arctica" in text(signed_in("alice").get("/"))
    assert "JEM-1400" in text(signed_in("alice").get("/"))
    bob = text(signed_in("bob").get("/"))
    assert "Talos Arctica" in bob
    assert "JEM-1400" not in bob


def test_nobody_with_a_facility_is_told_how_to_begin(people: Cast, signed_in: Clients) -> None:
    page = text(signed_in("carol").get("/instruments/"))
    assert "No facility that you may see" in page
    assert "http://testserver" in page
    assert "lagan agent init" in page
    assert "Electron" not in page


def test_an_instrument_tells_its_files_by_state(people: Cast, signed_in: Clients) -> None:
    alice = signed_in("alice")
    here = f"/instruments/{people.instrument}/"
    every = text(alice.get(here))
    for number in (13, 14, 15, 16):
        assert f"mov_01{number}.tiff" in every
    assert "It grew while it was sent" in every
    refused = text(alice.get(here, {"state": "refused"}))
    assert "mov_0116.tiff" in refused
    assert "not the announced one" in refused
    assert "mov_0115.tiff" not in refused
    assert alice.get(here, {"state": "nothing"}).status_code == 200
    assert alice.get(here, {"after": "garbled"}).status_code == 400


@pytest.mark.parametrize(
    ("who", "overview", "instrument", "uploader"),
    [("alice", True, 200, 200), ("bob", True, 200, 404), ("carol", False, 404, 404)],
)
def test_who_sees_what(
    people: Cast, signed_in: Clients, who: str, overview: bool, instrument: int, uploader: int
) -> None:
    client = signed_in(who)
    assert ("Krios" in text(client.get("/instruments/"))) is overview
    facility = client.get("/instruments/", {"facility": people.facility})
    assert facility.status_code == instrument
    page = client.get(f"/instruments/{people.instrument}/")
    assert page.status_code == instrument
    if who == "bob":  # he may read no dataset there
        assert "mov_0113" not in text(page)
        assert "grid 4" not in text(page)
    assert client.get(f"/instruments/uploaders/{people.uploader}/").status_code == uploader


@pytest.mark.parametrize("who", ["bob", "carol"])
def test_who_may_do_nothing(
    people: Cast, signed_in: Clients, asking: Registration, who: str
) -> None:
    client = signed_in(who)
    here = f"/instruments/uploaders/{asking.uploader_id}/"
    for verb in ("approve", "refuse", "revoke"):
        assert client.post(f"{here}keys/{asking.pk}/{verb}/").status_code == 404
    assert client.post(f"{here}settings/", {"set-locked": "True"}).status_code == 404
    alarm = client.post(f"/instruments/{people.instrument}/alarm/", {"hours": "1"})
    assert alarm.status_code == (403 if who == "bob" else 404)
    asking.refresh_from_db()
    assert asking.state == "waiting"
    assert not Watch.objects.filter(pk=people.instrument, hours__isnull=False).exists()


@pytest.mark.parametrize(
    "path", ["uploaders/{uploader}/settings/", "{instrument}/alarm/",
             "uploaders/{uploader}/keys/1/approve/"],
)  # fmt: skip
def test_acts_need_the_token_of_a_form(people: Cast, path: str) -> None:
    from lagan.hub.accounts.queries import find_user

    user = find_user(username="alice")
    assert user is not None
    client = Client(enforce_csrf_checks=True)
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    filled = path.format(uploader=people.uploader, instrument=people.instrument)
    assert client.get(f"/instruments/{filled}").status_code == 405
    assert client.post(f"/instruments/{filled}").status_code == 403


def test_a_key_is_approved_with_one_click_and_revoked(
    people: Cast, signed_in: Clients, asking: Registration, settings: Any
) -> None:
    alice = signed_in("alice")
    here = f"/instruments/uploaders/{asking.uploader_id}/"
    assert asking.fingerprint in text(alice.get(here))
    done = alice.post(f"{here}keys/{asking.pk}/approve/", {"comment": "Seen"}, follow=True)
    assert "it may stage files now" in text(done)
    assert "Seen" in text(done)
    keys = settings.CONFIG.staging.keys
    assert f"uploader-{asking.uploader_id}" in keys.read_text()
    again = alice.post(f"{here}keys/{asking.pk}/approve/", follow=True)
    assert "This key is approved." in text(again)
    assert "reaches nothing" in text(alice.post(f"{here}keys/{asking.pk}/revoke/", follow=True))
    assert f"uploader-{asking.uploader_id}" not in keys.read_text()
    kinds = Event.objects.filter(kind__startswith="uploader.").values_list("kind", flat=True)
    assert list(kinds.order_by("pk"))[-2:] == ["uploader.approved", "uploader.revoked"]


def test_keys_and_verbs_that_are_not_there(
    people: Cast, signed_in: Clients, asking: Registration, place: str
) -> None:
    alice = signed_in("alice")
    other = f"{place}keys/{asking.pk}/approve/"  # the key of another uploader
    assert alice.post(other).status_code == 404
    here = f"/instruments/uploaders/{asking.uploader_id}/keys"
    assert alice.post(f"{here}/{asking.pk}/explode/").status_code == 404
    assert alice.post(f"{here}/{2**70}/approve/").status_code == 404
    for number in (999_999, 2**70):
        assert alice.get(f"/instruments/uploaders/{number}/").status_code == 404
        assert alice.get(f"/instruments/{number}/").status_code == 404
    for text_ in ("x", "-1", "9" * 30, "\u0663"):
        assert alice.get("/instruments/", {"facility": text_}).status_code == 404
    assert alice.get(f"/instruments/{people.root}/").status_code == 404


def test_who_decides_need_not_manage(
    people: Cast, signed_in: Clients, asking: Registration
) -> None:
    from lagan.hub.accounts.queries import find_user

    dan = find_user(username="dan")
    assert dan is not None
    tree.set_grants(
        by=SYSTEM, subject=dan.entity_id, object=people.facility, grant={"COMPUTER_PERM_SET"}
    )
    client = signed_in("dan")
    here = f"/instruments/uploaders/{asking.uploader_id}/"
    assert "Approve" in text(client.get(here))
    assert client.post(f"{here}settings/", {"set-locked": "True"}).status_code == 403
    client.post(f"{here}keys/{asking.pk}/refuse/")
    asking.refresh_from_db()
    assert (asking.state, asking.decided_by_id) == ("refused", dan.entity_id)


def test_settings_are_changed_and_nothing_else(
    people: Cast, signed_in: Clients, place: str
) -> None:
    alice = signed_in("alice")
    page = alice.get(place).content.decode()
    assert 'value="EM-PC-1"' not in page  # facts are no settings
    assert 'name="set-vendor_mode" value="burst"' in page
    posted = {f"set-{key}": SETTINGS.get(key, "") for key in (*FIELDS, "vendor_mode")}
    unchanged = alice.post(f"{place}settings/", posted, follow=True)
    assert "Nothing was changed." in text(unchanged)
    changed = {**posted, "set-timer_minutes": "30", "set-locked": "True", "set-user_filter": "em",
               "set-contact_name": "", "set-folder_structure": "", "set-api_key": "stolen",
               "set-uuid": "other", "set-never_heard": "1"}  # fmt: skip
    assert "4 settings are changed." in text(alice.post(f"{place}settings/", changed, follow=True))
    kept = {
        each.key: each.value for each in queries.uploader(SYSTEM, people.uploader).settings.all()
    }
    expected = {**SETTINGS, "timer_minutes": "30", "locked": "True", "user_filter": "em",
                "contact_name": ""}  # fmt: skip
    assert kept == expected
    event = Event.objects.filter(kind="uploader.settings-changed").latest("pk")
    assert "timer_minutes" in str(event.data)
    assert "not fetched yet" in text(alice.get(place))


@pytest.mark.parametrize(
    ("key", "value"),
    [("timer_minutes", "often"), ("locked", "perhaps"), ("schedule_type", "Now and then"),
     ("scheduled_date", "tomorrow"), ("timer_from_time", "25:00"), ("connection_timeout", "1e9"),
     ("user_filter", "a\nb"), ("user_filter", "x" * 2001), ("vendor_mode", "a\x1bb")],
)  # fmt: skip
def test_what_cannot_be_is_said_beside_its_field(
    people: Cast, signed_in: Clients, place: str, key: str, value: str
) -> None:
    posted = {f"set-{key}": value, "set-contact_email": "typed@example.org"}
    answer = signed_in("alice").post(f"{place}settings/", posted)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert page.count('aria-invalid="true"') == 1
    assert "typed@example.org" in page
    kept = queries.uploader(SYSTEM, people.uploader).settings
    assert not kept.filter(value__in=[value, "typed@example.org"]).exists()


def test_an_alarm_is_set_and_taken_back(people: Cast, signed_in: Clients) -> None:
    alice, here = signed_in("alice"), f"/instruments/{people.instrument}/"
    assert "An alarm is raised" in text(alice.post(f"{here}alarm/", {"hours": "72"}, follow=True))
    assert Watch.objects.get(pk=people.instrument).hours == 72
    assert '<option value="72" selected>3 days' in alice.get(here).content.decode()
    for odd in ("-1", "0", "9999999", "x", "1.5"):
        refused = alice.post(f"{here}alarm/", {"hours": odd})
        assert (refused.status_code, "message bad" in refused.content.decode()) == (400, True)
    assert "No alarm" in text(alice.post(f"{here}alarm/", {"hours": ""}, follow=True))
    assert Watch.objects.get(pk=people.instrument).hours is None


@pytest.mark.parametrize(
    ("hours", "words"),
    [(1, "1 hour"), (4, "4 hours"), (24, "1 day"), (25, "25 hours"), (168, "7 days")],
)
def test_hours_are_days_wherever_they_are_whole_days(hours: int, words: str) -> None:
    from django.utils import translation

    with translation.override("en"):
        assert hours_words(hours) == words

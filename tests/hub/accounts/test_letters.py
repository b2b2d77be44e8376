"""Letters: what is sent to whom, by a real SMTP server, and what nobody learns from it."""

from __future__ import annotations

import json
import statistics
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lagan.hub.accounts import post, queries, services, tries
from lagan.hub.accounts.errors import LockedOut, NoMail
from lagan.hub.accounts.models import Letter, User
from lagan.hub.audit.models import Event
from lagan.hub.base.actors import SYSTEM
from lagan.kit.errors import BadInput, Conflict, NotFound
from tests.hub.accounts.cast import PASSWORD, Cast, actor, bearer
from tests.hub.accounts.mailbox import Mailbox, body, link

NEW = "nine loud herons"
ASKER = "192.0.2.7"


@pytest.fixture
def address() -> str:
    """One that no other test writes to."""
    return f"{uuid4().hex}@example.org"


@pytest.fixture
def grace(cast: Cast, address: str) -> User:
    """A new user without a password."""
    return services.create_user(
        by=actor(cast.ada), username="grace", email=address, full_name="Grace Hopper"
    )


def test_a_new_user_is_sent_a_link_that_works_once(cast: Cast, grace: User, mail: Mailbox) -> None:
    assert services.send_first_password(by=actor(cast.ada), user=grace) == grace.email
    (letter,) = mail.sent_to(grace.email)
    assert letter["Subject"] == "Lagan: Your account"
    assert "Hello Grace Hopper" in body(letter)
    assert "grace" in body(letter)
    client = Client()
    assert client.post(link(letter), {"password": NEW, "again": NEW})["Location"] == "/"
    assert client.get("/api/auth/me/").json()["username"] == "grace"
    assert Client().get(link(letter)).status_code == 404
    assert not Letter.objects.exists()


def test_a_generated_password_is_changed_at_the_first_sign_in(
    cast: Cast, grace: User, mail: Mailbox, configured: Any, api: Client
) -> None:
    configured(first_password="GENERATED", address="https://data.example.org")
    services.send_first_password(by=actor(cast.ada), user=grace)
    (letter,) = mail.sent_to(grace.email)
    password = body(letter).split("Your password is")[1].split()[0]
    assert len(password) == 19
    answer = api.post(
        "/api/auth/token/",
        {"username": "grace", "password": password},
        content_type="application/json",
    )
    assert answer.json()["type"] == "/problems/password-change-needed"
    client = Client()
    credentials = {"username": "grace", "password": password, "next": "/jobs/"}
    assert client.post("/login/", credentials)["Location"] == "/login/change/"
    assert client.get("/api/auth/me/").status_code == 401
    same = client.post("/login/change/", {"password": password, "again": password})
    assert same.status_code == 400
    assert client.post("/login/change/", {"password": NEW, "again": "x"}).status_code == 400
    assert client.post("/login/change/", {"password": NEW, "again": NEW})["Location"] == "/jobs/"
    assert client.get("/api/auth/me/").json()["username"] == "grace"
    kept = json.dumps(list(Event.objects.values("data")), default=str)
    assert password not in kept


def test_a_letter_lies_sealed_until_it_leaves(cast: Cast, grace: User, mail: Mailbox) -> None:
    services.send_generated_password(by=actor(cast.ada), username="grace")
    kept = json.dumps(list(Letter.objects.values()), default=str)
    (letter,) = mail.sent_to(grace.email)
    password = body(letter).split("Your password is")[1].split()[0]
    assert password not in kept


@pytest.mark.parametrize("by_name", [True, False])
def test_who_forgot_the_password_gets_a_link(
    cast: Cast, grace: User, mail: Mailbox, by_name: bool
) -> None:
    given = "grace" if by_name else grace.email.upper()
    page = Client().post("/forgot-password/", {"address": given})
    assert page.status_code == 200
    (letter,) = mail.sent_to(grace.email)
    assert letter["Subject"] == "Lagan: A new password"
    assert Client().post(link(letter), {"password": NEW, "again": NEW}).status_code == 302
    assert User.objects.get(username="grace").check_password(NEW)


def test_the_answer_tells_nobody_whether_there_is_an_account(
    cast: Cast, mail: Mailbox, address: str
) -> None:
    known = Client().post("/forgot-password/", {"address": "ben@example.org"})
    unknown = Client().post("/forgot-password/", {"address": address})
    assert known.status_code == unknown.status_code == 200
    assert known.content == unknown.content
    assert mail.sent_to(address) == []


def test_nor_does_the_time_it_takes(cast: Cast, mail: Mailbox, address: str) -> None:
    """Both leave one row; what is looked up is looked up later, by another process."""

    def cost(given: str) -> tuple[float, list[str]]:
        """Seconds of the processor, and the verbs that the database was told."""
        with CaptureQueriesContext(connection) as asked:
            began = time.thread_time()
            services.forget_password(address=given, asker=uuid4().hex)
            seconds = time.thread_time() - began
        return seconds, [each["sql"].split()[0] for each in asked]

    pairs = [(cost("ben@example.org"), cost(address)) for _ in range(40)]
    assert all(known[1] == unknown[1] for known, unknown in pairs)
    known, unknown = (statistics.median(each[0] for each in of) for of in zip(*pairs, strict=True))
    assert 0.5 < known / unknown < 2
    assert Letter.objects.count() == 80


def test_asking_is_limited_for_the_asker_and_for_the_address(
    cast: Cast, grace: User, mail: Mailbox
) -> None:
    for _ in range(tries.ASKERS.count):
        services.forget_password(address=grace.email, asker=ASKER)
    with pytest.raises(LockedOut):
        services.forget_password(address="anybody", asker=ASKER)
    services.forget_password(address="ben", asker="192.0.2.8")
    while post.deliver():
        pass
    assert len(mail.sent_to(grace.email)) == 3


def test_a_shut_account_gets_no_letter(cast: Cast, grace: User, mail: Mailbox) -> None:
    services.set_active(by=SYSTEM, username="grace", active=False)
    services.forget_password(address=grace.email, asker=ASKER)
    assert mail.sent_to(grace.email) == []


@pytest.mark.parametrize("given", ["", "\x00", "\ud800", "x" * 9999, "a@b@c", "'; --"])
def test_no_address_is_too_odd(cast: Cast, mail: Mailbox, given: str) -> None:
    services.forget_password(address=given, asker=ASKER)
    assert post.deliver() == 1


def test_without_a_mail_server_it_says_so(cast: Cast, configured: Any) -> None:
    configured(address="")
    page = Client().post("/forgot-password/", {"address": "ben"})
    assert page.status_code == 409
    assert "administrator" in page.content.decode()
    with pytest.raises(NoMail):
        services.send_password_link(by=actor(cast.ada), username="ben")
    assert services.send_first_password(by=actor(cast.ada), user=cast.ben) is None


def test_a_letter_that_is_not_taken_is_sent_later_and_given_up_after_a_day(
    cast: Cast, grace: User, mail: Mailbox, settings: Any
) -> None:
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9
    services.send_password_link(by=actor(cast.ada), username="grace")
    assert post.deliver() == 0
    waiting = Letter.objects.get()
    assert waiting.due > timezone.now() + timedelta(seconds=50)
    assert post.deliver() == 0
    settings.EMAIL_PORT = port
    Letter.objects.update(due=timezone.now())
    assert len(mail.sent_to(grace.email)) == 1
    settings.EMAIL_PORT = 9
    services.send_password_link(by=actor(cast.ada), username="grace")
    Letter.objects.update(made=timezone.now() - timedelta(days=2))
    assert post.deliver() == 1
    assert not Letter.objects.exists()
    assert Event.objects.filter(kind="letter.failed").count() == 1


def test_one_confirms_an_address_by_its_letter(cast: Cast, mail: Mailbox, address: str) -> None:
    changed = services.change_user(by=actor(cast.ben), username="ben", email=address)
    assert not changed.email_confirmed
    services.send_confirmation(by=actor(cast.ben))
    (letter,) = mail.sent_to(address)
    assert Client().get(link(letter)).status_code == 200
    assert not User.objects.get(username="ben").email_confirmed
    Client().post(link(letter))
    assert User.objects.get(username="ben").email_confirmed
    services.change_user(by=actor(cast.ben), username="ben", email=f"x{address}")
    with pytest.raises(NotFound):
        services.confirm_email(token=link(letter).split("/")[2])


def test_a_mailed_link_confirms_the_address_too(cast: Cast, grace: User, mail: Mailbox) -> None:
    User.objects.filter(id=grace.id).update(email_confirmed=False)
    services.forget_password(address="grace", asker=ASKER)
    (letter,) = mail.sent_to(grace.email)
    Client().post(link(letter), {"password": NEW, "again": NEW})
    assert User.objects.get(username="grace").email_confirmed


def test_sending_is_for_those_who_govern_the_account(
    cast: Cast, grace: User, mail: Mailbox, api: Client
) -> None:
    for act in ("send-password-link", "send-password"):
        address = f"/api/users/grace/{act}/"
        assert api.post(address, headers=bearer(cast.eve)).status_code == 404
        assert api.post(address, headers=bearer(cast.ada)).status_code == 202
    assert len(mail.sent_to(grace.email)) == 2


def test_a_user_without_an_address_is_a_conflict(cast: Cast, mail: Mailbox) -> None:
    services.create_user(by=SYSTEM, username="mute")
    with pytest.raises(Conflict):
        services.send_password_link(by=actor(cast.ada), username="mute")


def test_changing_the_password_takes_the_current_one(cast: Cast) -> None:
    by = actor(cast.ben)
    with pytest.raises(BadInput, match="current"):
        services.change_password(by=by, current="wrong", password=NEW)
    with pytest.raises(BadInput, match="short"):
        services.change_password(by=by, current=PASSWORD, password="short")
    with pytest.raises(BadInput, match="old one"):
        services.change_password(by=by, current=PASSWORD, password=PASSWORD)
    services.change_password(by=by, current=PASSWORD, password=NEW)
    found = queries.find_user(username="ben")
    assert found is not None
    assert found.check_password(NEW)


def test_guessing_the_current_password_is_stopped(cast: Cast) -> None:
    for _ in range(5):
        with pytest.raises(BadInput):
            services.change_password(by=actor(cast.ben), current="wrong", password=NEW)
    with pytest.raises(LockedOut):
        services.change_password(by=actor(cast.ben), current=PASSWORD, password=NEW)

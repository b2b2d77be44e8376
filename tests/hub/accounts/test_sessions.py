"""Sessions are shown to their owner, who ends them."""

from __future__ import annotations

from typing import Any

from django.test import Client

from lagan.hub.accounts import queries, services
from lagan.hub.accounts.models import Visit
from lagan.hub.base.actors import SYSTEM
from tests.hub.accounts.cast import PASSWORD, Cast, actor


def log_in(name: str = "ben", program: str = "Firefox") -> Client:
    client = Client(headers={"User-Agent": program})
    credentials = {"username": name, "password": PASSWORD}
    assert client.post("/login/", credentials).status_code == 302
    return client


def works(client: Client) -> bool:
    status: int = client.get("/api/auth/me/").status_code
    return status == 200


def test_a_session_is_noted_with_where_it_is(cast: Cast) -> None:
    log_in(program="A browser\x00")
    visit = queries.visits(actor(cast.ben)).get()
    assert (visit.how, visit.address, visit.program) == ("password", "127.0.0.1", "A browser\ufffd")


def test_one_is_ended_from_another(cast: Cast) -> None:
    laptop, phone = log_in(program="laptop"), log_in(program="phone")
    visit = queries.visits(actor(cast.ben)).get(program="phone")
    assert laptop.post(f"/profile/sessions/{visit.id}/end/").status_code == 302
    assert (works(laptop), works(phone)) == (True, False)


def test_all_others_are_ended_at_once(cast: Cast) -> None:
    here, others, eve = log_in(), [log_in() for _ in range(3)], log_in("eve")
    here.post("/profile/sessions/end/")
    assert works(here)
    assert not any(works(each) for each in others)
    assert works(eve)
    assert queries.visits(actor(cast.ben)).count() == 1


def test_nobody_ends_anothers(cast: Cast) -> None:
    ben, eve = log_in(), log_in("eve")
    visit = queries.visits(actor(cast.ben)).get()
    page = eve.post(f"/profile/sessions/{visit.id}/end/", follow=True)
    assert "no session" in page.content.decode()
    assert works(ben)


def test_logging_out_forgets_it(cast: Cast) -> None:
    client = log_in()
    client.post("/logout/")
    assert not Visit.objects.exists()


def test_a_new_password_ends_all_but_the_one_that_set_it(cast: Cast) -> None:
    here, other = log_in(), log_in()
    new = "nine loud herons"
    answer = here.post("/profile/password/", {"current": PASSWORD, "password": new, "again": new})
    assert answer.status_code == 302
    assert (works(here), works(other)) == (True, False)
    assert queries.visits(actor(cast.ben)).count() == 1


def test_shutting_an_account_ends_all(cast: Cast) -> None:
    client = log_in()
    services.set_active(by=SYSTEM, username="ben", active=False)
    assert not works(client)
    assert not Visit.objects.exists()


def test_a_page_costs_no_more_for_being_noted(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    client = log_in()
    client.get("/jobs/")
    with django_assert_max_num_queries(16):  # one of them is of the bell
        client.get("/jobs/")

"""Pages show what the visitor may see and nothing else, and refuse in words."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import URLPattern

from lagan.hub.accounts.queries import find_user
from lagan.hub.base.actors import SYSTEM
from lagan.hub.tree import services as tree
from lagan.hub.web import urls
from lagan.hub.web.policy import POLICY
from tests.browser.population import RETINA, Population

Clients = Callable[[str], Client]
OPEN_TO_ALL = {"login/", "logout/", "set-password/<str:token>/", "language/"}
OPEN_TO_ALL |= {"forgot-password/", "confirm-email/<str:token>/", "privacy/"}
OPEN_TO_ALL |= {
    str(each.pattern) for each in urls.urlpatterns if str(each.pattern).startswith("login/")
}
OPEN_TO_ALL |= {"s/<str:token>/"}


def _addresses() -> list[str]:
    patterns = [str(each.pattern) for each in urls.urlpatterns if isinstance(each, URLPattern)]
    guarded = [each for each in patterns if each not in OPEN_TO_ALL]
    return ["/" + re.sub(r"<\w+:(\w+)>", r"{\1}", each) for each in guarded]


def test_nobody_is_led_to_the_log_in_and_back(people: Population) -> None:
    known = {"dataset": people.retina, "entity": people.retina, "job": people.running}
    names = {"username": "alice", "name": "campus", "verb": "unlock"}
    led = {}
    for address in _addresses():
        path = address.format_map(defaultdict(lambda: 1, {**known, **names}))
        answer = Client().get(path)
        if answer.status_code == 405:  # an act, not a page
            answer = Client().post(path)
        led[path] = answer.status_code, answer.get("Location")
    assert len(led) > 60
    assert led == {path: (302, f"/login/?next={path}") for path in led}


def test_a_poll_after_the_session_ended_leads_the_whole_page_to_the_log_in(
    people: Population,
) -> None:
    asked = {"HX-Request": "true", "HX-Current-URL": f"http://testserver/jobs/{people.running}/"}
    answer = Client().get(f"/jobs/{people.running}/", headers=asked)
    assert answer.status_code == 200
    assert answer["HX-Redirect"] == f"/login/?next=/jobs/{people.running}/"


@pytest.mark.parametrize(
    "path",
    [
        "/datasets/{retina}/",
        "/datasets/{retina}/log/",
        "/jobs/{running}/",
        "/datasets/999999/",
        "/jobs/999999/",
    ],
)
def test_what_a_stranger_may_not_see_looks_absent(
    people: Population, signed_in: Clients, path: str
) -> None:
    address = path.format(retina=people.retina, running=people.running)
    answer = signed_in("bob").get(address)
    assert answer.status_code == 404
    assert RETINA not in answer.content.decode()


def test_a_stranger_can_neither_close_nor_cancel(people: Population, signed_in: Clients) -> None:
    bob = signed_in("bob")
    assert bob.post(f"/datasets/{people.retina}/close/").status_code == 404
    assert bob.post(f"/jobs/{people.running}/cancel/").status_code == 404
    alice = signed_in("alice")
    assert "Open" in alice.get(f"/datasets/{people.retina}/").content.decode()


def test_a_team_mate_reads_but_is_told_that_closing_is_not_theirs(
    people: Population, signed_in: Clients
) -> None:
    bob = find_user(username="bob")
    assert bob is not None
    tree.set_grants(
        by=SYSTEM,
        subject=bob.entity_id,
        object=people.retina,
        grant=frozenset({"DATASET_READ"}),
        deny=frozenset(),
    )
    client = signed_in("bob")
    page = client.get(f"/datasets/{people.retina}/").content.decode()
    assert RETINA in page
    assert "Close this dataset" not in page
    after = client.post(f"/datasets/{people.retina}/close/", follow=True)
    assert "DATASET_CLOSE" in after.content.decode()


def test_the_owner_closes(people: Population, signed_in: Clients) -> None:
    alice = signed_in("alice")
    page = alice.post(f"/datasets/{people.retina}/close/", follow=True).content.decode()
    assert "The dataset is closed." in page
    assert "Close this dataset" not in page


def test_filters_live_in_the_address(signed_in: Clients) -> None:
    alice = signed_in("alice")
    found = alice.get("/datasets/?text=RETINA&where=system.dataset.status+%3D+open")
    assert RETINA in found.content.decode()
    assert "calibration beads" not in found.content.decode()
    none = alice.get("/datasets/?where=system.dataset.status+%3D+expired").content.decode()
    assert "No dataset fits" in none


def test_lists_are_turned_by_key(signed_in: Clients) -> None:
    alice = signed_in("alice")
    first = alice.get("/datasets/?text=2026&size=1")
    assert first.context["next_page"].startswith("/datasets/?text=2026&size=1&after=")
    seen, page = [], first
    while page.context["next_page"]:
        seen.append(page.content.decode())
        page = alice.get(page.context["next_page"])
        assert page.context["first_page"] == "/datasets/?text=2026&size=1"
    assert len(seen) >= 2
    assert not any("calibration beads" in each for each in seen), "the oldest comes last"
    assert "calibration beads" in page.content.decode()


@pytest.mark.parametrize(
    "path", ["/datasets/?after=zz", "/jobs/{failed}/?tasks=x", "/archive/?after=W10"]
)
def test_a_made_up_page_key_is_refused_in_words(
    people: Population, signed_in: Clients, path: str
) -> None:
    answer = signed_in("alice").get(path.format(failed=people.failed))
    assert answer.status_code == 400
    assert "cursor" in answer.content.decode()


def test_a_folder_that_is_not_there_is_not_found(people: Population, signed_in: Clients) -> None:
    answer = signed_in("alice").get(f"/datasets/{people.retina}/?folder=nowhere")
    assert answer.status_code == 404


def test_strange_characters_in_the_address_are_no_fault_of_ours(
    people: Population, signed_in: Clients
) -> None:
    alice = signed_in("alice")
    for path in (
        "/datasets/?text=%00",
        f"/datasets/{people.retina}/?folder=%00",
        "/jobs/?state=%FF",
    ):
        assert alice.get(path).status_code < 500, path


@pytest.mark.parametrize("name", ["", "\0", "a\0b", "x" * 5000])
def test_a_key_with_an_odd_name_is_refused_beside_its_field(signed_in: Clients, name: str) -> None:
    answer = signed_in("alice").post("/profile/keys/", {"name": name})
    assert answer.status_code == 400
    assert 'aria-invalid="true"' in answer.content.decode()


def test_markup_in_names_is_shown_not_obeyed(people: Population, signed_in: Clients) -> None:
    tree.rename(by=SYSTEM, entity=people.retina, name="<script>alert(1)")
    page = signed_in("alice").get("/datasets/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_every_answer_carries_the_policy_and_is_kept_by_nobody(signed_in: Clients) -> None:
    answer = signed_in("alice").get("/")
    assert answer["Content-Security-Policy"] == POLICY
    assert answer["Cache-Control"] == "private, no-store"
    assert "style=" not in answer.content.decode()


def test_an_unknown_address_beneath_the_api_is_a_problem_document(db: None) -> None:
    answer = Client().get("/api/no/such/thing/")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_a_fault_of_ours_is_a_page_that_asks_the_database_nothing(
    signed_in: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lagan.hub.datasets.search import queries

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    alice = signed_in("alice")
    alice.raise_request_exception = False
    monkeypatch.setattr(queries, "search", broken)
    answer = alice.get("/datasets/")
    assert answer.status_code == 500
    assert "no data is lost" in answer.content.decode()
    assert "RuntimeError" not in answer.content.decode()


def test_a_form_from_elsewhere_is_refused(people: Population) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/login/", {"username": "alice", "password": "x"})
    assert answer.status_code == 403
    assert "did not come from here" in answer.content.decode()


def test_pages_take_no_more_queries_for_more_rows(
    people: Population, signed_in: Clients, django_assert_max_num_queries: Callable[..., object]
) -> None:
    alice = signed_in("alice")
    for path in ("/datasets/", f"/datasets/{people.retina}/?folder=raw", "/jobs/", "/archive/"):
        # Three of them are the bell's, which has something to ring for here.
        with django_assert_max_num_queries(28):  # type: ignore[attr-defined]
            alice.get(path)

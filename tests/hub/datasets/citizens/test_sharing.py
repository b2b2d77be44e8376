"""A share link opens what it was made for, for as long as that was said, and nothing else."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta

import pytest
from django.utils import timezone

from lagan.hub.audit.models import Event
from lagan.hub.base.actors import SYSTEM
from lagan.hub.datasets import reach as reaching
from lagan.hub.datasets import services, sharing
from lagan.hub.datasets.errors import LinkLocked, LinkUsedUp, PasswordWanted
from lagan.hub.datasets.models import ShareLink
from lagan.hub.tree import services as tree
from lagan.kit.errors import BadInput, Forbidden, NotFound


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def make(stage, **given):
    return services.create_link(by=stage.owner, dataset=stage.dataset, **given)


def test_the_token_opens_it_and_is_kept_nowhere(stage):
    row, token = make(stage, note="for the reviewers")
    assert len(token) >= 43
    assert row.expires - row.created == timedelta(days=14)
    opened = sharing.opened(token)
    assert [each.path for each in reaching.entries(opened.reach)] == [
        "raw/deep/two.fits", "raw/one.dcm", "read me.txt",
    ]  # fmt: skip
    kept = json.dumps(list(ShareLink.objects.values()), default=str)
    assert token not in kept
    assert token not in json.dumps(list(Event.objects.values()), default=str)


def test_wrong_expired_and_revoked_look_alike(stage):
    row, token = make(stage)
    said = set()
    _, revoked = make(stage)
    services.revoke_link(by=stage.owner, dataset=stage.dataset, link=row.id + 1)
    ShareLink.objects.filter(pk=row.id).update(expires_at=timezone.now())
    for each in (token, revoked, "x", "", "\udcff", token + "x"):
        with pytest.raises(NotFound) as refused:
            sharing.opened(each)
        said.add((refused.value.sentence, json.dumps(refused.value.facts)))
    assert len(said) == 1


def test_who_may_make_list_and_revoke(stage):
    row, _ = make(stage)
    for verb in (
        lambda by: services.create_link(by=by, dataset=stage.dataset),
        lambda by: sharing.links(by, stage.dataset),
        lambda by: services.revoke_link(by=by, dataset=stage.dataset, link=row.id),
    ):
        with pytest.raises(Forbidden):
            verb(stage.mate)
        with pytest.raises(NotFound):
            verb(stage.stranger)
    assert [each.state for each in sharing.links(stage.owner, stage.dataset).items] == ["active"]


def test_a_link_to_a_folder_ends_at_the_folder(stage):
    _, token = make(stage, folder="/raw/")
    opened = sharing.opened(token)
    paths = [reaching.outside(opened.reach, each.path) for each in reaching.entries(opened.reach)]
    assert paths == ["deep/two.fits", "one.dcm"]
    assert opened.name == "raw"
    assert reaching.entry(opened.reach, "one.dcm").path == "raw/one.dcm"
    for outside in ("../read me.txt", "read me.txt", "/read me.txt", "raw/one.dcm", "a\x00"):
        with pytest.raises(NotFound):
            reaching.entry(opened.reach, outside)
    for outside in ("..", "../", "\x00"):
        with suppress(NotFound):
            assert not reaching.folder(opened.reach, outside).items
    assert {each.name for each in reaching.folder(opened.reach, "").items} == {"deep", "one.dcm"}


def test_a_link_asks_for_its_password_and_locks_after_ten_guesses(stage):
    row, token = make(stage, password="four small words")
    with pytest.raises(PasswordWanted):
        sharing.opened(token)
    proof = services.unlock(token=token, password="four small words")
    assert sharing.opened(token, proof).link == row.id
    for _ in range(10):
        with pytest.raises(PasswordWanted):
            services.unlock(token=token, password="guess")
    with pytest.raises(LinkLocked):
        services.unlock(token=token, password="four small words")
    with pytest.raises(PasswordWanted):
        sharing.opened(token, "")
    ShareLink.objects.filter(pk=row.id).update(locked_until=timezone.now())
    assert services.unlock(token=token, password="four small words")
    refused = Event.objects.filter(kind="share-link.refused")
    assert [each.actor for each in refused] == [f"share link {row.id}"] * 10


def test_the_proof_of_one_link_opens_no_other(stage):
    _, one = make(stage, password="four small words")
    _, other = make(stage, password="other small words")
    proof = services.unlock(token=one, password="four small words")
    with pytest.raises(PasswordWanted):
        sharing.opened(other, proof)


def test_downloads_are_counted_and_end(stage):
    row, token = make(stage, most_downloads=2)
    opened = sharing.opened(token)
    sharing.count_download(opened, path="raw/one.dcm", start=0)
    sharing.count_download(opened, path="raw/one.dcm", start=5)  # goes on where it broke off
    sharing.count_download(opened, path="", start=0)
    with pytest.raises(LinkUsedUp):
        sharing.count_download(opened, path="raw/one.dcm", start=0)
    assert sharing.opened(token).downloads_left == 0
    (shown,) = sharing.links(stage.owner, stage.dataset).items
    assert (shown.state, shown.downloads) == ("used-up", 2)
    used = Event.objects.filter(kind="share-link.used", subject=stage.dataset)
    assert {each.actor for each in used} == {f"share link {row.id}"}
    assert used.count() == 2


def test_a_first_download_from_its_middle_counts_too(stage):
    _, token = make(stage, most_downloads=1)
    sharing.count_download(sharing.opened(token), path="raw/one.dcm", start=5)
    assert sharing.opened(token).downloads_left == 0


def test_a_link_lives_no_longer_than_its_makers_right(stage):
    _, token = make(stage)
    tree.set_grants(
        by=SYSTEM, subject=stage.owner.entity, object=stage.dataset, grant={"DATASET_READ"}
    )
    with pytest.raises(NotFound):
        sharing.opened(token)


def test_who_was_shut_out_shares_no_more(stage):
    from lagan.hub.accounts import services as accounts

    _, token = make(stage)
    accounts.set_active(by=SYSTEM, username=stage.owner.name, active=False)
    with pytest.raises(NotFound):
        sharing.opened(token)


def test_a_removed_dataset_is_not_shared(stage):
    _, token = make(stage)
    services.remove_dataset(by=SYSTEM, dataset=stage.dataset)
    with pytest.raises(NotFound):
        sharing.opened(token)
    with pytest.raises((NotFound, Forbidden)):
        make(stage)


@pytest.mark.parametrize(
    "given",
    [
        {"days": 0}, {"days": 100_000}, {"most_downloads": 0}, {"password": "short"},
        {"note": "x" * 301}, {"note": "\x00"}, {"folder": "../x"}, {"folder": "a/../b"},
    ],
)  # fmt: skip
def test_odd_wishes_are_refused(stage, given):
    with pytest.raises(BadInput):
        make(stage, **given)
    assert not ShareLink.objects.exists()


def test_a_folder_that_is_not_there_is_not_shared(stage):
    with pytest.raises(NotFound):
        make(stage, folder="nowhere")


def test_over_the_api(stage, client_of):
    place = f"/api/datasets/{stage.dataset}/shares/"
    owner = client_of(stage.owner)
    made = owner.post(place, {"folder": "raw", "days": 3}, "application/json")
    assert made.status_code == 201, made.content
    assert made.json()["address"].startswith("http://testserver/s/")
    (listed,) = owner.get(place).json()["results"]
    assert "address" not in listed
    assert owner.delete(f"{place}{listed['id']}/").status_code == 204
    assert owner.delete(f"{place}999999/").status_code == 404
    assert client_of(stage.stranger).get(place).status_code == 404
    assert client_of(stage.mate).get(place).status_code == 403

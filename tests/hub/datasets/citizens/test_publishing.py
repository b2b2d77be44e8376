"""Anybody sees what was published, as far as it was published, and nothing else."""

from __future__ import annotations

import pytest
from django.test import Client

from lagan.hub.base.actors import NOBODY
from lagan.hub.datasets import reach as reaching
from lagan.hub.datasets import services
from lagan.hub.datasets.models import LogLine, Publication
from lagan.kit.errors import Conflict, Forbidden, NotFound, NotSignedIn


def test_before_it_is_published_only_those_who_may_read_reach_it(stage):
    assert reaching.reach(stage.owner, stage.dataset).files
    assert reaching.reach(stage.mate, stage.dataset).files
    with pytest.raises(NotFound):
        reaching.reach(stage.stranger, stage.dataset)
    with pytest.raises(NotSignedIn):
        reaching.reach(NOBODY, stage.dataset)


def test_only_a_closed_dataset_is_published(stage):
    with pytest.raises(Conflict):
        services.publish(by=stage.owner, dataset=stage.dataset, files=True)


def test_only_whoever_holds_the_permission_publishes(stage):
    services.close_dataset(by=stage.owner, dataset=stage.dataset)
    with pytest.raises(Forbidden):
        services.publish(by=stage.mate, dataset=stage.dataset, files=True)
    with pytest.raises(NotFound):
        services.publish(by=stage.stranger, dataset=stage.dataset, files=True)
    assert not Publication.objects.exists()


@pytest.mark.parametrize("files", [True, False])
def test_what_is_published_is_what_anybody_reaches(stage, files):
    services.close_dataset(by=stage.owner, dataset=stage.dataset)
    services.publish(by=stage.owner, dataset=stage.dataset, files=files)
    for anybody in (NOBODY, stage.stranger):
        reach = reaching.reach(anybody, stage.dataset)
        assert reach.files is files
        if files:
            assert reaching.entry(reach, "raw/one.dcm").size == 10
        else:
            with pytest.raises(NotFound):
                reaching.entry(reach, "raw/one.dcm")
            with pytest.raises(NotFound):
                next(reaching.entries(reach))
    assert reaching.reach(stage.mate, stage.dataset).files


def test_publishing_ends_as_it_began_and_is_in_the_log(stage):
    services.close_dataset(by=stage.owner, dataset=stage.dataset)
    first = services.publish(by=stage.owner, dataset=stage.dataset, files=False)
    again = services.publish(by=stage.owner, dataset=stage.dataset, files=True)
    assert again.at == first.at
    services.unpublish(by=stage.owner, dataset=stage.dataset)
    services.unpublish(by=stage.owner, dataset=stage.dataset)
    with pytest.raises(NotSignedIn):
        reaching.reach(NOBODY, stage.dataset)
    said = [line.text for line in LogLine.objects.filter(dataset=stage.dataset).order_by("id")]
    assert said[-3:] == [
        "Published without its files.", "Published with its files.", "No longer published.",
    ]  # fmt: skip


def test_over_the_api(stage, client_of):
    owner = client_of(stage.owner)
    place = f"/api/datasets/{stage.dataset}"
    assert owner.put(f"{place}/publication/", {}, "application/json").status_code == 409
    services.close_dataset(by=stage.owner, dataset=stage.dataset)
    body = {"files": False}
    assert (
        client_of(stage.mate).put(f"{place}/publication/", body, "application/json").status_code
        == 403
    )
    assert (
        client_of(stage.stranger).put(f"{place}/publication/", body, "application/json").status_code
        == 404
    )
    assert Client().put(f"{place}/publication/", body, "application/json").status_code == 401
    assert Client().get(f"{place}/schema-org.json").status_code == 401
    told = owner.put(f"{place}/publication/", body, "application/json").json()
    assert told["address"] == f"http://testserver/d/{stage.dataset}/"
    assert Client().get(f"{place}/schema-org.json").json()["name"] == "crystals"
    assert Client().get(f"{place}/files/").status_code == 401
    assert owner.delete(f"{place}/publication/").status_code == 204
    assert Client().get(f"{place}/schema-org.json").status_code == 401

"""Records of uploaders, their keys and settings, and what programs call things, go into snapshots
and come back; files get their numbers again when somebody asks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db import transaction

if TYPE_CHECKING:
    from tests.hub.instruments.laboratory import Laboratory

TABLES = {"described", "experiment", "registration", "setting", "uploader"}


def test_all_but_numbers_of_files_comes_back(lab: Laboratory):
    from lagan.hub.archive.services.registry import exporters
    from lagan.hub.instruments import models, services

    uploader = lab.approved()
    services.change_settings(by=lab.mate.actor, uploader_id=uploader, pairs=[("a", "b")])
    dataset = lab.dataset("Day 1/2")
    lab.role.send(dataset, "a.txt", b"abc")
    ours = [each for each in exporters() if each.name.partition(".")[2] in TABLES]
    kept = {each.name: json.loads(json.dumps(list(each.export()))) for each in ours}
    assert len(kept) == len(TABLES)
    before = rows()
    with transaction.atomic():
        models.DataFile.objects.all().delete()
        for model in (models.Registration, models.Setting, models.Uploader, models.Experiment):
            model.objects.all().delete()
        models.Described.objects.all().delete()
        for each in ours:
            each.restore(iter(kept[each.name]))
    assert rows() == before
    file = {"dataset__id": dataset, "filename": "a.txt", "directory": ""}
    again = lab.role.get("mydata_dataset_file/", **file)
    assert (again["size"], again["replicas"][0]["verified"]) == (3, True)
    assert lab.role.get("dataset/", id=dataset)["description"] == "Day 1/2"
    services.write_keys()
    assert f"uploader-{uploader}" in (lab.root / "keys/authorized_keys").read_text()
    assert lab.uploader(name="New") == uploader


def rows() -> list[dict[str, Any]]:
    from lagan.hub.instruments import models

    every = (models.Uploader, models.Setting, models.Registration, models.Experiment)
    found = [dict(each) for model in every for each in model.objects.order_by("pk").values()]
    return found + [dict(each) for each in models.Described.objects.order_by("pk").values()]

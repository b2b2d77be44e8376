"""A dataset is created through the pages, and a computer registered: forms keep what was written
and say what stands against it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from tests.services.process import Running

if TYPE_CHECKING:
    from lagan.hub.base.actors import Actor
    from tests.hub.laboratory import Laboratory


@pytest.fixture
def lab(db: None, ssh: Running, tmp_path: Path) -> Laboratory:
    from tests.hub.laboratory import fill, furnish

    top = tmp_path / "data"
    top.mkdir()
    fill(top, {"run 1/a.txt": b"a", "run 1/b.txt": b"bb", "note.txt": b"n"})
    (top / "out").symlink_to(tmp_path)
    return furnish(ssh, top)


def client(actor: Actor) -> Client:
    from lagan.hub.accounts.queries import find_user

    made = Client()
    user = find_user(username=actor.name)
    assert user is not None
    made.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return made


def text(answer) -> str:
    return str(answer.content.decode())


def test_step_one_offers_only_what_one_may(lab):
    page = text(client(lab.people.owner).get("/datasets/new/"))
    assert f'value="{lab.team}"' in page
    assert f'value="{lab.computer}"' in page
    assert client(lab.people.mate).get("/datasets/new/").status_code == 403


def test_a_choice_that_is_not_enough_says_what_lacks(lab):
    owner = client(lab.people.owner)
    answer = owner.get(f"/datasets/new/?type=automated&group={lab.team}")
    assert answer.status_code == 400
    assert "Choose the computer" in text(answer)
    answer = owner.get("/datasets/new/?type=manual&group=999999")
    assert (answer.status_code, "Choose a group" in text(answer)) == (400, True)


def test_step_two_browses_beneath_the_top_and_nowhere_else(lab):
    owner = client(lab.people.owner)
    start = f"/datasets/new/?type=automated&group={lab.team}&computer={lab.computer}"
    page = text(owner.get(start))
    assert page.index("run 1") < page.index("note.txt")
    assert "folder=run+1" in page
    assert "path=note.txt" in page
    assert "path=out" not in page  # a link is shown, never chosen
    page = text(owner.get(f"{start}&folder=run+1"))
    assert "path=run+1%2Fa.txt" in page
    for bad in ("..", "out", "nothing"):
        page = text(owner.get(f"{start}&folder={bad}"))
        assert "cannot be looked at" in page
        assert "choose" not in page.lower().replace("choose</", "")


def test_step_three_keeps_what_was_written_and_gives_every_reason(lab):
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.tree import services as tree
    from lagan.hub.tree.queries import Field

    fields = [
        Field(".Sample", regex="[0-9]+", mandatory=True, comment="Its number"),
        Field(".Operator", mandatory=True, comment="Who"),
    ]
    root = lab.people.ground.root.pk
    template = tree.create_template(by=SYSTEM, name="asked", parent=root, fields=fields)
    tree.assign_template(by=SYSTEM, template=template.pk, group=lab.team, type="DATASET")
    owner = client(lab.people.owner)
    address = f"/datasets/new/?type=automated&group={lab.team}&computer={lab.computer}&path=run+1"
    page = text(owner.get(address))
    assert 'value="run 1"' in page  # the name is proposed
    answer = owner.post(address, {"name": "mine", "md:.Sample": ["", "seven"]})
    assert answer.status_code == 400
    page = text(answer)
    assert 'value="mine"' in page
    assert "seven" in page
    assert page.count('class="error"') >= 2
    answer = owner.post(
        address, {"name": "mine", "md:.Sample": ["", "7"], "md:.Operator": ["", "me"]}
    )
    assert answer.status_code == 302
    page = text(owner.get(answer["Location"]))
    assert "being fetched" in page
    assert "Automated" in page


def test_a_manual_dataset_begins_with_an_earlier_ones_metadata(lab):
    from lagan.hub.datasets.services import create_dataset
    from lagan.hub.tree import queries

    earlier = create_dataset(
        by=lab.people.owner, name="earlier", group=lab.team, metadata={".Sample": ["42"]}
    ).pk
    owner = client(lab.people.owner)
    page = text(owner.get(f"/datasets/new/?type=manual&group={lab.team}&copy={earlier}"))
    assert 'value="42"' in page
    answer = owner.post(
        f"/datasets/new/?type=manual&group={lab.team}",
        {"name": "next", "md:.Sample": ["", "42"], "md:.Creator": ["", "me"]},
    )
    made = int(answer["Location"].split("/")[2])
    assert queries.metadata(made) == {".Sample": ["42"], ".Creator": ["me"]}
    answer = owner.post(f"/datasets/new/?type=manual&group={lab.team}", {"name": "next"})
    assert (answer.status_code, "already has" in text(answer)) == (400, True)


def test_a_computer_is_registered_and_confirmed_by_pages(lab, ssh):
    owner = client(lab.people.owner)
    given = {
        "name": "sem", "group": str(lab.team), "fact-ip": "127.0.0.1", "fact-path": "data",
        "fact-port": ssh.address["port"], "fact-user": ssh.address["user"],
    }  # fmt: skip
    answer = owner.post("/computers/new/", given)
    assert answer.status_code == 400
    assert "absolute path" in text(answer)
    answer = owner.post("/computers/new/", {**given, "fact-path": str(lab.top)})
    page = text(owner.get(answer["Location"]))
    assert "ssh-ed25519" in page  # the hub's key, to be copied
    computer = answer["Location"]
    owner.post(f"{computer}test/")
    page = text(owner.get(computer))
    shown = page.split('name="fingerprint" value="')[1].split('"')[0]
    owner.post(f"{computer}host-key/", {"fingerprint": shown})
    assert "It works" in text(owner.get(computer))
    mate = client(lab.people.mate)
    assert "authorized_keys" not in text(mate.get(computer))
    assert mate.get(f"{computer}edit/").status_code == 403
    assert mate.post(f"{computer}test/").status_code == 403
    assert client(lab.people.stranger).get(computer).status_code == 404


def test_a_computers_facts_are_changed(lab):
    owner = client(lab.people.owner)
    here = f"/computers/{lab.computer}/"
    page = text(owner.get(f"{here}edit/"))
    assert 'value="NMR400"' in page
    values = {"fact-name": "NMR600", "fact-room": "2.13", "fact-path": str(lab.top)}
    assert owner.post(f"{here}edit/", values).status_code == 302
    page = text(owner.get(here))
    assert ("NMR600" in page, "2.13" in page) == (True, True)
    assert "NMR600" in text(owner.get("/computers/"))


def test_life_by_pages(lab):
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.datasets.services import create_dataset
    from lagan.hub.tree import services as tree
    from lagan.hub.tree.permissions import DATASET_CREATOR

    people = lab.people
    dataset = create_dataset(by=people.owner, name="d", group=lab.team).pk
    owner, here = client(people.owner), f"/datasets/{dataset}/"
    assert "Manage" not in text(owner.get(here))
    assert owner.get(f"{here}expiry/").status_code == 403
    grant = DATASET_CREATOR | {"DATASET_DELETE"}
    tree.set_grants(by=SYSTEM, subject=people.owner.entity, object=dataset, grant=grant)
    assert "Expire date" in text(owner.get(here))
    answer = owner.post(f"{here}expiry/", {"expires": "soon"})
    assert (answer.status_code, "Not a moment" in text(answer)) == (400, True)
    owner.post(f"{here}expiry/", {"expires": "2040-01-31"})
    assert "2040-01-31" in text(owner.get(here))
    assert "Expires" in text(owner.get(here))
    assert "For 30 days" in text(owner.get(f"{here}remove/"))
    owner.post(f"{here}remove/")
    assert "Removed" in text(client(people.mate).get("/datasets/?state=removed"))
    owner.post(f"{here}restore/")
    assert "Only administrators" in text(owner.get("/datasets/"))


def test_the_log_is_filtered_and_asked_for_again(lab):
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.datasets.services import create_dataset, write_log

    dataset = create_dataset(by=lab.people.owner, name="d", group=lab.team).pk
    write_log(dataset=dataset, by=SYSTEM, level="DEBUG", text="a detail")
    owner, here = client(lab.people.owner), f"/datasets/{dataset}/log/"
    page = text(owner.get(here))
    assert ("Created." in page, "a detail" in page) == (True, False)
    assert 'hx-trigger="every 5s"' in page
    part = text(owner.get(f"{here}?level=DEBUG", headers={"HX-Request": "true"}))
    assert ("a detail" in part, "<html" in part) == (True, False)
    assert owner.get(f"{here}?level=LOUD").status_code == 400
    assert client(lab.people.mate).get(here).status_code == 403

"""Metadata and templates as pages: forms that keep what was typed, reasons beside their fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client

from lagan.hub.accounts.queries import find_user
from lagan.hub.base.actors import SYSTEM
from lagan.hub.datasets import services as datasets
from lagan.hub.tree import queries
from lagan.hub.tree import services as tree
from lagan.hub.tree.permissions import ALL
from lagan.hub.tree.queries import EffectiveTemplate, Field
from lagan.hub.web import metadata as forms
from lagan.kit.errors import BadInput
from tests.browser.population import Population

Clients = Callable[[str], Client]
STAIN = Field(".Stain", defaults=("DAPI", "GFP"), mandatory=True, singular=True)
DYES = Field(".Dyes", defaults=("red", "blue"), multiple=True)
DEPTH = Field(".Depth", regex="[0-9]+ um", most=2, comment="How deep")
SCOPE = Field(".Scope", persistent=True)


def entity_of(username: str) -> int:
    user = find_user(username=username)
    assert user is not None
    return int(user.entity_id)


@pytest.fixture
def lab(people: Population) -> int:
    """The facility of the retina dataset; alice may do everything there, bob read."""
    group = queries.rows([people.retina])[people.retina].parent
    reading = {each for each in ALL if each.endswith(("_READ", "_LIST"))}
    for name, grant in (("alice", ALL), ("bob", reading)):
        tree.set_grants(by=SYSTEM, subject=entity_of(name), object=group, grant=grant)
    return group


@pytest.fixture
def template(lab: int) -> int:
    made = tree.create_template(
        by=SYSTEM, name="Microscopy", parent=lab, fields=[STAIN, DYES, DEPTH, SCOPE]
    )
    tree.assign_template(by=SYSTEM, group=lab, type="DATASET", template=made.id)
    return made.id


def form(*fields: Field) -> EffectiveTemplate:
    return EffectiveTemplate({each.key: each for each in fields})


def test_fields_are_what_the_template_asks_and_what_is_saved() -> None:
    reasons = [{"key": ".Depth", "reason": "Too deep.", "code": "no-match"}]
    made = forms.form_fields(
        form(STAIN, DYES, DEPTH, SCOPE, Field("system.x", defaults=("1",))),
        {".Depth": ["5 um", "6 um"], ".own": ["line\nfeed"], ".Scope": ["A"]},
        reasons,
        stored={".Scope": ["A"]},
    )
    assert [(each.key, each.kind) for each in made] == [
        (".Stain", "choice"),
        (".Dyes", "boxes"),
        (".Depth", "text"),
        (".Scope", "fixed"),
        (".own", "long"),
    ]
    stain, dyes, depth, _scope, _own = made
    assert [each.chosen for each in stain.choices] == [True, False]
    assert not any(each.chosen for each in dyes.choices)
    assert (depth.reasons, depth.repeated, depth.comment) == (["Too deep."], False, "How deep")


def test_what_was_sent_is_read_without_blanks() -> None:
    sent = QueryDict("md:.a=&md:.a=1&md:.a=+&md:.a=2%0D%0A3&md:.b=&x=1")
    assert forms.read_form(sent) == {".a": ["1", "2\n3"], ".b": []}
    assert forms.reshaped(sent) is None
    assert forms.as_stored({".a": ["2\n3"], ".b": []}, {".a": ["2\r\n3"], ".b": ["x"]}) == {
        ".a": ["2\r\n3"],
        ".b": [],
    }


@pytest.mark.parametrize(
    ("button", "expected"),
    [
        ("md-more=.a", {".a": ["1", "2", ""]}),
        ("md-less=.a%230", {".a": ["2"]}),
        ("md-new=1&md-key=Note", {".a": ["1", "2"], ".Note": [""]}),
        ("md-new=1&md-key=", {".a": ["1", "2"]}),
    ],
)
def test_plus_and_minus_work_without_a_script(button: str, expected: dict[str, Any]) -> None:
    assert forms.reshaped(QueryDict(f"md:.a=&md:.a=1&md:.a=2&{button}")) == expected


def test_a_key_that_none_can_have_is_refused() -> None:
    with pytest.raises(BadInput, match="letters, digits"):
        forms.reshaped(QueryDict("md-new=1&md-key=a b"))


def test_metadata_is_edited_refused_beside_the_field_and_saved(
    people: Population, signed_in: Clients, template: int
) -> None:
    alice, address = signed_in("alice"), f"/datasets/{people.retina}/metadata/"
    assert "Nothing is saved yet" in alice.get(address).content.decode()
    shown = alice.get(f"{address}edit/").content.decode()
    assert 'name="md:.Stain"' in shown
    assert "must have a value" in shown
    sent = {"md:.Stain": "DAPI", "md:.Depth": ["", "deep"], "md:.Dyes": ["", "blue"]}
    refused = alice.post(f"{address}edit/", sent)
    assert refused.status_code == 400
    assert "does not match [0-9]+ um." in refused.content.decode()
    assert 'value="deep"' in refused.content.decode()
    again = alice.post(f"{address}edit/", {**sent, "md-more": ".Depth"})
    assert again.status_code == 200
    assert queries.metadata(people.retina) == {}
    saved = alice.post(f"{address}edit/", {**sent, "md:.Depth": "5 um"}, follow=True)
    assert "The metadata is saved." in saved.content.decode()
    assert queries.metadata(people.retina) == {
        ".Stain": ["DAPI"],
        ".Depth": ["5 um"],
        ".Dyes": ["blue"],
    }
    assert "5 um" in alice.get(f"{address}history/?key=.Depth").content.decode()


def test_who_reads_does_not_edit_and_who_is_a_stranger_sees_nothing(
    people: Population, signed_in: Clients, template: int
) -> None:
    bob, carol = signed_in("bob"), signed_in("carol")
    for part in ("", "edit/", "history/", "import/", "copy/"):
        address = f"/datasets/{people.retina}/metadata/{part}"
        assert bob.get(address).status_code == (200 if part in ("", "history/") else 403)
        assert carol.get(address).status_code == 404
    assert "edit/" not in bob.get(f"/datasets/{people.retina}/metadata/").content.decode()
    assert bob.post(f"/datasets/{people.retina}/metadata/edit/", {"md:.a": "1"}).status_code == 403
    for address in (f"/templates/{template}/", f"/entities/{template}/metadata/"):
        assert bob.get(address).status_code == 200
        assert carol.get(address).status_code == 404


def test_a_removed_dataset_is_not_described_any_more(
    people: Population, signed_in: Clients, lab: int
) -> None:
    datasets.remove_dataset(by=SYSTEM, dataset=people.retina)
    alice, address = signed_in("alice"), f"/datasets/{people.retina}/metadata/"
    assert f"{address}edit/" not in alice.get(address).content.decode()
    answer = alice.post(f"{address}edit/", {"md:.a": "1"})
    assert answer.status_code == 409
    assert "was removed" in answer.content.decode()


def test_an_import_is_shown_then_taken_in(
    people: Population, signed_in: Clients, template: int
) -> None:
    alice, address = signed_in("alice"), f"/datasets/{people.retina}/metadata/import/"
    document = b'key,value\r\n.Stain,GFP\r\n.note,"a\r\nb"\r\n'
    seen = alice.post(address, {"file": SimpleUploadedFile("m.csv", document)})
    assert "This will change" in seen.content.decode()
    assert queries.metadata(people.retina) == {}
    kept = {name: seen.context[name] for name in ("document", "format")}
    alice.post(address, {**kept, "apply": "1"})
    assert queries.metadata(people.retina) == {".Stain": ["GFP"], ".note": ["a\r\nb"]}
    bad = alice.post(address, {"file": SimpleUploadedFile("m.json", b"{")})
    assert bad.status_code == 400
    assert "not JSON" in bad.content.decode()
    blocked = alice.post(address, {"file": SimpleUploadedFile("m.json", b'{".Stain": "x"}')})
    assert "none of the choices" in blocked.content.decode()
    assert alice.post(address, {"document": "%%", "apply": "1"}).status_code == 400
    assert alice.post(address, {}).status_code == 400


def test_keys_are_copied_from_another_dataset(
    people: Population, signed_in: Clients, template: int
) -> None:
    tree.set_metadata(by=SYSTEM, entity=people.beads, values={".Depth": ["9 um"], ".own": ["1"]})
    alice, address = signed_in("alice"), f"/datasets/{people.retina}/metadata/copy/"
    assert "calibration beads" in alice.get(f"{address}?text=beads").content.decode()
    assert "9 um" in alice.get(f"{address}?source={people.beads}").content.decode()
    alice.post(address, {"source": people.beads, "key": [".Depth"]})
    assert queries.metadata(people.retina) == {".Depth": ["9 um"], ".Stain": ["DAPI"]}
    assert alice.get(f"{address}?source=x").status_code == 404


def test_a_template_is_made_edited_tried_and_removed(signed_in: Clients, lab: int) -> None:
    alice = signed_in("alice")
    made = alice.post("/templates/", {"name": "Optics", "parent": lab})
    address = made["Location"].partition("?")[0]
    assert alice.post("/templates/", {"name": "Optics", "parent": lab}).status_code == 400
    field = {
        "key": ".Stain",
        "defaults": "DAPI\r\nGFP\r\n",
        "regex": "[A-Z]+",
        "singular": "on",
        "min": "0",
        "max": "",
        "comment": "What it is stained with",
    }
    tried = alice.post(address, {**field, "try": "1", "texts": "ABC\nabc"}).content.decode()
    assert "matches" in tried
    assert "does not match" in tried
    template = int(address.split("/")[2])
    assert queries.effective_template(lab, "DATASET").fields == {}
    refused = alice.post(address, {**field, "regex": "("})
    assert refused.status_code == 400
    assert "no regular expression" in refused.content.decode()
    assert alice.post(address, {**field, "max": "many"}).status_code == 400
    assert alice.post(address, field).status_code == 302
    tree.assign_template(by=SYSTEM, group=lab, type="DATASET", template=template)
    (saved,) = queries.effective_template(lab, "DATASET").fields.values()
    assert (saved.defaults, saved.singular, saved.most) == (("DAPI", "GFP"), True, None)
    alice.post(address, {**field, "key": ".Dye", "old": ".Stain"})
    assert list(queries.effective_template(lab, "DATASET").fields) == [".Dye"]
    assert "/root/Imaging facility" in alice.get(address).content.decode()
    assert "still in use" in alice.post(f"{address}remove/", follow=True).content.decode()
    alice.post(address, {**field, "key": ".Next"})
    alice.post(f"{address}keys/", {"up": ".Next"})
    assert list(queries.effective_template(lab, "DATASET").fields) == [".Next", ".Dye"]
    alice.post(f"{address}keys/", {"remove": ".Dye"})
    assert list(queries.effective_template(lab, "DATASET").fields) == [".Next"]
    tree.set_assignments(by=SYSTEM, group=lab, type="DATASET", templates=[])
    assert alice.post(f"{address}remove/", follow=True).status_code == 200
    assert alice.get(address).status_code == 404


def test_assignments_are_added_moved_and_removed(
    signed_in: Clients, lab: int, template: int
) -> None:
    alice, bob = signed_in("alice"), signed_in("bob")
    other = tree.create_template(by=SYSTEM, name="Other", parent=lab, fields=[Field(".Depth")]).id
    address = f"/entities/{lab}/templates/?type=DATASET"

    def order() -> list[int]:
        context = alice.get(address).context
        return [each.template for each in context["rows"]]

    alice.post(address, {"act": "add", "template": other})
    assert order() == [template, other]
    assert "overrides" in alice.get(address).content.decode()
    alice.post(address, {"act": "up", "template": other})
    assert order() == [other, template]
    assert bob.post(address, {"act": "remove", "template": other}).status_code == 403
    alice.post(address, {"act": "remove", "template": other})
    assert order() == [template]
    assert alice.post(address, {"act": "add", "template": "x"}).status_code == 400
    assert alice.get(f"/entities/{lab}/templates/?type=CASTLE").status_code == 400
    assert signed_in("carol").get(address).status_code == 404
    assert "Nothing is asked" in alice.get(f"/entities/{lab}/templates/?type=TASK").content.decode()

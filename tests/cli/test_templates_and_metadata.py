"""`lagan template` and `lagan metadata` as people script them, against a hub that runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import Shell

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(live_server: Any) -> tuple[Shell, Shell, int, int, int]:
    """An owner with everything in a lab and a stranger; the lab and two datasets in it."""
    from lagan.hub.accounts.services import bootstrap, create_client_key, create_user
    from lagan.hub.base.actors import SYSTEM, Actor
    from lagan.hub.tree import services
    from lagan.hub.tree.permissions import ALL

    root = bootstrap().root.id
    lab = services.create_entity(by=SYSTEM, type="GROUP", name="lab", parent=root).id
    shells = []
    for name in ("owner", "stranger"):
        user = create_user(by=SYSTEM, username=name)
        actor = Actor(user.entity_id, name, "session")
        shells.append(Shell(live_server.url, create_client_key(by=actor, name="key")[1]))
        if name == "owner":
            services.set_grants(by=SYSTEM, subject=user.entity_id, object=lab, grant=ALL)
    first, second = (
        services.create_entity(by=SYSTEM, type="DATASET", name=name, parent=lab).id
        for name in ("first", "second")
    )
    return shells[0], shells[1], lab, first, second


def test_templates_and_metadata_from_the_shell(
    world: tuple[Shell, Shell, int, int, int], tmp_path: Path
) -> None:
    lagan, stranger, lab, first, second = world
    (made,) = lagan.rows("template", "create", "optics", "--group", lab)
    template = made["id"]
    flags = ("--flag", "mandatory", "--flag", "singular")
    choices = ("--default", "DAPI", "--default", "GFP")
    lagan("template", "set", template, ".Stain", *choices, *flags)
    lagan("template", "set", template, ".Depth", "--regex", "[0-9]+ um", "--max", 1)
    lagan("template", "set", template, ".gone")
    lagan("template", "unset", template, ".gone")
    lagan("template", "set", template, ".x", "--regex", "(", code=2)
    (shown,) = lagan.rows("template", "show", template)
    assert [each["key"] for each in shown["fields"]] == [".Stain", ".Depth"]
    assert lagan("template", "try", "[a-z]+", "abc", "A").output == "True\tabc\nFalse\tA\n"
    assert lagan("template", "assign", lab, template).output == f"{template}\toptics\n"
    assert lagan.rows("template", "assign", lab) == [{"template": template, "name": "optics"}]
    assert lagan.rows("template", "assignments", template)[0]["type"] == "DATASET"
    effective = lagan("template", "effective", lab).output
    assert ".Stain\tMANDATORY,SINGULAR\tDAPI,GFP\toptics at /root/lab" in effective
    lagan("template", "remove", template, code=6)
    assert stranger("template", "list").output == ""

    lagan("metadata", "set", first, ".Creator", "Ada", "Grace")
    lagan("metadata", "set", first, ".Depth", "deep", code=2)
    stranger("metadata", "show", first, code=5)
    assert lagan("metadata", "show", first).output == (
        ".Creator\tAda\n.Creator\tGrace\n.Stain\tDAPI\n"
    )
    assert ".Description\t" in lagan("metadata", "presets", first).output
    copied = lagan.rows("metadata", "copy", second, first, "--key", ".Creator")
    assert copied == [{"copied": [".Creator"]}]
    document = tmp_path / "m.csv"
    lagan("metadata", "export", first, "-o", document)
    lagan("metadata", "unset", first, ".Creator")
    preview = lagan("metadata", "import", first, document)
    assert preview.output == ".Creator\t -> Ada, Grace\n"
    assert lagan.rows("metadata", "show", first) == [{".Stain": ["DAPI"]}]
    (told,) = lagan.rows("metadata", "import", first, document, "--replace", "--apply")
    assert told["applied"]
    (saved,) = lagan.rows("metadata", "show", first)
    assert saved == {".Creator": ["Ada", "Grace"], ".Stain": ["DAPI"]}
    exported = lagan("metadata", "export", first, "--format", "json").output
    assert json.loads(exported) == saved
    changes = lagan.rows("metadata", "history", first, "--key", ".Creator")
    assert [len(each["after"]) for each in changes] == [2, 0, 2]
    lagan("template", "assign", lab, "--none")
    lagan("template", "remove", template)
    assert lagan("template", "list").output == ""

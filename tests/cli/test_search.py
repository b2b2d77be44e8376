"""`lagan search` as people script it, against a hub that runs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.shell import Shell

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shells(live_server: Any) -> tuple[Shell, Shell]:
    """The owner's of three scans, and a stranger's."""
    from lagan.hub.accounts.services import bootstrap, create_client_key, create_user
    from lagan.hub.base.actors import SYSTEM, Actor
    from lagan.hub.datasets.services import create_dataset
    from lagan.hub.tree.services import create_entity, set_metadata

    lab = create_entity(by=SYSTEM, type="GROUP", name="lab", parent=bootstrap().root.id).id
    made = []
    for name in ("owner", "stranger"):
        user = create_user(by=SYSTEM, username=name)
        actor = Actor(user.entity_id, name, "session")
        made.append(Shell(live_server.url, create_client_key(by=actor, name="key")[1]))
        if name == "stranger":
            continue
        for number in range(3):
            scan = create_dataset(by=SYSTEM, name=f"scan {number}", group=lab, owner=user.entity_id)
            values = {".Sample": ["quartz", str(number)]}
            set_metadata(by=actor, entity=scan.pk, values=values)
    return made[0], made[1]


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


def test_conditions_words_order_and_limit(shells: tuple[Shell, Shell]) -> None:
    lagan, stranger = shells
    quartz = ("search", "-w", ".Sample = quartz")
    assert names(lagan.rows(*quartz, "--order", "name")) == ["scan 0", "scan 1", "scan 2"]
    assert names(lagan.rows(*quartz, "-w", ".Sample > 0")) == ["scan 2", "scan 1"]
    either = ("search", "--any", "-w", ".Sample = 0", "-w", ".Sample = 2", "--order", "name")
    assert names(lagan.rows(*either)) == ["scan 0", "scan 2"]
    assert names(lagan.rows("search", "--text", "scan", "--limit", 2)) == ["scan 2", "scan 1"]
    (line,) = lagan("search", "-w", ".Sample = 1").output.splitlines()
    assert line.split("\t")[1:3] + line.split("\t")[4:] == ["open", "owner", "scan 1"]
    assert stranger.rows(*quartz) == []


def test_a_search_is_kept_listed_and_run_by_name(shells: tuple[Shell, Shell]) -> None:
    lagan, stranger = shells
    found = lagan.rows("search", "-w", ".Sample = 1", "--save", "ones")
    assert names(found) == names(lagan.rows("search", "--saved", "ones")) == ["scan 1"]
    (kept,) = lagan.rows("search", "--list-saved")
    assert (kept["name"], kept["owner"]) == ("ones", "owner")
    assert names(lagan.rows("search", "--saved", kept["id"])) == ["scan 1"]
    assert stranger.rows("search", "--list-saved") == []
    assert stranger.refused("search", "--saved", "ones")


WRONG = (
    ("-w", "nonsense"),
    ("-w", ".Taken > time:noon"),
    ("--saved", "never kept"),
    ("--save", " "),
    ("--order", "up"),
    ("--limit", "0"),
)


def test_what_is_wrong_is_said_in_one_line(shells: tuple[Shell, Shell]) -> None:
    for words in WRONG:
        said = shells[0].refused("search", *words).strip()
        assert "Traceback" not in said, words
        assert said.splitlines()[-1].startswith(("lagan: ", "Error: ")), words

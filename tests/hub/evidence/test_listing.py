"""Who sees which events: the own acts, what happened where the log may be read, and all of it for
who may read the log of everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lagan.hub.audit import queries as audit
from lagan.hub.base.actors import NOBODY, SYSTEM, Actor
from lagan.hub.evidence import queries
from lagan.hub.tree import services as tree
from lagan.kit.errors import BadInput, NotSignedIn
from tests.hub.audit.sealing import seal_all

if TYPE_CHECKING:
    from tests.hub.evidence.conftest import Story

KINDS = {"kind": "files.stored"}


def told(actor: Actor, **given: str) -> list[int]:
    found = queries.events(actor, audit.asked({**KINDS, **given}))
    return [row.data["n"] for row in found.items]


def tell(story: Story) -> None:
    story.note(story.people.owner, story.dataset, 1)
    story.note(story.people.mate, story.dataset, 2)
    story.note(story.people.stranger, None, 3)
    story.note(SYSTEM, None, 4)


def test_three_people_and_an_administrator(story: Story) -> None:
    tell(story)
    people = story.people
    assert told(people.owner) == [2, 1]
    assert told(people.mate) == [2]
    assert told(people.stranger) == [3]
    assert told(SYSTEM) == [4, 3, 2, 1]
    root = people.ground.root.pk
    assert people.stranger.entity is not None
    tree.set_grants(
        by=SYSTEM, subject=people.stranger.entity, object=root, grant={"GROUP_LOG_READ"}
    )
    assert told(people.stranger) == [4, 3, 2, 1]
    with pytest.raises(NotSignedIn):
        told(NOBODY)


def test_a_log_denied_is_not_told(story: Story) -> None:
    tell(story)
    owner = story.people.owner
    assert owner.entity is not None
    tree.set_grants(
        by=SYSTEM, subject=owner.entity, object=story.dataset, deny={"DATASET_LOG_READ"}
    )
    assert told(owner) == [1]


def test_what_is_asked_narrows(story: Story) -> None:
    tell(story)
    stranger = story.people.stranger
    assert told(SYSTEM, who="mate") == [2]
    assert told(SYSTEM, who=str(stranger.entity)) == [3]
    assert told(SYSTEM, subject=str(story.dataset)) == [2, 1]
    assert told(SYSTEM, kind="files.") == [4, 3, 2, 1]
    assert told(SYSTEM, since="2999-01-01") == []
    assert told(SYSTEM, until="2999-01-01T00:00:00Z", result="done") == [4, 3, 2, 1]
    assert told(SYSTEM, result="refused") == []


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "value"),
    [("kind", "made.up"), ("subject", "x"), ("subject", "9" * 40), ("subject", "²"),
     ("since", "noon"), ("until", "9999-99-99"), ("who", "a\x00b"), ("since", "0001-01-01")],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_by_name(name: str, value: str) -> None:
    if value.startswith("0001"):
        audit.asked({name: value})
        return
    with pytest.raises(BadInput, match="is no|is not|Not the|no kind") as refusal:
        audit.asked({name: value})
    assert refusal.value.facts["field"] == name


def test_pages_go_by_key_and_lose_nothing(story: Story) -> None:
    for number in range(7):
        story.note(SYSTEM, None, number)
    seal_all()
    seen, after = [], None
    while True:
        page = queries.events(SYSTEM, audit.asked(KINDS), after=after, size=3)
        seen += [row.data["n"] for row in page.items]
        story.note(SYSTEM, None, 99)
        if (after := page.next) is None:
            break
    assert seen == [6, 5, 4, 3, 2, 1, 0]

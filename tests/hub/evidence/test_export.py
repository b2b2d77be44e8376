"""An export proves itself without the hub, and what was done to it is found and named."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from joserfc import jws as other_jws
from joserfc.jwk import OKPKey

from lagan.cli.audit import audit as command
from lagan.hub.audit import queries as audit
from lagan.hub.audit.rules import canonical
from lagan.hub.base.actors import SYSTEM
from lagan.hub.evidence import queries
from lagan.hub.evidence.jws import read_keys
from lagan.hub.evidence.parts import judge
from lagan.hub.evidence.writing import write_export
from lagan.kit.errors import BadInput
from tests.hub.audit.sealing import seal_all

if TYPE_CHECKING:
    from tests.hub.evidence.conftest import Story

EVERYTHING = audit.asked({})
Lines = list[bytes]
Change = Callable[[Lines], Lines]


@pytest.fixture
def lines(story: Story) -> Lines:
    for number in range(6):
        story.note(story.people.owner, story.dataset, number)
    seal_all()
    return list(queries.everything(SYSTEM, EVERYTHING))


def verdict(lines: Lines) -> tuple[str, int] | None:
    broken = judge(lines, queries.public_keys()).broken
    return (broken.harm.value, broken.sequence) if broken else None


def edited(number: int, **values: Any) -> Change:
    def change(lines: Lines) -> Lines:
        whole = json.loads(lines[number]) | values
        return [*lines[:number], canonical(whole).encode() + b"\n", *lines[number + 1 :]]

    return change


CHANGES: dict[str, tuple[Change, tuple[str, int]]] = {
    "an actor": (edited(3, actor="eve"), ("altered", 3)),
    "a time": (edited(2, at="2020-01-01T00:00:00+00:00"), ("altered", 2)),
    "a seal": (edited(4, hash="0" * 64), ("altered", 4)),
    "data": (edited(5, data={"n": 7}), ("altered", 5)),
    "no event": (edited(5, data={"n": 7}, at="noon"), ("altered", 5)),
    "removed": (lambda all: all[:3] + all[4:], ("removed", 3)),
    "the first removed": (lambda all: all[:1] + all[2:], ("removed", 1)),
    "twice": (lambda all: [*all[:4], all[3], *all[4:]], ("removed", 4)),
    "swapped": (lambda all: [*all[:3], all[4], all[3], *all[5:]], ("removed", 3)),
    "not a line": (lambda all: [*all[:3], b"{\n", *all[4:]], ("altered", 3)),
    "cut": (lambda all: all[:4], ("removed", 4)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_done_to_it_is_named(lines: Lines, name: str) -> None:
    assert verdict(lines) is None
    change, expected = CHANGES[name]
    assert verdict(change(lines)) == expected


def test_an_event_left_out_and_counted_over_again_is_found_by_what_was_signed(
    story: Story, lines: Lines
) -> None:
    """Of some events only, nobody can tell from their seals that one is missing."""
    some = list(queries.everything(SYSTEM, audit.asked({"kind": "files.stored"})))
    assert verdict(some) is None
    renumbered = [*some[:3], *(edited(0, n=n)([line])[0] for n, line in enumerate(some[4:-1], 3))]
    assert verdict([*renumbered, some[-1]]) is not None
    end = json.loads(some[-1])
    forged = {**end, "end": end["end"] - 1}
    assert verdict([*renumbered, canonical(forged).encode() + b"\n"]) is not None


def test_a_part_is_signed_by_a_key_that_others_can_check(lines: Lines) -> None:
    end = json.loads(lines[-1])
    signed = {name: value for name, value in end.items() if name != "jws"}
    [public] = queries.public_keys().values()
    key = OKPKey.import_key({**public})
    found = other_jws.deserialize_compact(
        end["jws"].replace("..", f".{_encoded(signed)}."), key, algorithms=["Ed25519"]
    )
    assert json.loads(found.payload) == signed
    assert judge(lines, read_keys(json.dumps({"keys": [public]}).encode())).broken is None
    assert judge(lines, read_keys(key.as_pem(private=False))).broken is None
    stranger = OKPKey.generate_key("Ed25519").as_pem(private=False)
    assert judge(lines, read_keys(stranger)).broken is not None


def _encoded(value: Any) -> str:
    import base64

    return base64.urlsafe_b64encode(canonical(value).encode()).decode().rstrip("=")


def test_parts_follow_on_each_other(lines: Lines) -> None:
    first = list(queries.export(SYSTEM, EVERYTHING, size=4))
    end = json.loads(first[-1])
    assert (end["end"], end["next"], end["more"]) == (4, 4, True)
    second = list(queries.export(SYSTEM, EVERYTHING, after=4))
    third = list(queries.export(SYSTEM, EVERYTHING, after=5))
    assert verdict(first + second) is None
    assert verdict(first + third) == ("removed", 5)
    assert verdict(second + first) == ("removed", json.loads(second[-1])["next"] + 1)
    assert json.loads(second[-1])["more"] is False


def test_a_file_that_was_broken_off_goes_on(lines: Lines, tmp_path: Path) -> None:
    whole, file = b"".join(lines), tmp_path / "record.jsonl"
    pieces = [list(queries.export(SYSTEM, EVERYTHING, size=2, after=after)) for after in (0, 2)]
    file.write_bytes(b"".join(pieces[0] + pieces[1])[:-40])

    def part(after: int) -> Any:
        return queries.export(SYSTEM, EVERYTHING, after=after)

    assert write_export(file, part, {}) == len(lines) - 2 - 2
    with file.open("rb") as found:
        assert judge(found, queries.public_keys()).events == len(lines) - 2
    assert write_export(file, part, {}) == 0
    for content in (b"my thesis\n", whole.replace(b'"asked":{}', b'"asked":{"who":"x"}')):
        file.write_bytes(content)
        with pytest.raises(BadInput, match="give another name"):
            write_export(file, part, {})
        assert file.read_bytes() == content


def test_the_command_verifies_a_file_without_the_hub(lines: Lines, tmp_path: Path) -> None:
    file, key = tmp_path / "record.jsonl", tmp_path / "key.json"
    file.write_bytes(b"".join(lines))
    key.write_text(json.dumps({"keys": list(queries.public_keys().values())}))
    good = CliRunner().invoke(command, ["verify", str(file), "--key", str(key), "--json"])
    facts = json.loads(good.output)
    assert (facts["whole"], facts["events"]) == (True, len(lines) - 2)
    assert facts["head"] == {"sequence": audit.head()[0], "hash": audit.head()[1]}
    file.write_bytes(b"".join(CHANGES["an actor"][0](lines)))
    bad = CliRunner().invoke(command, ["verify", str(file)])
    assert "event 3 was altered" in str(bad.exception)
    file.write_text("my thesis\n")
    assert isinstance(CliRunner().invoke(command, ["verify", str(file)]).exception, BadInput)


def test_it_is_told_as_it_is_read(story: Story, lines: Lines) -> None:
    """Only as many events are read as were told."""
    stream = queries.export(SYSTEM, EVERYTHING)
    assert len(list(islice(stream, 3))) == 3
    stream.close()  # type: ignore[attr-defined]

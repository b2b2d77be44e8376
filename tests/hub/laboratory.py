"""A laboratory: a team, a computer that a real SSH server stands for, a folder of data on it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from lagan.hub.accounts import services as accounts
from lagan.hub.base.actors import SYSTEM
from lagan.hub.computers import queries, services
from lagan.hub.tree import services as tree
from tests.hub.people import People, gather
from tests.services.process import Running


@dataclass(frozen=True, slots=True)
class Laboratory:
    """The owner may make datasets in the team and read the computer, the mate only read, the
    stranger nothing."""

    people: People
    computer: int
    top: Path

    @property
    def team(self) -> int:
        return self.people.team.pk


def facts(ssh: Running, top: Path) -> dict[str, str]:
    return {
        "name": "NMR400",
        "need": "200 GB",
        "period": "monthly",
        "ip": ssh.address["host"],
        "port": ssh.address["port"],
        "user": ssh.address["user"],
        "path": str(top),
    }


def let_in(ssh: Running) -> None:
    """Put the hub's own key into the server's authorized_keys, as its administrator does."""
    keys = ssh.folder / "authorized_keys"
    line = queries.public_key() + "\n"
    if line not in keys.read_text():
        with keys.open("a") as file:
            file.write(line)


def furnish(ssh: Running, top: Path) -> Laboratory:
    """A computer that was registered, confirmed and let the hub in."""
    people = gather()
    for each in (people.owner, people.mate, people.stranger):
        assert each.entity is not None
        accounts.restore_user(entity=each.entity, username=each.name, full_name=each.name)
    tree.set_grants(
        by=SYSTEM,
        subject=people.role.pk,
        object=people.team.pk,
        grant={"GROUP_READ", "COMPUTER_READ", "DATASET_READ"},
    )
    assert people.owner.entity is not None
    tree.set_grants(
        by=SYSTEM,
        subject=people.owner.entity,
        object=people.team.pk,
        grant={"DATASET_CREATE", "COMPUTER_CREATE", "COMPUTER_CHANGE"},
    )
    computer = services.register_computer(
        by=people.owner, group=people.team.pk, name="nmr", facts=facts(ssh, top)
    )
    let_in(ssh)
    services.test_connection(by=people.owner, computer=computer)
    shown = queries.connection(queries.computer(people.owner, computer)).offered
    services.confirm_host_key(by=people.owner, computer=computer, fingerprint=shown)
    return Laboratory(people, computer, top)


def fill(top: Path, files: dict[str, bytes]) -> None:
    """Write files with times of their own, an hour apart."""
    for place, (path, content) in enumerate(files.items()):
        target = top / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        when = 1_700_000_000 + 3600 * place
        os.utime(target, (when, when))

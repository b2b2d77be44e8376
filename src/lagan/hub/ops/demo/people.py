"""The people of the demo and what they may do, made through the hub's pages and API as an
administrator makes them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lagan.client import Hub
from lagan.hub.ops.demo.browser import Browser
from lagan.hub.ops.demo.comparing import require
from lagan.hub.ops.demo.instrument import FACILITY

ADMINISTRATOR, MANAGER = "admin", "facility"
OWNER, TEAM_MATE, STRANGER = "ingrid", "tomas", "olga"
NAMES = {
    MANAGER: ("Facility", "Manager"),
    OWNER: ("Ingrid", "Solberg"),
    TEAM_MATE: ("Tomáš", "Dvořák"),
    STRANGER: ("Olga", "Meyer"),
}
TEAM = "Solberg Lab"
MANAGER_RIGHTS = ("GROUP_READ", "COMPUTER_CREATE", "COMPUTER_READ", "DATASET_CREATE")
"""What the facility's role account needs to register instruments and make people's datasets."""
SENDER_RIGHTS = ("DATASET_CHANGE",)
"""What it needs to fill them."""


@dataclass
class People:
    """Everybody's password, and a signed-in client each."""

    password: str = field(default_factory=lambda: f"calm-harbour-{secrets.token_hex(3)}")
    hubs: dict[str, Hub] = field(default_factory=dict)

    def __getitem__(self, username: str) -> Hub:
        """The hub as this person meets it."""
        return self.hubs[username]

    def sign_in(self, address: str, username: str) -> Hub:
        """The hub as `username` from now on."""
        hub = Hub(address, timeout=30.0)
        hub.sign_in(username, self.password)
        self.hubs[username] = hub
        return hub

    def entity(self, username: str) -> int:
        """The person's place in the tree."""
        return int(self[username].me()["entity"])


def ask(hub: Hub, method: str, path: str, given: Any = None) -> Any:
    """One call of the API; a refusal is the LaganError that it was."""
    with hub.http.request(method, path, json=given) as answer:
        return None if answer.status == 204 else answer.json()


def first_sign_in(people: People, *, address: str, link: str) -> None:
    """Set the administrator's password by the link that `lagan up` printed, in a browser."""
    page = link.removeprefix(address)
    taken = Browser(address).fill(page, password=people.password, again=people.password)
    require("The one-time link", expected=302, found=taken)
    people.sign_in(address, ADMINISTRATOR)


def make_people(people: People, address: str) -> Mapping[str, int]:
    """A facility and its role account, three people, and a team of two of them; the groups' ids."""
    admin = people[ADMINISTRATOR]
    for username, (first, last) in NAMES.items():
        row = {"username": username, "first_name": first, "last_name": last}
        ask(admin, "POST", "api/users/", {**row, "password": people.password})
        people.sign_in(address, username)
    root = _root(admin)
    groups = {name: _group(admin, name, root) for name in (FACILITY, TEAM)}
    rights = {"subject": people.entity(MANAGER), "grant": [*MANAGER_RIGHTS, *SENDER_RIGHTS]}
    ask(admin, "PUT", f"api/entities/{groups[FACILITY]}/grants/", rights)
    for username in (OWNER, TEAM_MATE):
        member = {"member": people.entity(username)}
        ask(admin, "POST", f"api/entities/{groups[TEAM]}/members/", member)
    return groups


def sign_in_again(people: People, *, address: str, link: str) -> None:
    """After the database was made again, which keeps no passwords: everybody gets theirs anew."""
    first_sign_in(people, address=address, link=link)
    for username in NAMES:
        ask(
            people[ADMINISTRATOR],
            "PATCH",
            f"api/users/{username}/",
            {"password": people.password},
        )
        people.sign_in(address, username)


def make_key(people: People) -> str:
    """A fresh client key of the facility's role account, for the agent."""
    made = ask(people[MANAGER], "POST", "api/auth/clientkeys/", {"name": "agent"})
    return str(made["api_key"])


def _root(admin: Hub) -> int:
    found = ask(admin, "GET", "api/entities/?type=GROUP&text=root")["results"]
    return next(int(each["id"]) for each in found if each["id"] == each["parent"])


def _group(admin: Hub, name: str, parent: int) -> int:
    row = {"type": "GROUP", "name": name, "parent": parent}
    return int(ask(admin, "POST", "api/entities/", row)["id"])

"""People of a hub with a site, and how they ask its API."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from lagan.hub.accounts.models import User
from lagan.hub.accounts.services import bootstrap, create_client_key, create_user, issue_tokens
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.tree.services import ensure_root, set_grants


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in; `key` has them come with a client key."""

    user: User

    @property
    def actor(self) -> Actor:
        return Actor(self.user.entity_id, self.user.username, "jwt")

    def ask(self, method: str, address: str, body: Any = None, *, key: bool = False) -> Any:
        """The answer to a request beneath `/api/`."""
        return Client().generic(
            method,
            f"/api/{address}",
            data="" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": self._key() if key else self._token()},
        )

    def get(self, address: str) -> Any:
        """The JSON of a page that is there."""
        answer = self.ask("GET", address)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def _token(self) -> str:
        return f"Bearer {issue_tokens(self.user)['access']}"

    def _key(self) -> str:
        return f"Api-Key {create_client_key(by=self.actor, name='k')[1]}"


@dataclass(frozen=True, slots=True)
class Town:
    """`admin` administers; `owner` may run workflows, `boss` reads every job, `stranger` may
    nothing."""

    admin: Person
    owner: Person
    boss: Person
    stranger: Person


def settle() -> Town:
    """A hub that is set up, with its people."""
    bootstrap()
    root = ensure_root().root.id
    names = ("admin", "owner", "boss", "stranger")
    made = {name: create_user(by=SYSTEM, username=name, admin=name == "admin") for name in names}
    set_grants(by=SYSTEM, subject=made["boss"].entity_id, object=root, grant=["TASK_READ"])
    people = {name: Person(user) for name, user in made.items()}
    return Town(**people)

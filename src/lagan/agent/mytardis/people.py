"""Who a folder's name stands for on a MyTardis server; each is asked for once."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from lagan.agent.mytardis.client import Client, Row
from lagan.kit.errors import LaganError, NotFound


class UnknownOwner(NotFound):
    """A folder is called after somebody whom the server does not know."""

    code = "unknown-owner"


@dataclass(frozen=True, slots=True)
class Somebody:
    """A user or a group. `kind` is django_user or django_group."""

    kind: str
    id: str
    name: str
    full_name: str
    email: str = ""


class People:
    """The server's users and groups by the names of folders. Threads may share one."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[tuple[str, str], Somebody | UnknownOwner] = {}
        self._lock = threading.Lock()

    def find(self, kind: str, name: str) -> Somebody:
        """By `username`, `email` or `group`. UnknownOwner."""
        with self._lock:
            if (kind, name) not in self._known:
                self._known[kind, name] = self._ask(kind, name)
            found = self._known[kind, name]
        if isinstance(found, UnknownOwner):
            raise found
        return found

    def _ask(self, kind: str, name: str) -> Somebody | UnknownOwner:
        if kind == "group":
            for row in self._client.rows("group", name=name):
                return Somebody("django_group", str(row["id"]), name, name)
            return _unknown("group", name)
        by = {"email__iexact": name} if kind == "email" else {"username": name}
        for row in self._client.rows("user", **by):
            return _user(row)
        return self._moved(name) if kind == "username" else _unknown("user", name)

    def _moved(self, name: str) -> Somebody | UnknownOwner:
        """Somebody whose account got another name; only newer servers know."""
        try:
            given = self._client.moved(name)
        except LaganError:
            given = {}
        if given.get("success") and given.get("username"):
            for row in self._client.rows("user", username=given["username"]):
                return _user(row)
        return _unknown("user", name)


def _user(row: Row) -> Somebody:
    full = f"{row.get('first_name') or ''} {row.get('last_name') or ''}".strip()
    name = str(row.get("username") or "")
    return Somebody("django_user", str(row["id"]), name, full or name, str(row.get("email") or ""))


def _unknown(what: str, name: str) -> UnknownOwner:
    return UnknownOwner(f"There is no {what} {name}.", problem="unknown-owner")

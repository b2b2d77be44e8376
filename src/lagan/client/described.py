"""Datasets as a sending program describes them, and what the hub has of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lagan.kit.errors import LaganError
from lagan.kit.http import refusal


@dataclass(frozen=True, slots=True)
class Described:
    """A dataset that shall be there: who owns it, the group of it (None: the instrument's
    default), its name.

    `owner_kind` is `username`, `email` or `group`; `created` an ISO 8601 time.
    """

    owner: str
    experiment: str | None
    name: str
    created: str
    owner_kind: str = "username"
    folder: str = ""
    """The name of the folder when the hub knows nobody of that name."""


@dataclass(frozen=True, slots=True)
class Found:
    """A dataset's id and state at the hub, or the refusal. `owner` is the full name of whose it
    is, where the hub tells."""

    id: str | None
    state: str | None
    error: LaganError | None = None
    owner: str = ""


def found(given: Any) -> Found:
    """One answer of the hub's."""
    if isinstance(given, dict) and given.get("id"):
        return Found(str(given["id"]), given.get("state"), owner=str(given.get("owner") or ""))
    error = given.get("error") if isinstance(given, dict) else None
    document = error if isinstance(error, dict) else {"detail": str(error or "no reason was given")}
    return Found(None, None, refusal(int(document.get("status") or 400), document, "The hub"))

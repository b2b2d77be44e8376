"""Instruments and their uploaders as Python calls: what they sent, which keys wait, deciding on
them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lagan.kit.http import Http

Row = dict[str, Any]
"""As the hub tells it, see `/api/docs/`."""


class Facilities:
    """The facilities that we manage, with their instruments."""

    def __init__(self, http: Http, pages: Callable[[str, Row], Iterator[Row]]) -> None:
        self._http, self._pages = http, pages

    def all(self, facility: int | None = None) -> list[Row]:
        """Every one, or those of a facility, with what came from it and what waits."""
        query = "" if facility is None else f"?facility={facility}"
        with self._http.request("GET", f"api/instruments/{query}") as answer:
            return [dict(each) for each in answer.json()]

    def uploaders(self) -> Iterator[Row]:
        """The programs on them, with their last run and their keys."""
        return self._pages("api/instruments/uploaders/", {})

    def uploader(self, id: int) -> Row:
        """One of them, with its machine, what it could not send, and what waits and why."""
        return self._json("GET", f"api/instruments/uploaders/{id}/")

    def registrations(self, state: str = "") -> Iterator[Row]:
        """Keys that asked to stage files, the newest first: `waiting`, `approved`, `refused` or
        `revoked` ones, or all."""
        query = {"state": state} if state else {}
        return self._pages("api/instruments/registrations/", query)

    def decide(self, registration: int, verb: str, comment: str = "") -> Row:
        """`approve`, `refuse` or `revoke` a key."""
        path = f"api/instruments/registrations/{registration}/{verb}/"
        return self._json("POST", path, {"comment": comment})

    def _json(self, method: str, path: str, given: Row | None = None) -> Row:
        with self._http.request(method, path, json=given) as answer:
            return dict(answer.json())

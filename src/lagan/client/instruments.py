"""What an instrument's agent tells the hub about itself, and the settings that the hub has for
it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lagan.kit.errors import Unavailable
from lagan.kit.http import Http

_PLACE = "api/instruments/uploaders/"


@dataclass(frozen=True, slots=True)
class Central:
    """Settings by key; `changed` is when people changed them at the hub, None while they did
    not."""

    changed: datetime | None
    settings: dict[str, str]


class Instruments:
    """The calls about uploaders for one hub. NotFound from a hub that knows none of them."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def facilities(self) -> list[str]:
        """The names of the facilities that we manage."""
        with self._http.request("GET", "api/instruments/facilities/") as answer:
            return sorted(str(_row(each)["name"]) for each in answer.json() or [])

    def announce(
        self, uuid: str, name: str, instrument: str | None, facts: Mapping[str, Any]
    ) -> str:
        """Tell who we are; the hub's id of it."""
        given = {
            "uuid": uuid, "name": name, "facts": dict(facts),
            "instrument": int(instrument) if instrument and instrument.isdigit() else None,
        }  # fmt: skip
        with self._http.request("POST", _PLACE, json=given, repeat=True) as answer:
            return str(_row(answer.json())["id"])

    def settings(self, uploader: str) -> Central:
        """What the hub has for it."""
        with self._http.request("GET", f"{_PLACE}{uploader}/settings/") as answer:
            given = _row(answer.json())
        changed = given.get("changed")
        return Central(
            datetime.fromisoformat(str(changed)) if changed else None,
            {str(key): str(value) for key, value in (given.get("settings") or {}).items()},
        )

    def save(self, uploader: str, settings: Mapping[str, str]) -> None:
        """Tell what was saved at the instrument; secrets are not for this."""
        given = {"settings": dict(settings), "saved": True}
        place = f"{_PLACE}{uploader}/settings/"
        with self._http.request("PATCH", place, json=given, repeat=True):
            return

    def report(
        self, uploader: str, found: int, sent: int, failed: int, problems: Sequence[tuple[str, str]]
    ) -> None:
        """What a run found, sent and could not send: path and reason."""
        given = {"found": found, "sent": sent, "failed": failed, "problems": list(problems)}
        place = f"{_PLACE}{uploader}/report/"
        with self._http.request("POST", place, json=given, repeat=True):
            return


def _row(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise Unavailable("The hub answered something else than it was asked for.")
    return answer

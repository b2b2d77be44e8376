"""An instrument gets another name at the server, and keeps what it sent."""

from __future__ import annotations

from contextlib import closing

from lagan.agent.settings import Settings
from lagan.agent.targets import connect


def rename(settings: Settings, before: str) -> None:
    """Call the instrument `before` what the settings call it. Conflict when the facility has one of
    that name already; NotSignedIn, Forbidden, Unavailable.

    Source: reference/mytardis-api.md 4.5, what a changed instrument name asks.
    """
    with closing(connect(settings)) as server:
        server.rename_instrument(settings.facility_name, before, settings.instrument_name)

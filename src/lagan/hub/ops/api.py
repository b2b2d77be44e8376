"""The hub itself over REST: who it is, so that what leaves it can say where it came from."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Schema

from lagan import __version__
from lagan.hub.archive import services as archive

router = Router(tags=["hub"])


class HubOut(Schema):
    """The hub's own id, which it keeps for ever; the address and the institution that its
    administrator gave it, or nothing; its version of Lagan."""

    id: str
    address: str
    institution: str
    lagan: str


@router.get("", response=HubOut)
def show_hub(request: HttpRequest) -> dict[str, Any]:
    """Who this hub is."""
    config = settings.CONFIG
    return {
        "id": str(archive.hub_id()),
        "address": config.address,
        "institution": config.institution.get("name", "") or config.publisher,
        "lagan": __version__,
    }

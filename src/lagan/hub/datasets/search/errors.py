"""What a search is refused for."""

from __future__ import annotations

from lagan.kit.errors import BadInput


class BadSearch(BadInput):
    """A condition, an order or a cursor that has not the form that was asked for; `field` says
    which."""

    code = "bad-search"

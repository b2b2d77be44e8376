"""A configuration as elements to be shown, without its passwords."""

from __future__ import annotations

from lagan.hub.doors.node.config import xml
from lagan.hub.doors.node.wire.status import Node

HIDDEN = "********"
_SECRET = ("password", "passwd", "secret", "token", "dsn")
"""An attribute whose name has one of these is not shown."""


def shown(element: xml.Element) -> Node:
    """The element with all beneath it."""
    attributes = [(name, _value(name, value)) for name, value in element.attributes.items()]
    return Node(element.name, attributes, [shown(each) for each in element.children])


def _value(name: str, value: str) -> str:
    return HIDDEN if any(each in name.lower() for each in _SECRET) else value

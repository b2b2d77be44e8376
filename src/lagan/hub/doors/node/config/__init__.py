"""A node's XML configuration: read whole, judged whole, refused with every reason at once."""

from lagan.hub.doors.node.config.checking import Refused
from lagan.hub.doors.node.config.loading import load, parse
from lagan.hub.doors.node.config.shape import NodeConfig

__all__ = ["NodeConfig", "Refused", "load", "parse"]

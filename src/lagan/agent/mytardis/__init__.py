"""A MyTardis server as the agent's server: asked in the words of a hub's client, answered by that
server's own API."""

from lagan.agent.mytardis.server import MyTardis

__all__ = ["MyTardis"]

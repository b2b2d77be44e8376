"""The engine's door for sites that have nothing but HTTPS: workers claim, beat, finish and answer
here, and whoever waits holds neither a thread nor a connection."""

from lagan.hub.jobs.wire.asking import ask

__all__ = ["ask"]

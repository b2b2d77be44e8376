"""The hub as one ASGI application, for granian, uvicorn or any other server."""

from __future__ import annotations

import importlib

from lagan.hub import wsgi

# Importing `wsgi` has set Django up; only now can the data path be imported.
application = importlib.import_module("lagan.hub.front", wsgi.__package__).application

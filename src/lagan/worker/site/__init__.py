"""What a worker does at a site, on the site's own files: the steps and answers of this package's
modules, made known by `register`."""

from __future__ import annotations

from importlib import import_module

_MODULES: tuple[str, ...] = (
    "datasets",
    "folders",
    "policies",
    "reconciling",
    "sending",
    "snapshots",
    "tiering",
    "walking",
)  # fmt: skip
"""Each has a `register` of its own."""


def register() -> None:
    """Make every step and every answer of a site known to this process; again is harmless."""
    for module in _MODULES:
        import_module(f"{__name__}.{module}").register()

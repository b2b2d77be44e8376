"""All commands of `lagan hsm` in one group."""

from __future__ import annotations

from lagan.cli import hsm_life, hsm_pins  # each adds its commands
from lagan.cli.hsm import hsm

__all__ = ["hsm", "hsm_life", "hsm_pins"]

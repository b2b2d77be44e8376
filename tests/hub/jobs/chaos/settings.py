"""The tests' settings with the tests' own room, for real processes."""

from __future__ import annotations

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.hub.jobs.chaos.apps.ChaosConfig"]

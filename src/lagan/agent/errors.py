"""What the agent refuses or gives up, each with an exit code of its own."""

from __future__ import annotations

from lagan.kit.errors import BadInput, Conflict, Forbidden, LaganError, Locked


class BadSetting(BadInput):
    """A key of the configuration that is missing or wrong; `facts` holds `setting` and perhaps
    `suggestion`."""

    code = "bad-setting"


class AlreadyRunning(Locked):
    """Another agent works on the same folder."""

    code = "already-running"


class SettingsLocked(Conflict):
    """The settings are locked: nobody changes them before an administrator has unlocked them."""

    code = "settings-locked"


class NotAdministrator(Forbidden):
    """This needs the rights of who administers this computer."""

    code = "not-administrator"


class Stopped(LaganError):
    """The agent was told to end; what it was doing goes on at its next start."""

    code, status, exit, permanent = "stopped", 503, 13, False


SOME_REFUSED = 11
"""Exit code: the run ended, but files or folders were refused or could not be read."""
SOME_FAILED = 12
"""Exit code: the run ended, but files could not be sent just now; the next run tries again."""

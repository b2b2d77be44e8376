"""What the jobs room refuses."""

from __future__ import annotations

from lagan.kit.errors import BadInput, Conflict


class NoSuchSite(BadInput):
    """A task was meant for a site that nobody has set up."""

    code = "no-such-site"


class JobOver(Conflict):
    """The job has ended; there is nothing left to cancel."""

    code = "job-over"


class JobNotOver(Conflict):
    """The job still runs; it can be tried again once it has ended."""

    code = "job-not-over"


class JobOfAnother(BadInput):
    """More work was meant for a job of another workflow or another site."""

    code = "job-of-another-workflow"


class StillRunning(Conflict):
    """A schedule's last run still goes on; it is not begun a second time."""

    code = "still-running"


class JobNotRepeatable(Conflict):
    """The job was not started as a workflow on paths, so that there is nothing to repeat."""

    code = "job-not-repeatable"


class JobIsOurs(Conflict):
    """The job's numbers are counted here; nobody tells them."""

    code = "job-is-ours"


class SiteTaken(BadInput):
    """Another site has this name."""

    code = "site-taken"


class SiteInUse(Conflict):
    """The site has open work."""

    code = "site-in-use"

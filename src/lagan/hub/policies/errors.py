"""What is refused about policies of sites; what is wrong with one is told by
`lagan.hsm.policy.errors.UnsoundPolicy`."""

from __future__ import annotations

from lagan.kit.errors import Conflict


class PolicyRuns(Conflict):
    """The policy's last run still goes on; it is never begun twice."""

    code = "policy-runs"

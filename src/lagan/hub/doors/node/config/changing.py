"""Which values of a running node's configuration a request may change.

None that says where the node is or what it holds, because that takes effect only when it starts or
goes ONLINE, with the file read again. None that says who may do what, or which code or program is
run: that is the administrator's, in the file. An authorised user may change the latter but for the
users themselves.
"""

from __future__ import annotations

from lagan.hub.doors.node.config.paths import ValuePath

_FIXED_ELEMENTS = frozenset({"Db", "StorageSets", "Commands", "Header", ""})
_FIXED = frozenset(
    {
        *(("Server", name) for name in ("RootDirectory", "PortNo", "IpAddress", "VolumeDirectory")),
        *(("Server", name) for name in ("MaxSimReqs", "TimeOut", "RequestDbBackend")),
        ("Server", "PluginsPath"),
        ("ArchiveHandling", "PathPrefix"),
    }
)
_NOBODYS = frozenset({"Authorization", "Lagan"})
_TRUSTED_ELEMENTS = frozenset(
    {
        *("Permissions", "SystemPlugIns", "SubscriptionAuth", "FileStagingDef", "PartnerSites"),
        *("SubscriptionDef", "Mirroring", "HostSuspension"),
    }
)
_TRUSTED_WORDS = ("plugin", "name", "directory", "logfile", "smtphost", "address", "hostid")
"""Attributes whose names have one of these say what is run, where something is written, or whom the
node speaks to."""


def objection(path: ValuePath, *, trusted: bool) -> str:
    """Why a value may not be changed by a request; empty when it may. `trusted`: an authorised user
    asks."""
    top, attribute = path.top, path.attribute
    if top in _FIXED_ELEMENTS or (top, attribute) in _FIXED:
        return "it takes effect only when the configuration file is read; change it there"
    if top in _NOBODYS:
        return "it is changed in the configuration file alone"
    if not trusted and (
        top in _TRUSTED_ELEMENTS or any(each in attribute.lower() for each in _TRUSTED_WORDS)
    ):
        return "only an authorised user may change it, and Authorization is off"
    return ""

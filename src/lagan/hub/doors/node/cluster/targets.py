"""Where a node goes when a request names an address: to allowed places only.

Pulls and subscriptions bring addresses of strangers' choosing. `Lagan.Targets` lists what is
allowed: names with `*`, networks such as 10.0.0.0/8, or `*` for every host (as the archive server
does). A machine's own link-local addresses, where clouds keep their secrets, are never a target.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from lagan.kit.errors import BadInput, Forbidden, Unavailable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
EVERYWHERE = ("*",)


class TargetRefused(Forbidden):
    """The configuration does not let the node go there."""

    code = "target-refused"


def require_target(url: str, allowed: Sequence[str], schemes: Collection[str]) -> None:
    """Return when the node may go to `url`. BadInput for an address that is none, TargetRefused,
    or Unavailable when its host is unknown."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise BadInput(f"This is no address: {url[:200]}.") from None
    if parts.scheme.lower() not in schemes or not host:
        raise BadInput(f"This is no address with {' or '.join(sorted(schemes))}: {url[:200]}.")
    for address in _addresses(host):
        if never(address) or not fits(host, address, allowed):
            raise TargetRefused(f"Lagan.Targets does not let this node go to {host}.", host=host)


def is_trusted(url: str, allowed: Sequence[str], named: Collection[str]) -> bool:
    """Whether an administrator wrote the host of `url` down: in `Lagan.Targets` other than by `*`,
    or among `named`, hosts with or without a port. Only such a host is shown who the node is."""
    host = (urlsplit(url).hostname or "").lower()
    if host in {each.lower().partition(":")[0] for each in named}:
        return True
    patterns = [each for each in allowed if each.strip("*.")]
    try:
        return any(fits(host, address, patterns) for address in _addresses(host))
    except Unavailable:
        return False


def never(address: Address) -> bool:
    """Whether nobody has a reason to send a node there."""
    return address.is_link_local or address.is_multicast or address.is_unspecified


def fits(host: str, address: Address, allowed: Sequence[str]) -> bool:
    """Whether the host's name or its address is on the list."""
    return any(
        fnmatchcase(host.lower(), each.lower()) or _within(address, each) for each in allowed
    )


def _within(address: Address, pattern: str) -> bool:
    try:
        return address in ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return False


def _addresses(host: str) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unavailable(f"The host {host} is unknown.", host=host) from None
    # A scope such as %eth0 is not part of the address.
    addresses = {str(each[4][0]).partition("%")[0] for each in found}
    mapped = [ipaddress.ip_address(each) for each in sorted(addresses)]
    return [getattr(each, "ipv4_mapped", None) or each for each in mapped]

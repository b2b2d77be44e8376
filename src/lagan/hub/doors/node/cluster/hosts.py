"""Which hosts there are, and what this one tells the others of itself.

Source: reference/ngas-http.md sections 6 and 13, `ngas_hosts`.
"""

from __future__ import annotations

import fcntl
import socket
import struct
from pathlib import Path

from lagan.hub.doors.node.models import Host

_ANYWHERE = {"", "0.0.0.0", "::"}  # noqa: S104 - what an administrator may write
_GET_ADDRESS = 0x8915
"""SIOCGIFADDR: the IPv4 address of an interface."""
_NETWORK = Path("/sys/class/net")


def host(host_id: str) -> Host | None:
    """A node of the cluster by its id, or by its address `<ip>:<port>`."""
    if (found := Host.objects.filter(pk=host_id).first()) is not None:
        return found
    ip, _, port = host_id.rpartition(":")
    if not ip or not port.isdecimal() or int(port) > 65535:
        return None
    return Host.objects.filter(ip_address=ip, srv_port=int(port)).first()


def address(row: Host) -> str:
    """Where a node is reached: `<ip>:<port>`."""
    ip = row.ip_address or ""
    name = row.host_id.partition(":")[0] if ip in _ANYWHERE else ip
    return f"{name}:{row.srv_port or 7777}"


def own_address(configured: str) -> str:
    """The address under which others reach a node: the configured one, or that of this host where
    it listens everywhere."""
    if configured not in _ANYWHERE:
        return configured
    try:
        return socket.gethostbyname(socket.gethostname())
    except OSError:
        return "127.0.0.1"


def own_domain(configured: str) -> str:
    """The domain of this host's name; without one that of its address, else `unknown`."""
    domain = socket.getfqdn().partition(".")[2]
    if not domain:
        domain = socket.getfqdn(own_address(configured)).partition(".")[2]
    return "unknown" if not domain or domain.replace(".", "").isdecimal() else domain


def mac_address(ip: str) -> str:
    """The hardware address by which a sleeping host with this address is woken; empty when there
    is none."""
    names = [name for _, name in socket.if_nameindex()]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        mine = [name for name in names if _address_of(probe, name) == ip]
    found = (_hardware(name) for name in (*mine, *sorted(names)))
    return next((each for each in found if each.strip("0:")), "")


def _address_of(probe: socket.socket, name: str) -> str:
    try:
        asked = struct.pack("256s", name.encode()[:15])
        return socket.inet_ntoa(fcntl.ioctl(probe.fileno(), _GET_ADDRESS, asked)[20:24])
    except OSError:
        return ""


def _hardware(name: str) -> str:
    try:
        return (_NETWORK / name / "address").read_text().strip()
    except OSError:
        return ""

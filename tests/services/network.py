"""Hosts of their own on one machine: network namespaces on a bridge, each with an address and a
name.

Needs root, as whoever tests networks does; without it `Network` fails. Names and addresses carry
the process id, so that two runs side by side do not meet.
"""

from __future__ import annotations

import os
import subprocess
from types import TracebackType

NUMBER = os.getpid() % 4096
PREFIX = f"10.{64 + NUMBER // 256}.{NUMBER % 256}"
"""Of the addresses of this run's hosts: `<PREFIX>.1` and so on; 254 is this machine."""


def address(number: int) -> str:
    """The address of a host."""
    return f"{PREFIX}.{number}"


class Network:
    """So many hosts, numbered from 1, for the length of a `with` block."""

    def __init__(self, hosts: int) -> None:
        self._numbers = range(1, hosts + 1)
        self._bridge = f"lgb{NUMBER}"

    def command(self, number: int) -> tuple[str, ...]:
        """What to put before a command so that it runs at a host; the process is the command's."""
        named = 'hostname "$0" && exec "$@"'
        enter = ("ip", "netns", "exec", self._name(number), "unshare", "--uts")
        return (*enter, "sh", "-c", named, f"host{number}")

    def cut_off(self, number: int) -> None:
        """Nothing reaches the host any more, and nobody is told."""
        _ip("link", "set", self._cable(number), "down")

    def reconnect(self, number: int) -> None:
        """The network is there again."""
        _ip("link", "set", self._cable(number), "up")

    def __enter__(self) -> Network:
        """Make all of it, after what a run of this number left. CalledProcessError says what is not
        allowed."""
        self._remove()
        try:
            _ip("link", "add", self._bridge, "type", "bridge")
            _ip("addr", "add", f"{address(254)}/24", "dev", self._bridge)
            _ip("link", "set", self._bridge, "up")
            for number in self._numbers:
                self._add(number)
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take all of it down; processes at the hosts have to have ended."""
        self._remove()

    def _add(self, number: int) -> None:
        name, cable = self._name(number), self._cable(number)
        _ip("netns", "add", name)
        _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("link", "set", cable, "master", self._bridge, "up")
        _ip("-n", name, "addr", "add", f"{address(number)}/24", "dev", "eth0")
        _ip("-n", name, "link", "set", "eth0", "up")
        _ip("-n", name, "link", "set", "lo", "up")

    def _remove(self) -> None:
        for number in self._numbers:
            # The host's end of the cable may be still there when its namespace goes.
            _ip("link", "del", self._cable(number), check=False)
            _ip("netns", "del", self._name(number), check=False)
        _ip("link", "del", self._bridge, check=False)

    def _name(self, number: int) -> str:
        return f"lagan{NUMBER}-{number}"

    def _cable(self, number: int) -> str:
        return f"lgc{NUMBER}-{number}"


def _ip(*words: str, check: bool = True) -> None:
    subprocess.run(["ip", *words], check=check, capture_output=True)

"""A volume that can only be read: for retired disks, rescues and looking around."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NoReturn

from lagan.kit.digests import DEFAULT, Digester
from lagan.store.errors import ReadOnly
from lagan.store.volume import Incoming
from lagan.store.wrappers.through import Through


class ReadOnlyVolume(Through):
    """Refuses everything that would change the volume behind it, with ReadOnly."""

    def receive(self, key: str, *, algorithms: Collection[str] = DEFAULT) -> Incoming:
        """Refused."""
        self._refuse()

    def resume(
        self,
        key: str,
        *,
        size: int,
        algorithms: Collection[str] = DEFAULT,
        digester: Digester | None = None,
    ) -> Incoming:
        """Refused."""
        self._refuse()

    def publish(self, arrivals: Sequence[tuple[Incoming, str]]) -> None:
        """Refused."""
        self._refuse()

    def delete(self, name: str) -> bool:
        """Refused."""
        self._refuse()

    def append(self, name: str, data: bytes) -> None:
        """Refused."""
        self._refuse()

    def replace(self, name: str, data: bytes) -> None:
        """Refused."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise ReadOnly(f"{self.location} is open for reading only.")

"""How far a node's data check is, in its row of the cluster: `srv_check_*`, where the archive
server's tools look, and from where a check goes on after a restart."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from lagan.hub.doors.node.background.check_queue import totals
from lagan.hub.doors.node.models import Host
from lagan.hub.doors.node.wire.moments import show_local

MB = 1e6


@dataclass(slots=True)
class Progress:
    """`began` and `ended` of the last check that began; None before the first. Counts are of files
    and bytes since this process took it up."""

    host_id: str
    began: datetime | None = None
    ended: datetime | None = None
    files: int = 0
    size: int = 0
    lost: set[str] = field(default_factory=set)
    _total: tuple[int, int] = (0, 0)
    _since: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def load(cls, host_id: str) -> Progress:
        """As the catalogue knows it."""
        row = Host.objects.filter(pk=host_id).first()
        if row is None:
            return cls(host_id)
        return cls(host_id, _moment(row.srv_check_start), _moment(row.srv_check_end))

    @property
    def broken_off(self) -> bool:
        """Whether the last check did not come to its end."""
        return self.began is not None and (self.ended is None or self.ended < self.began)

    def due(self, cycle: timedelta, now: datetime) -> timedelta:
        """How long until the next check begins; nothing or less is now."""
        if self.began is None or self.broken_off:
            return timedelta()
        return self.began + cycle - now

    def begin(self, disks: Collection[str]) -> datetime:
        """The check begins, or goes on; since when files count as looked at."""
        counts = totals(list(disks)).values()
        self._total = sum(each for each, _ in counts), sum(each for _, each in counts)
        started = self.began if self.broken_off and self.began else datetime.now(UTC)
        self.began = started
        Host.objects.filter(pk=self.host_id).update(
            srv_data_checking=1,
            srv_check_start=show_local(started),
            srv_check_end=None,
            srv_check_files=self._total[0],
            srv_check_mb=self._total[1] / MB,
            srv_check_count=0,
            srv_checked_mb=0.0,
            srv_check_rate=0.0,
            srv_check_remain=None,
        )
        return started

    def add(self, size: int) -> None:
        """One more file of so many bytes was looked at."""
        self.files += 1
        self.size += size

    def lose(self, disk_id: str) -> None:
        """A disk is not there any more."""
        self.lost.add(disk_id)

    def write(self) -> None:
        """Say how far it is."""
        seconds = max((datetime.now(UTC) - self._since).total_seconds(), 1e-3)
        rate = self.size / seconds
        left = max(self._total[1] - self.size, 0)
        Host.objects.filter(pk=self.host_id).update(
            srv_check_count=self.files,
            srv_checked_mb=self.size / MB,
            srv_check_rate=rate / MB,
            srv_check_remain=min(int(left / rate), 2**31 - 1) if rate else None,
        )

    def pause(self) -> None:
        """Nothing is being checked just now."""
        Host.objects.filter(pk=self.host_id).update(srv_data_checking=0)

    def end(self, moment: str) -> None:
        """It came to its end."""
        Host.objects.filter(pk=self.host_id).update(srv_check_end=moment, srv_check_remain=0)


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone() if text else None
    except ValueError:
        return None

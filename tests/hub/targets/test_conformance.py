"""The archive as a target keeps every promise that a volume makes."""

from __future__ import annotations

import pytest

from lagan.store.conformance import CHECKS, Check, try_out
from lagan.worker.archive_volume import ArchiveVolume


@pytest.mark.parametrize(
    "check", [each for each in CHECKS if each.alone], ids=lambda check: check.title
)
def test_the_archive_keeps_the_promise_that(check: Check, volume: ArchiveVolume) -> None:
    outcome = try_out(check, volume, location=None, big=1 << 20)
    assert outcome.state == "held", outcome.reason

"""Ids that sort by the time they were made (UUID version 7, RFC 9562 section 5.7)."""

from __future__ import annotations

import os
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_last = 0


def new_id() -> UUID:
    """A fresh UUIDv7: 48 bits of milliseconds, then 74 random bits. Within a process each is larger
    than the one before, also within a millisecond (RFC 9562 section 6.2, method 2)."""
    global _last
    value = _random()
    with _lock:
        _last = value = max(value, _last + 1)
    return UUID(int=value)


def _random() -> int:
    millis = time.time_ns() // 1_000_000
    value = (millis & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 7 << 76
    return value & ~(0x3 << 62) | 2 << 62

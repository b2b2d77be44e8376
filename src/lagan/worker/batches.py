"""How work is cut into tasks: by count and by bytes, so that a task lasts minutes, not hours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

BATCH_ITEMS = 500
"""A task holds at most so many items."""

BATCH_BYTES = 8 << 30
"""A task takes no more items once it holds so many bytes."""


def cut(
    items: Iterable[tuple[str, int]], count: int = BATCH_ITEMS, size: int = BATCH_BYTES
) -> Iterator[tuple[list[str], int]]:
    """Cut (item, bytes) pairs into lists of at most `count` items, each with its bytes; a list is
    closed once it holds `size` bytes. Holds one list at a time."""
    batch: list[str] = []
    held = 0
    for item, length in items:
        batch.append(item)
        held += length
        if len(batch) >= count or held >= size:
            yield batch, held
            batch, held = [], 0
    if batch:
        yield batch, held

"""A page of a dataset's folder at a million files against one at a hundred thousand: flat, in a
thousand folders, and deep. Prints the median of each page's time and how it grew."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice

SIZES = (100_000, 1_000_000)
PAGE = 200
REPEATS = 15

SHAPES: dict[str, Callable[[int], str]] = {
    "flat": lambda n: f"frame_{n:08}.tif",
    "folders": lambda n: f"run_{n % 1000:04}/frame_{n:08}.tif",
    "deep": lambda n: f"{n % 10}/{n // 10 % 10}/{n // 100 % 10}/{n // 1000 % 10}/x/y/z/{n}.tif",
}
"""Path of the n-th file."""


def main() -> None:
    """Fill a database (SQLite, or what POSTGRES_* name) and time pages."""
    with tempfile.TemporaryDirectory(prefix="lagan-bench-") as folder:
        os.environ.setdefault("LAGAN_DATA", folder)
        os.environ["DJANGO_SETTINGS_MODULE"] = "lagan.hub.settings"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        for shape, path in SHAPES.items():
            figures = {}
            for size in SIZES:
                dataset = _fill(f"{shape} {size}", size, path)
                figures[size] = _pages(dataset, size, path)
            _tell(shape, figures)


def _fill(name: str, size: int, path: Callable[[int], str]) -> int:
    from django.db import connection
    from django.utils import timezone

    from lagan.hub.accounts import services as accounts
    from lagan.hub.archive.models import File
    from lagan.hub.base import bulk
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.datasets.models import Entry
    from lagan.hub.datasets.services import create_dataset

    root = accounts.bootstrap().root
    now = timezone.now()
    stored, _ = File.objects.get_or_create(
        file_id="f", version=1, defaults={
            "name": "n", "size": 1, "crc32": 0, "crc32c": 0, "stored_at": now,
        },
    )  # fmt: skip
    dataset = create_dataset(by=SYSTEM, name=name, group=root.pk, owner=root.pk)
    columns = (
        *("dataset", "path", "stored", "file_id", "version"),
        *("size", "sha256", "crc32", "mtime_ns", "added_at"),
    )
    rows: Iterator[tuple[object, ...]] = (
        (dataset.pk, path(n), stored.pk, "f", 1, 1, "0" * 64, 0, 0, now) for n in range(size)
    )
    while some := list(islice(rows, 50_000)):
        bulk.insert(Entry, some, columns)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return int(dataset.pk)


def _pages(dataset: int, size: int, path: Callable[[int], str]) -> dict[str, float]:
    """Milliseconds, median, of the kinds of pages that people turn to."""
    from lagan.hub.datasets.folders import folder_page, neighbours

    middle = path(size // 2)
    folder = middle.rpartition("/")[0]
    first = folder_page(dataset, folder="", after=None, size=PAGE)
    acts: dict[str, Callable[[], object]] = {
        "first page": lambda: folder_page(dataset, folder="", after=None, size=PAGE),
        "second page": lambda: folder_page(dataset, folder="", after=first.next, size=PAGE),
        "inner folder": lambda: folder_page(dataset, folder=folder, after=None, size=PAGE),
        "jump": lambda: folder_page(dataset, folder="", after=None, size=PAGE, start=middle),
        "filter": lambda: folder_page(dataset, folder="", after=None, size=PAGE, text="99999"),
        "neighbours": lambda: neighbours(dataset, middle),
    }
    return {name: _median(act) for name, act in acts.items()}


def _median(act: Callable[[], object]) -> float:
    act()
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        act()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def _tell(shape: str, figures: dict[int, dict[str, float]]) -> None:
    small, large = SIZES
    for name, taken in figures[large].items():
        before = figures[small][name]
        grown = f"{taken / before:.2f} times that at {small:,}"
        print(f"{shape:8} {name:14} {taken:7.2f} ms at {large:,}; {grown}")


if __name__ == "__main__":
    main()

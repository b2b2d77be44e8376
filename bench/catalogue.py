"""Fills a hub's empty database with a million datasets under a hundred thousand entities, raw.

`python -m bench.catalogue DATASETS` fills the database of the environment (LAGAN_DATA, POSTGRES_*),
whose tables must be there, and prints what it made as JSON. Rows go in by COPY or executemany,
without the indexes, which are made afterwards; what they say is what the services would have said.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

BEGINNING = datetime(2016, 1, 1, tzinfo=UTC)
MINERALS = ("quartz", "feldspar", "olivine", "calcite", "mica", "garnet", "zircon", "pyrite")
NOTES = ("scan", "stage", "warm", "cold", "polished", "thin", "section", "overview", "repeat")
FACULTIES, DEPARTMENTS = 10, 10
TABLES = ("tree_entity", "tree_grant", "tree_metadata", "datasets_dataset", "datasets_document")
BATCH = 20_000


def main() -> None:
    """Fill, and say how long it took."""
    import django

    django.setup()
    began = time.perf_counter()
    made = fill(int(sys.argv[1]))
    print(json.dumps({**made, "seconds": time.perf_counter() - began}))


def fill(datasets: int) -> dict[str, Any]:
    """The ids of askers, by what they may see."""
    from lagan.hub.tree import services as tree

    ground = tree.ensure_root()
    with Bare() as load:
        groups, askers = _tree(load, ground.root.pk, ground.root.path, max(datasets // 10, 300))
        first = max(id for id, _ in groups) + 1000
        places = random.Random(7)
        placed = [(first + n, *places.choice(groups)) for n in range(datasets)]
        names = ("id", "type", "name", "parent_id", "path", "created")
        load("tree_entity", names, _dataset_entities(placed))
        columns = (
            *("entity_id", "owner_id", "computer_id", "type", "source_path", "state"),
            *("created_at", "closed_at", "removed_from", "file_count", "bytes"),
        )
        load("datasets_dataset", columns, _datasets(placed, askers["owner"]))
        keys = ("entity_id", "key", "position", "text", "number", "time")
        load("tree_metadata", keys, _metadata(placed))
        load("datasets_document", ("entity_id", "text"), _documents(placed))
        _grants(load, askers, ground.root.pk, groups, placed)
    return {"askers": askers, "datasets": datasets, "first": first}


def _path(id: int, above: str) -> str:
    return f"{above}{id:010x}"


def _tree(
    load: Any, root: int, path: str, wanted: int
) -> tuple[list[tuple[int, str]], dict[str, int]]:
    """Faculties, departments, and groups beneath those; askers are users beneath the root."""
    now = BEGINNING.isoformat(sep=" ")
    rows: list[tuple[Any, ...]] = []
    above = [(root, path)]
    id = 1000

    def add(kind: str, name: str, parent: tuple[int, str]) -> tuple[int, str]:
        nonlocal id
        id += 1
        rows.append((id, kind, name, parent[0], _path(id, parent[1]), now))
        return id, rows[-1][4]

    askers = {
        name: add("USER", f"asker-{name}", above[0])[0]
        for name in ("all", "tenth", "ten", "scattered", "owner")
    }
    faculties = [add("GROUP", f"faculty {n}", above[0]) for n in range(FACULTIES)]
    departments = [
        add("GROUP", f"department {n}", each) for each in faculties for n in range(DEPARTMENTS)
    ]
    groups = [
        add("GROUP", f"group {n}", departments[n % len(departments)])
        for n in range(wanted - len(rows))
    ]
    load("tree_entity", ("id", "type", "name", "parent_id", "path", "created"), rows)
    askers["faculty"] = faculties[3][0]
    return groups, askers


def _dataset_entities(placed: Sequence[tuple[int, int, str]]) -> Iterator[tuple[Any, ...]]:
    for id, group, path in placed:
        yield id, "DATASET", _name(id), group, _path(id, path), "2026-01-01 00:00:00"


def _name(id: int) -> str:
    return f"{MINERALS[id % 8]} {NOTES[id % 9]} {id}"


def _datasets(placed: Sequence[tuple[int, int, str]], owner: int) -> Iterator[tuple[Any, ...]]:
    step = timedelta(days=3650) / len(placed)
    for number, (id, _, _) in enumerate(placed):
        state = "open" if number % 20 == 0 else "removed" if number % 50 == 1 else "closed"
        made = BEGINNING + step * number
        closed = None if state == "open" else _time(made + timedelta(hours=5))
        yield (
            *(id, owner, None, "manual", "", state, _time(made), closed, "", id % 700),
            (id * 7919) % 10**10,
        )


def _time(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(sep=" ")


def _metadata(placed: Sequence[tuple[int, int, str]]) -> Iterator[tuple[Any, ...]]:
    """batch 7 and mica never meet; .Half halves; .Rare is on ten datasets; .Batch has a hundred
    values."""
    rare = set(range(0, len(placed), max(len(placed) // 10, 1)))
    for number, (id, _, _) in enumerate(placed):
        yield id, ".Sample", 0, MINERALS[id * 7919 % 101 % 8], None, None
        yield id, ".Half", 0, "odd" if id % 2 else "even", None, None
        yield id, ".Batch", 0, f"batch {id * 31 % 101}", None, None
        yield id, ".Temperature", 0, f"{id * 37 % 4000 / 10}", id * 37 % 4000 / 10, None
        yield id, ".Description", 0, _note(id), None, None
        if number in rare:
            yield id, ".Rare", 0, "yes", None, None


def _note(id: int) -> str:
    return f"{NOTES[id % 9]} {NOTES[id // 9 % 9]} of specimen {id * 13 % 50_021}"


def _documents(placed: Sequence[tuple[int, int, str]]) -> Iterator[tuple[Any, ...]]:
    from lagan.hub.datasets.search.words import document

    for id, _, _ in placed:
        yield id, document([_name(id), _note(id), "odd" if id % 2 else "even"])


def _grants(
    load: Any,
    askers: dict[str, int],
    root: int,
    groups: Sequence[tuple[int, str]],
    placed: Sequence[tuple[int, int, str]],
) -> None:
    """`all` may read everything, `tenth` a faculty, `ten` ten datasets, `scattered` some 500
    groups."""
    step = max(len(placed) // 10, 1)
    given = {
        "all": [root],
        "tenth": [askers["faculty"]],
        "ten": [id for id, _, _ in placed[5::step][:10]],
        "scattered": [id for id, _ in groups[:: max(len(groups) // 500, 1)]],
    }
    rows = [
        (askers[name], place, f"DATASET_{act}", False)
        for name, places in given.items()
        for place in places
        for act in ("READ", "METADATA_READ")
    ]
    load("tree_grant", ("subject_id", "object_id", "permission", "deny"), rows)


class Bare:
    """The tables without their indexes, triggers and checks of foreign keys, until all is in."""

    def __enter__(self) -> Any:
        from django.db import connection

        self.connection = connection
        self.postgresql = connection.vendor == "postgresql"
        connection.ensure_connection()
        with connection.cursor() as cursor:
            self.made = self._strip(cursor)
        connection.set_autocommit(False)
        return self.load

    def __exit__(self, *error: object) -> None:
        with self.connection.cursor() as cursor:
            for statement in self.made:
                cursor.execute(statement)
            if not self.postgresql:
                cursor.execute("INSERT INTO datasets_words(datasets_words) VALUES ('rebuild')")
            self.connection.commit()
            self.connection.set_autocommit(True)
            cursor.execute("VACUUM ANALYZE" if self.postgresql else "PRAGMA wal_checkpoint")

    def _strip(self, cursor: Any) -> list[str]:
        if self.postgresql:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("SET maintenance_work_mem = '512MB'")
            cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s)"
                " AND indexdef NOT LIKE 'CREATE UNIQUE%%'",
                [list(TABLES)],
            )
            found = [("INDEX", name, text) for name, text in cursor.fetchall()]
        else:
            cursor.execute("PRAGMA synchronous = OFF")
            cursor.execute("PRAGMA cache_size = -400000")
            cursor.execute("PRAGMA temp_store = MEMORY")
            cursor.execute("PRAGMA threads = 2")
            cursor.execute(
                "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND"
                " (type = 'index' OR type = 'trigger') AND tbl_name IN"
                f" ({', '.join(['%s'] * len(TABLES))}) AND sql NOT LIKE 'CREATE UNIQUE%%'",
                list(TABLES),
            )
            found = cursor.fetchall()
        for kind, name, _ in found:
            cursor.execute(f'DROP {kind} "{name}"')
        return [text.replace("%", "%%") for _, _, text in found]

    def load(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        names = ", ".join(columns)
        with self.connection.cursor() as cursor:
            if not self.postgresql:
                marks = ", ".join("?" * len(columns))
                sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"
                self.connection.connection.executemany(sql, rows)
                return
            some = iter(rows)
            with cursor.cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                while batch := list(islice(some, BATCH)):
                    copy.write("".join(map(_line, batch)))


def _line(row: Sequence[Any]) -> str:
    """A row in COPY's text form; our values hold nothing that would have to be escaped."""
    return "\t".join(["\\N" if each is None else str(each) for each in row]) + "\n"


if __name__ == "__main__":
    main()

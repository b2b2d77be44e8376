"""P8: a permission check, the reason, and the list of who may, in trees of 100,000 and of 1,000,000
entities, on SQLite and on PostgreSQL.

The tree is an institution of departments with research groups, their role groups, users and
datasets, written by the database itself in a few statements; its shape is that of the real ones, so
that ten times the entities are ten times the departments.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bench.result import Result
from tests.services import postgresql
from tests.services.process import stop_process

NUMBER = "P8"
TITLE = "who may"
ENTITIES = 1_000_000  # at scale 1
GOAL = 0.001  # seconds of a check
FLAT = 2.0  # times what a page costs in a tree of a tenth of the size
DATABASES = ("sqlite", "postgresql")
ROUNDS = 200


def run(scale: float) -> list[Result]:
    """Ratios: for a check goal / time; for the lists how they compare with a tree of a tenth."""
    results = []
    for database in DATABASES:
        small, full = (measured(database, round(ENTITIES * scale * part)) for part in (0.1, 1))
        results.append(_check(database, small, full))
        results += [_page(database, what, small, full) for what in ("why", "who", "everybody")]
    return results


def measured(database: str, entities: int) -> dict[str, float]:
    """Seconds of each question in a tree of so many entities, measured in a process of its own."""
    with tempfile.TemporaryDirectory() as folder, _served(database, Path(folder)) as address:
        kept = {name: v for name, v in os.environ.items() if not name.startswith("POSTGRES_")}
        settings = {"LAGAN_DATA": folder, "DJANGO_SETTINGS_MODULE": "lagan.hub.settings"}
        done = subprocess.run(
            [sys.executable, "-m", "bench.permissions", str(entities)],
            env={**kept, **settings, **address},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def _served(database: str, folder: Path) -> Iterator[Mapping[str, str]]:
    """The settings of a PostgreSQL of its own, or none for SQLite."""
    if database == "sqlite":
        yield {}
        return
    folder.chmod(0o711)  # PostgreSQL refuses root and must get through as nobody
    home = folder / "postgresql"
    home.mkdir(mode=0o755)
    server = postgresql.start(home)
    try:
        yield server.address
    finally:
        stop_process(server.pid)


def _check(database: str, small: dict[str, float], full: dict[str, float]) -> Result:
    return Result(
        what=f"a check, {database}",
        ratio=GOAL / full["check"],
        ours=f"{full['check'] * 1000:.2f} ms",
        peer=f"{small['check'] * 1000:.2f} ms in a tree of a tenth",
        goal=1.0,
        notes=f"{full['entities']:.0f} entities made in {full['making']:.0f} s; goal 1 ms",
        figures=full,
        cost=full["check"],
    )


def _page(database: str, what: str, small: dict[str, float], full: dict[str, float]) -> Result:
    words = {"why": "why, {}", "who": "who may, {}", "everybody": "who may where everybody may, {}"}
    return Result(
        what=words[what].format(database),
        ratio=small[what] / full[what],
        ours=f"{full[what] * 1000:.1f} ms",
        peer=f"{small[what] * 1000:.1f} ms in a tree of a tenth",
        goal=round(1 / FLAT, 2),
        notes=f"{full['entities']:.0f} entities; a page of 50; flat is under {FLAT:g} times",
        figures={what: full[what], "small": small[what]},
        cost=full[what],
    )


DEPARTMENT = 1_000  # entities of one department
GROUPS, USERS, DATASETS = 10, 100, 800  # of them; each research group has a home and three roles
_SERIES = {
    "sqlite": "(WITH RECURSIVE c(n) AS"
    " (SELECT {low} UNION ALL SELECT n + 1 FROM c WHERE n < {high})"
    " SELECT n FROM c)",
    "postgresql": "generate_series({low}, {high})",
}


def make(entities: int) -> dict[str, int]:
    """The tree: for each department its group, Research Groups, 10 groups with roles, 100 users of
    whom each is a member of one role, 800 datasets. Ids of what is asked about."""
    from django.db import connection, transaction

    from lagan.hub.tree import services

    ground = services.ensure_root()
    count = entities // DEPARTMENT
    base = 1_000_000
    path = f"'{ground.root.id:010x}' || "
    hexed = {"sqlite": "printf('%010x', {})", "postgresql": "lpad(to_hex({}), 10, '0')"}
    series, digits = _SERIES[connection.vendor], hexed[connection.vendor]

    def rows(low: int, size: int, kind: str, name: str, parents: str, path: str) -> None:
        """One statement for `size` entities of each department d: ids base + d * 1000 + low..."""
        id = f"({base} + d.n * {DEPARTMENT} + {low} + k.n)"
        folded = name
        columns = "id, type, name, parent_id, path, created" + extra_columns
        sql = (
            f"INSERT INTO tree_entity ({columns}) SELECT {id}, '{kind}', {name}, {parents},"
            f" {path}{digits.format(id)}, CURRENT_TIMESTAMP{', ' + folded if extra_columns else ''}"
            f" FROM {series.format(low=0, high=count - 1)} AS d{alias},"
            f" {series.format(low=0, high=size - 1)} AS k{alias}"
        )
        cursor.execute(sql)

    alias = "(n)" if connection.vendor == "postgresql" else ""
    extra_columns = ", folded" if _has_folded() else ""
    here = f"({base} + d.n * {DEPARTMENT})"
    group = f"({base} + d.n * {DEPARTMENT} + 10 + k.n % {GROUPS})"
    home = f"({base} + d.n * {DEPARTMENT} + 20 + k.n / 3)"
    with transaction.atomic(), connection.cursor() as cursor:
        rows(0, 1, "GROUP", "'department ' || d.n", str(ground.root.id), path)
        inside = f"{path}{digits.format(here)} || "
        rows(10, GROUPS, "GROUP", "'group ' || d.n || ' ' || k.n", here, inside)
        beneath = f"{inside}{digits.format(group)} || "
        rows(20, GROUPS, "GROUP", "'roles'", group, beneath)
        above = f"({base} + d.n * {DEPARTMENT} + 10 + k.n / 3)"
        roles = f"{inside}{digits.format(above)} || {digits.format(home)} || "
        rows(30, 3 * GROUPS, "GROUP", "'role ' || d.n || ' ' || k.n", home, roles)
        rows(60, USERS, "USER", "'user ' || d.n || ' ' || k.n", here, inside)
        rows(160, DATASETS, "DATASET", "'dataset ' || d.n || ' ' || k.n", group, beneath)
        _members_and_grants(cursor, series, alias, base, count, ground)
    return {
        "dataset": base + (count // 2) * DEPARTMENT + 160,
        "member": base + (count // 2) * DEPARTMENT + 60,
        "everybody": ground.root.id,
    }


def _has_folded() -> bool:
    from lagan.hub.tree.models import Entity

    return any(field.name == "folded" for field in Entity._meta.get_fields())


def _members_and_grants(
    cursor: object, series: str, alias: str, base: int, count: int, ground: object
) -> None:
    """Each user is a member of one role of the department; each role is granted reading on its
    group; everybody may see the list of the root's groups."""
    from django.db.backends.utils import CursorWrapper

    from lagan.hub.tree.services import Ground

    assert isinstance(cursor, CursorWrapper)
    assert isinstance(ground, Ground)
    departments = f"{series.format(low=0, high=count - 1)} AS d{alias}"
    start = f"{base} + d.n * {DEPARTMENT}"
    users = f"{series.format(low=0, high=USERS - 1)} AS k{alias}"
    cursor.execute(
        "INSERT INTO tree_membership (member_id, group_id)"
        f" SELECT {start} + 60 + k.n, {start} + 30 + k.n % {3 * GROUPS} FROM {departments}, {users}"
    )
    roles = f"{series.format(low=0, high=3 * GROUPS - 1)} AS k{alias}"
    for permission in ("DATASET_READ", "DATASET_LIST", "DATASET_CREATE"):
        cursor.execute(
            "INSERT INTO tree_grant (subject_id, object_id, permission, deny)"
            f" SELECT {start} + 30 + k.n, {start} + 10 + k.n / 3, '{permission}', false"
            f" FROM {departments}, {roles}"
        )
    cursor.execute(
        "INSERT INTO tree_grant (subject_id, object_id, permission, deny)"
        f" VALUES ({ground.root.id}, {ground.root.id}, 'GROUP_LIST', false)"
    )
    cursor.execute("ANALYZE")


def timed(act: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The median of some calls, in seconds, after one that warms up."""
    act()
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return median(taken)


def main(entities: int) -> None:
    """Make the tree, ask, print the seconds as JSON."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from lagan.hub.base.actors import Actor
    from lagan.hub.tree import queries

    began = time.perf_counter()
    ids = make(entities)
    making = time.perf_counter() - began
    actor = Actor(ids["member"], "member", "jwt")
    path = queries.path_of_entity(ids["dataset"]) or ""
    assert queries.may(actor, "DATASET_READ", ids["dataset"])
    page = queries.who("DATASET_READ", path)
    assert len(page.items) >= USERS // GROUPS, page
    root = queries.path_of_entity(ids["everybody"]) or ""
    assert len(queries.who("GROUP_LIST", root).items) == 50
    found = {
        "entities": float(entities),
        "making": making,
        "check": timed(lambda: queries.may(actor, "DATASET_READ", ids["dataset"])),
        "why": timed(lambda: queries.why(ids["member"], "DATASET_READ", ids["dataset"])),
        "who": timed(lambda: queries.who("DATASET_READ", path)),
        "everybody": timed(lambda: queries.who("GROUP_LIST", root), 20),
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]))

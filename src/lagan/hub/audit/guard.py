"""The database itself refuses to change or remove what happened.

A later migration that rewrites the table (SQLite does so for most changes) must `install` again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper

_CONTENT = ("id", "at", "kind", "actor", "actor_entity", "subject", "data", "result", "transaction")


def _changed(operator: str) -> str:
    return " OR ".join(f'NEW."{name}" {operator} OLD."{name}"' for name in _CONTENT)


_SQLITE = [
    """CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_event
       BEGIN SELECT RAISE(ABORT, 'audit events are never removed'); END""",
    f"""CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit_event
        WHEN OLD.sequence IS NOT NULL OR {_changed("IS NOT")}
        BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END""",
    """CREATE TRIGGER audit_no_sealed_insert BEFORE INSERT ON audit_event
       WHEN NEW.sequence IS NOT NULL
       BEGIN SELECT RAISE(ABORT, 'audit events are sealed later'); END""",
]
_SQLITE_GONE = [
    "DROP TRIGGER IF EXISTS audit_no_delete",
    "DROP TRIGGER IF EXISTS audit_no_update",
    "DROP TRIGGER IF EXISTS audit_no_sealed_insert",
]
_POSTGRESQL = [
    f"""CREATE FUNCTION audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
            RAISE EXCEPTION 'audit events are never removed'
              USING ERRCODE = 'integrity_constraint_violation';
          ELSIF TG_OP = 'INSERT' THEN
            IF NEW.sequence IS NOT NULL THEN
              RAISE EXCEPTION 'audit events are sealed later'
              USING ERRCODE = 'integrity_constraint_violation';
            END IF;
          ELSIF OLD.sequence IS NOT NULL OR {_changed("IS DISTINCT FROM")} THEN
            RAISE EXCEPTION 'audit events are never changed'
              USING ERRCODE = 'integrity_constraint_violation';
          END IF;
          RETURN NEW;
        END $$""",
    """CREATE TRIGGER audit_no_change BEFORE INSERT OR UPDATE OR DELETE ON audit_event
       FOR EACH ROW EXECUTE FUNCTION audit_guard()""",
    """CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit_event
       FOR EACH STATEMENT EXECUTE FUNCTION audit_guard()""",
]
_POSTGRESQL_GONE = ["DROP FUNCTION IF EXISTS audit_guard() CASCADE"]


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place."""
    _run(connection, _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away."""
    _run(connection, _POSTGRESQL_GONE if connection.vendor == "postgresql" else _SQLITE_GONE)


@contextmanager
def lifted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Without triggers for a while: for emptying a database as a whole, and for tests that
    tamper."""
    remove(connection)
    try:
        yield
    finally:
        install(connection)


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)

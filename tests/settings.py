"""The hub's own settings with a database of the tests' choosing; all state in a folder of this
run."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

if "LAGAN_DATA" not in os.environ:  # the type checker reads this module too
    os.environ["LAGAN_DATA"] = tempfile.mkdtemp(prefix="lagan-tests-")
    atexit.register(shutil.rmtree, os.environ["LAGAN_DATA"], ignore_errors=True)

from lagan.hub.settings import *  # noqa: E402,F403
from lagan.hub.settings import CONFIG, DATABASES  # noqa: E402

_database = DATABASES["default"]
# A connection lives as long as its test: one kept for a minute would outlast the database.
_database["CONN_MAX_AGE"] = 0
if "sqlite3" in _database["ENGINE"]:
    # A file, because one kept in memory has neither a journal nor locks like those of a hub.
    _database["TEST"] = {"NAME": str(Path(CONFIG.data) / "tests.sqlite3")}
    _database["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"

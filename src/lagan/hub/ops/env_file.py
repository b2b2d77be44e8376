"""The first env file of an installed hub, with the setting names of `seeds/workflow-hub.txt`."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from lagan.kit.errors import Conflict, Unavailable

DEFAULT_DATA = Path("/var/lib/lagan")

TEXT = """\
# Settings of a Lagan hub; docs/administration/settings.md says what each means.
# Readable by the hub's account alone: it holds secrets.

LAGAN_DATA={data}
LAGAN_SECRET_KEY={secret}

# Web processes.
WORKERS=8

# The hub's database. Without POSTGRES_HOST it is an SQLite file in LAGAN_DATA.
#POSTGRES_HOST=localhost
#POSTGRES_DB=lagan
POSTGRES_USER=lagan
POSTGRES_PASSWORD={database}

# The queue. Without RABBITMQ_HOST workers take their tasks from the database.
#RABBITMQ_HOST=localhost
BROKER_USER=lagan
BROKER_PASSWORD={broker}
# For the broker of deploy/compose.yaml: milliseconds until it takes a task from a worker that has
# not ended it. A task is one batch of files; only a single huge file lasts longer than minutes.
CONSUMER_TIMEOUT=10800000

# Names under which browsers reach the hub, and whether it is behind https.
#LAGAN_ALLOWED_HOSTS=data.example.org
#LAGAN_TRUSTED_ORIGINS=https://data.example.org

# The hub's own address and the server that takes its letters; without both none leave.
#LAGAN_ADDRESS=https://data.example.org
#LAGAN_SMTP_HOST=localhost
#LAGAN_MAIL_FROM=lagan@example.org

# Where people log in besides here (docs/administration/people.md), and who needs a second factor.
#LAGAN_LOGINS_FILE=/etc/lagan/logins.toml
#LAGAN_SECOND_FACTOR=administrators

# Who may read /metrics from other machines.
LAGAN_METRICS_TOKEN={metrics}
"""


def write_env_file(path: Path, *, data: Path | None = None) -> None:
    """Write the file with fresh secrets, for its owner alone. Conflict if there is one already."""
    text = TEXT.format(
        data=(data or DEFAULT_DATA).absolute(),
        secret=secrets.token_urlsafe(64),
        database=secrets.token_urlsafe(24),
        broker=secrets.token_urlsafe(24),
        metrics=secrets.token_urlsafe(24),
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Conflict(f"There is a configuration {path} already; it is left as it is.") from None
    except OSError as error:
        raise Unavailable(f"Cannot write {path}: {error.strerror}.") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(text)

"""The one reader of the hub's configuration: an env file and the environment, typed, refused at
start when odd.

Names follow `seeds/workflow-hub.txt` (POSTGRES_*, BROKER_*, WORKERS); ours begin with LAGAN_.
The environment wins over the file. A name ending in _FILE holds the path of a file with the secret.
"""

from __future__ import annotations

import getpass
import os
import secrets
import shlex
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from lagan.kit.errors import BadInput


@dataclass(frozen=True, slots=True)
class Mail:
    """The SMTP server that takes the hub's letters; without a host none leave. `security` is
    `none`, `starttls` or `tls`."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    security: str = "none"
    sender: str = "lagan@localhost"


@dataclass(frozen=True, slots=True)
class Staging:
    """Where uploaders of instruments stage files by SSH, and what they are told of the way there.
    `keys` is the authorized_keys that the hub writes for `user`; `gate` the program that it names,
    as a command line."""

    folder: Path
    keys: Path
    host: str
    port: int
    user: str
    gate: str


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a hub process must know before it starts."""

    data: Path
    secret_key: str
    database: dict[str, Any]
    broker_url: str | None
    workers: int
    allowed_hosts: list[str] = field(default_factory=lambda: ["*"])
    trusted_origins: list[str] = field(default_factory=list)
    metrics_token: str | None = None
    log_level: str = "INFO"
    x_accel: Mapping[str, str] = field(default_factory=dict)
    """Volumes whose files nginx sends: name to the prefix of its internal location."""
    mail: Mail = field(default_factory=lambda: Mail())
    address: str = ""
    """The hub's own address with scheme, for links in letters; empty: that of the request."""
    second_factor: str = "OPTIONAL"
    """Who must have a second factor: OPTIONAL nobody, ADMINISTRATORS, EVERYONE."""
    first_password: str = "LINK"  # noqa: S105 - the name of a choice
    """What a new user is sent: LINK to choose a password, GENERATED one to be changed."""
    logins_file: Path | None = None
    """TOML with the identity providers."""
    institution: Mapping[str, str] = field(default_factory=dict)
    """What the privacy statement says of whoever runs the hub: name, contact, officer, address."""
    publisher: str = ""
    """Who publishes datasets whose metadata names nobody: usually the institution."""
    share_days: int = 180
    """The longest life of a share link, in days."""
    staging: Staging = field(default_factory=lambda: _staging({}, Path("/nonexistent")))
    job_days: int = 90
    """How long ended jobs are kept, in days; 0 for ever."""
    package_days: int = 30
    """Within so many days all copies of every package are compared with its outer checksum."""
    refused_days: int = 14
    """How long the content of refused deposits is kept, in days."""

    @property
    def engine(self) -> str:
        """`embedded` without a broker, `celery` with one."""
        return "celery" if self.broker_url else "embedded"


def load(environ: Mapping[str, str] | None = None) -> Config:
    """Read LAGAN_CONFIG (an env file, optional) and the environment. BadInput names the setting
    that is wrong."""
    given = dict(os.environ if environ is None else environ)
    settings = {**_read_env_file(given.get("LAGAN_CONFIG")), **given}
    data = Path(settings.get("LAGAN_DATA") or Path.home() / ".local/share/lagan").absolute()
    return Config(
        data=data,
        secret_key=_secret(settings, "LAGAN_SECRET_KEY") or _own_secret(data),
        database=_database(settings, data),
        broker_url=_broker_url(settings),
        workers=_positive(settings, "WORKERS", 2),
        allowed_hosts=_words(settings.get("LAGAN_ALLOWED_HOSTS", "*")),
        trusted_origins=_words(settings.get("LAGAN_TRUSTED_ORIGINS", "")),
        metrics_token=_secret(settings, "LAGAN_METRICS_TOKEN"),
        log_level=_one_of(settings, "LAGAN_LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR")),
        x_accel=_prefixes(settings, "LAGAN_X_ACCEL"),
        mail=_mail(settings),
        address=_address(settings, "LAGAN_ADDRESS"),
        second_factor=_one_of(
            settings, "LAGAN_SECOND_FACTOR", ("OPTIONAL", "ADMINISTRATORS", "EVERYONE")
        ),
        first_password=_one_of(settings, "LAGAN_FIRST_PASSWORD", ("LINK", "GENERATED")),
        logins_file=Path(path) if (path := settings.get("LAGAN_LOGINS_FILE")) else None,
        institution=_institution(settings),
        publisher=settings.get("LAGAN_PUBLISHER", "").strip(),
        share_days=_positive(settings, "LAGAN_SHARE_DAYS", 180),
        staging=_staging(settings, data),
        job_days=_positive(settings, "LAGAN_JOB_DAYS", 90, least=0),
        package_days=_positive(settings, "LAGAN_PACKAGE_DAYS", 30),
        refused_days=_positive(settings, "LAGAN_REFUSED_DAYS", 14),
    )


def _read_env_file(path: str | None) -> dict[str, str]:
    if not path:
        return {}
    try:
        lines = Path(path).read_text().splitlines()
    except OSError as error:
        raise BadInput(f"Cannot read the configuration {path}: {error.strerror}.") from None
    pairs = (
        line.partition("=") for line in lines if line.strip() and not line.lstrip().startswith("#")
    )
    return {
        name.strip().removeprefix("export "): value.strip().strip("\"'") for name, _, value in pairs
    }


def _secret(settings: Mapping[str, str], name: str) -> str | None:
    path = settings.get(f"{name}_FILE")
    if not path:
        return settings.get(name)
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise BadInput(
            f"{name}_FILE names {path}, which cannot be read: {error.strerror}."
        ) from None


def _own_secret(data: Path) -> str:
    """The secret kept in the data folder; made at the first start, readable by nobody else."""
    path = data / "secret-key"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(
            path.with_suffix(f".{os.getpid()}"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600
        )
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(path.with_suffix(f".{os.getpid()}"), path)
        except FileExistsError:
            pass
        finally:
            path.with_suffix(f".{os.getpid()}").unlink()
    return path.read_text()


def _database(settings: Mapping[str, str], data: Path) -> dict[str, Any]:
    host, name = settings.get("POSTGRES_HOST"), settings.get("POSTGRES_DB")
    if host or name:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": host or "",
            "PORT": settings.get("POSTGRES_PORT", "5432"),
            "NAME": name or "lagan",
            "USER": settings.get("POSTGRES_USER", "lagan"),
            "PASSWORD": _secret(settings, "POSTGRES_PASSWORD") or "",
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(data / "hub.sqlite3"),
        "CONN_MAX_AGE": 60,
        # FULL: with NORMAL a power cut may take acknowledged rows.
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }


def _broker_url(settings: Mapping[str, str]) -> str | None:
    if url := _secret(settings, "BROKER_URL"):
        return url
    host = settings.get("RABBITMQ_HOST") or settings.get("BROKER_HOST")
    if not host:
        return None
    user = settings.get("RABBITMQ_USER") or settings.get("BROKER_USER") or "lagan"
    password = _secret(settings, "RABBITMQ_PASSWORD") or _secret(settings, "BROKER_PASSWORD") or ""
    port = settings.get("BROKER_PORT", "5672")
    return f"amqp://{quote(user, safe='')}:{quote(password, safe='')}@{host}:{port}//"


def _mail(settings: Mapping[str, str]) -> Mail:
    names = ("NONE", "STARTTLS", "TLS")
    security = _one_of(settings, "LAGAN_SMTP_SECURITY", names).lower()
    usual = {"none": 25, "starttls": 587, "tls": 465}[security]
    return Mail(
        host=settings.get("LAGAN_SMTP_HOST", ""),
        port=_positive(settings, "LAGAN_SMTP_PORT", usual),
        user=settings.get("LAGAN_SMTP_USER", ""),
        password=_secret(settings, "LAGAN_SMTP_PASSWORD") or "",
        security=security,
        sender=settings.get("LAGAN_MAIL_FROM", "lagan@localhost"),
    )


def _staging(settings: Mapping[str, str], data: Path) -> Staging:
    folder = Path(settings.get("LAGAN_STAGING_FOLDER") or data / "staging").absolute()
    keys = settings.get("LAGAN_STAGING_KEYS") or data / "staging-keys" / "authorized_keys"
    here = urlsplit(settings.get("LAGAN_ADDRESS", "")).hostname or socket.gethostname()
    program = Path(sys.executable).with_name("lagan")
    return Staging(
        folder=folder,
        keys=Path(keys).absolute(),
        host=settings.get("LAGAN_STAGING_HOST") or here,
        port=_positive(settings, "LAGAN_STAGING_PORT", 22),
        user=settings.get("LAGAN_STAGING_USER") or _account(),
        gate=settings.get("LAGAN_STAGING_GATE") or f"{shlex.quote(str(program))} instruments gate",
    )


def _account() -> str:
    """The account that the hub runs as; its number where it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _address(settings: Mapping[str, str], name: str) -> str:
    text = settings.get(name, "").rstrip("/")
    if text and not text.startswith(("http://", "https://")):
        raise BadInput(f"{name} begins with https://, unlike {text!r}.", setting=name)
    return text


def _institution(settings: Mapping[str, str]) -> dict[str, str]:
    names = ("name", "contact", "officer", "address")
    return {each: settings.get(f"LAGAN_INSTITUTION_{each.upper()}", "") for each in names}


def _prefixes(settings: Mapping[str, str], name: str) -> dict[str, str]:
    """`volume=/prefix/` pairs."""
    found = {}
    for word in _words(settings.get(name, "")):
        volume, _, prefix = word.partition("=")
        if not (volume and len(prefix) > 1 and prefix[0] == prefix[-1] == "/"):
            raise BadInput(
                f"{name} must be pairs like main=/.volumes/main/, not {word!r}.", setting=name
            )
        found[volume] = prefix
    return found


def _positive(settings: Mapping[str, str], name: str, default: int, least: int = 1) -> int:
    text = settings.get(name, str(default))
    if not text.isdigit() or int(text) < least:
        raise BadInput(f"{name} must be a whole number from {least}, not {text!r}.", setting=name)
    return int(text)


def _one_of(settings: Mapping[str, str], name: str, choices: Sequence[str]) -> str:
    """The setting in capitals, or the first choice without it."""
    text = settings.get(name, choices[0]).upper()
    if text not in choices:
        raise BadInput(f"{name} is one of {', '.join(choices)}, not {text!r}.", setting=name)
    return text


def _words(text: str) -> list[str]:
    return [word for word in text.replace(",", " ").split() if word]

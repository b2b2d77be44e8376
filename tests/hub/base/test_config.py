"""The hub's configuration: read from a file and the environment, refused at start when odd."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from lagan.hub.base.config import load
from lagan.kit.errors import BadInput


def given(folder: Path, **settings: str) -> dict[str, str]:
    return {"LAGAN_DATA": str(folder), **settings}


def test_nothing_said_means_a_hub_of_its_own(tmp_path: Path) -> None:
    found = load(given(tmp_path))
    assert found.engine == "embedded"
    assert found.database["NAME"] == str(tmp_path / "hub.sqlite3")
    assert found.workers == 2


def test_the_own_secret_is_made_once_and_readable_by_nobody_else(tmp_path: Path) -> None:
    first, second = load(given(tmp_path)), load(given(tmp_path))
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) > 60
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["secret-key"]


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "hub.env"
    file.write_text('# a hub\nWORKERS=5\nexport POSTGRES_HOST="db"\nPOSTGRES_DB=research\n')
    found = load(given(tmp_path, LAGAN_CONFIG=str(file), POSTGRES_DB="other"))
    assert found.workers == 5
    assert (found.database["HOST"], found.database["NAME"]) == ("db", "other")


def test_secrets_may_come_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from a file\n")
    found = load(given(tmp_path, LAGAN_SECRET_KEY_FILE=str(secret)))
    assert found.secret_key == "from a file"


def test_a_broker_makes_the_engine_celery(tmp_path: Path) -> None:
    names = {"RABBITMQ_USER": "u", "BROKER_USER": "x", "BROKER_PASSWORD": "p/w"}
    found = load(given(tmp_path, BROKER_HOST="mq", **names))
    assert found.engine == "celery"
    assert found.broker_url == "amqp://u:p%2Fw@mq:5672//"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKERS", "0"),
        ("WORKERS", "many"),
        ("LAGAN_CONFIG", "/nowhere/hub.env"),
        ("LAGAN_SECRET_KEY_FILE", "/nowhere/secret"),
        ("LAGAN_LOG_LEVEL", "LOUD"),
    ],
)
def test_odd_settings_are_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(BadInput, match=name if name != "LAGAN_CONFIG" else value):
        load(given(tmp_path, **{name: value}))


def test_where_nginx_sends_from_is_a_prefix_for_each_volume(tmp_path: Path) -> None:
    told = load(given(tmp_path, LAGAN_X_ACCEL="main=/.volumes/main/, copy=/c/"))
    assert told.x_accel == {"main": "/.volumes/main/", "copy": "/c/"}
    for odd in ("main", "main=", "=/x/", "main=x/", "main=/x", "main=/"):
        with pytest.raises(BadInput, match="LAGAN_X_ACCEL"):
            load(given(tmp_path, LAGAN_X_ACCEL=odd))


def test_letters_and_logins_have_settings_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "smtp-password").write_text("hush\n")
    found = load(
        given(
            tmp_path,
            LAGAN_SMTP_HOST="mail.example.org",
            LAGAN_SMTP_SECURITY="starttls",
            LAGAN_SMTP_PASSWORD_FILE=str(tmp_path / "smtp-password"),
            LAGAN_ADDRESS="https://data.example.org/",
            LAGAN_SECOND_FACTOR="administrators",
            LAGAN_LOGINS_FILE="/etc/lagan/logins.toml",
            LAGAN_INSTITUTION_NAME="NTNU",
        )
    )
    assert (found.mail.host, found.mail.port, found.mail.password) == (
        "mail.example.org",
        587,
        "hush",
    )
    assert found.address == "https://data.example.org"
    assert found.second_factor == "ADMINISTRATORS"
    assert found.logins_file == Path("/etc/lagan/logins.toml")
    assert found.institution["name"] == "NTNU"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LAGAN_SMTP_SECURITY", "some"),
        ("LAGAN_SMTP_PORT", "smtp"),
        ("LAGAN_ADDRESS", "data.example.org"),
        ("LAGAN_SECOND_FACTOR", "sometimes"),
        ("LAGAN_FIRST_PASSWORD", "secret"),
    ],
)
def test_odd_settings_of_people_are_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(BadInput, match=name):
        load(given(tmp_path, **{name: value}))

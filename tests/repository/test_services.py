"""Every service of the tests answers, and stops when it is told to."""

from __future__ import annotations

import mailbox
import os
import smtplib
import subprocess
from email.message import EmailMessage
from pathlib import Path

import psycopg
import pytest
from obstore.store import S3Store

from tests.services import smtp as smtp_service
from tests.services.process import Running, ServiceFailed, accepts, find_program, running


def test_postgresql_takes_sessions(postgresql: Running) -> None:
    where = postgresql.address
    with psycopg.connect(
        host=where["POSTGRES_HOST"],
        port=int(where["POSTGRES_PORT"]),
        user=where["POSTGRES_USER"],
        dbname=where["POSTGRES_DB"],
    ) as session:
        assert session.execute("SHOW fsync").fetchone() == ("off",)


def test_s3_gives_back_what_it_was_given(s3: Running) -> None:
    where = s3.address
    bucket = S3Store(
        where["bucket"],
        endpoint=where["endpoint"],
        access_key_id=where["access_key"],
        secret_access_key=where["secret_key"],
        region=where["region"],
        client_options={"allow_http": True},
    )
    bucket.put("services/object", b"content")
    assert bytes(bucket.get("services/object").bytes()) == b"content"


def test_ssh_runs_a_command(ssh: Running) -> None:
    where = ssh.address
    options = [
        "-F",
        "none",
        "-o",
        f"UserKnownHostsFile={where['known_hosts']}",
        "-o",
        "BatchMode=yes",
    ]
    target = ["-i", where["key"], "-p", where["port"], f"{where['user']}@{where['host']}"]
    said = subprocess.run(
        ["ssh", *options, *target, "echo", "here"], capture_output=True, check=True
    )
    assert said.stdout == b"here\n"


def test_smtp_keeps_the_message(smtp: Running) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", "kept"
    with smtplib.SMTP(smtp.address["host"], int(smtp.address["port"])) as session:
        session.send_message(message)
    assert "kept" in [mail["Subject"] for mail in mailbox.Maildir(smtp.address["maildir"])]


def test_chromium_is_here(chromium: str) -> None:
    said = subprocess.run([chromium, "--version"], capture_output=True, check=True, text=True)
    assert "Chromium" in said.stdout


def test_a_service_ends_with_its_block(tmp_path: Path) -> None:
    with running(smtp_service.start, tmp_path / "smtp") as service:
        assert accepts(int(service.address["port"]))
    assert not accepts(int(service.address["port"]))
    with pytest.raises(ProcessLookupError):
        os.killpg(service.pid, 0)


def test_a_missing_program_is_named_with_its_package() -> None:
    with pytest.raises(ServiceFailed, match="no-such-program.*some-package"):
        find_program("no-such-program", package="some-package")

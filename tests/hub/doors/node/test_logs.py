"""The log goes where it is told, is put aside in time, and holds no secret."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lagan.hub.doors.node.config.shape import Log
from lagan.hub.doors.node.process.logs import (
    Logs,
    Where,
    change,
    put_aside,
    saved,
    syslog_address,
    unsaved_files,
    where,
)
from lagan.hub.doors.node.process.running import Options
from lagan.kit.errors import BadInput

log = logging.getLogger("lagan.test")


@pytest.fixture(autouse=True)
def _levels(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test does to the library's own switches is undone."""
    monkeypatch.setattr(logging, "raiseExceptions", False)
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)


@pytest.fixture
def logs() -> Iterator[Logs]:
    made = Logs()
    yield made
    made.close()


def config(**given: Any) -> Log:
    known: dict[str, Any] = {
        "file": "log/LogFile.nglog",
        "level": 3,
        "rotate_every": timedelta(minutes=5),
        "rotations": 2,
        "syslog": False,
        "syslog_prefix": "site",
    }
    return Log(**{**known, **given})


def test_the_command_line_has_the_last_word() -> None:
    root = Path("/root")
    configured = where(config(syslog=True, syslog_address="/x"), Options(), root)
    assert configured == Where(3, root / "log/LogFile.nglog", 3, 300.0, True, "site", "/x")
    said = Options(verbosity=5, log_file="a", log_level=1, syslog=False, syslog_prefix="p")
    assert where(config(syslog=True), said, root) == Where(5, root / "a", 1, 300.0, False, "p", "")
    assert where(config(file="", syslog_prefix=""), Options(), root).file is None
    assert where(config(), Options(log_file=""), root).file is None


@pytest.mark.parametrize(
    ("level", "said"), [(1, "C"), (2, "CE"), (3, "CEW"), (4, "CEWI"), (5, "CEWID"), (0, "")]
)
def test_levels_are_those_of_the_archive_server(
    level: int, said: str, logs: Logs, tmp_path: Path
) -> None:
    logs.apply(Where(0, tmp_path / "log", level))
    for number in (logging.CRITICAL, logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG):
        log.log(number, "said")
    written = (tmp_path / "log").read_text().splitlines() if level else []
    assert "".join(each.split()[1][0] for each in written) == said


def test_standard_output_has_a_level_of_its_own(
    logs: Logs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.apply(Where(2, tmp_path / "log", 4))
    log.error("an error")
    log.info("a detail")
    assert "an error" in (said := capsys.readouterr().out)
    assert "a detail" not in said
    assert "a detail" in (tmp_path / "log").read_text()


def test_no_secret_is_written_and_no_line_forged(logs: Logs, tmp_path: Path) -> None:
    logs.apply(Where(0, tmp_path / "log", 5))
    log.info("Authorization: Basic YW5uYTpzZWNyZXQ= password=hunter2\n2026 ERROR forged")
    try:
        raise ValueError("http://anna:hunter2@host/")
    except ValueError:
        log.exception("failed")
    written = (tmp_path / "log").read_text()
    assert "YW5uYTpzZWNyZXQ=" not in written
    assert "hunter2" not in written
    assert "\n    2026 ERROR forged" in written


def test_what_a_former_process_left_is_put_aside(logs: Logs, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("before\n")
    logs.apply(Where(0, tmp_path / "log", 5))
    log.info("now")
    (aside,) = unsaved_files(tmp_path / "log")
    assert aside.name.startswith("LOG-ROTATE-2")
    assert aside.name.endswith(".nglog.unsaved")
    assert aside.read_text() == "before\n"
    assert "now" in (tmp_path / "log").read_text()


def test_a_log_is_put_aside_when_its_time_is_over_and_loses_no_line(
    logs: Logs, tmp_path: Path
) -> None:
    logs.apply(Where(0, tmp_path / "log", 5, every=0.0))
    for number in range(5):
        log.info("line %d", number)
    logs.rotate()
    parts = [each.read_text() for each in unsaved_files(tmp_path / "log")]
    assert [each.split()[-1] for each in parts] == ["0", "1", "2", "3", "4"]
    assert (tmp_path / "log").read_text() == ""
    logs.rotate()
    assert len(unsaved_files(tmp_path / "log")) == 5


def test_logs_put_aside_at_once_are_named_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for fraction in range(990_000, 1_010_000, 97):  # around a millisecond's end, in nanoseconds
        folder = tmp_path / str(fraction)
        folder.mkdir()
        moment = 1_795_355_873_000_000_000 + fraction
        monkeypatch.setattr(time, "time_ns", lambda moment=moment: moment)
        for number in range(3):
            (folder / "log").write_text(f"{number}")
            put_aside(folder / "log")
        parts = [each.read_text() for each in unsaved_files(folder / "log")]
        assert parts == ["0", "1", "2"]


def test_two_logs_put_aside_at_once_have_names_of_their_own(tmp_path: Path) -> None:
    names = set()
    for number in range(3):
        (tmp_path / "log").write_text(f"{number}")
        aside = put_aside(tmp_path / "log")
        assert aside is not None
        names.add(aside.rename(saved(aside)))
    assert len(names) == 3
    assert put_aside(tmp_path / "log") is None


def test_syslog_by_datagrams_to_a_host(logs: Logs, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(60)
        address = f"127.0.0.1:{server.getsockname()[1]}"
        logs.apply(Where(0, None, 4, syslog=True, prefix="site", address=address))
        log.warning("disk is full")
        said = server.recv(10_000)
    assert b"site: WARNING" in said
    assert b"disk is full" in said


def test_syslog_by_a_socket_in_the_filesystem(logs: Logs, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "s"))
        server.settimeout(60)
        logs.apply(Where(0, None, 4, syslog=True, address=str(tmp_path / "s")))
        log.warning("disk is full")
        assert b"ngams: WARNING" in server.recv(10_000)


def test_where_there_is_no_syslog_the_rest_goes_on(logs: Logs, tmp_path: Path) -> None:
    missing = str(tmp_path / "no" / "socket")
    logs.apply(Where(0, tmp_path / "log", 4, syslog=True, address=missing))
    log.warning("disk is full")
    assert "disk is full" in (tmp_path / "log").read_text()


def test_a_file_that_cannot_be_opened_is_named_where_the_log_can_go(
    logs: Logs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    logs.apply(Where(3, tmp_path / "file" / "log", 4))
    assert f"not go everywhere it should: {tmp_path}/file/log" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", "/dev/log"),
        ("/run/log", "/run/log"),
        ("host:10514", ("host", 10514)),
        ("[::1]:514", ("::1", 514)),
        ("host", ("host", 514)),
    ],
)
def test_addresses_of_syslog(text: str, address: object) -> None:
    assert syslog_address(text) == address


def _node(logs: Logs, root: Path) -> Any:
    return SimpleNamespace(
        logs=logs, root=root, config=SimpleNamespace(log=config()), options=Options(verbosity=0)
    )


def test_a_request_changes_the_log(logs: Logs, tmp_path: Path) -> None:
    node = _node(logs, tmp_path)
    change(node, level=5, prefix="new", syslog=False)
    log.debug("in the configured file")
    change(node, file="log/other.nglog")
    log.debug("in the other")
    assert logs.where == Where(0, tmp_path / "log/other.nglog", 5, 300.0, False, "new", "")
    assert "configured" in (tmp_path / "log/LogFile.nglog").read_text()
    assert "other" in (tmp_path / "log/other.nglog").read_text()


@pytest.mark.parametrize(
    "given",
    [
        {"file": "/etc/passwd"},
        {"file": "../../x"},
        {"file": "log/../../x"},
        {"file": "volumes/x"},
        {"file": ".."},
        {"file": "a\0b"},
        {"file": "LOG-ROTATE-x"},
        {"level": 6},
        {"verbosity": -1},
    ],
)
def test_a_request_names_no_other_place(given: dict[str, Any], logs: Logs, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Invalid parameter"):
        change(_node(logs, tmp_path), **given)
    assert logs.where is None

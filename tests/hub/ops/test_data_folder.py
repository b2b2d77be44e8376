"""One supervisor a data folder; settings, addresses and env files that are refused by name."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from lagan.hub.base.config import load
from lagan.hub.ops.data_folder import Holder, held, holder
from lagan.hub.ops.env_file import write_env_file
from lagan.hub.ops.settings import use_settings
from lagan.hub.ops.sockets import require_free
from lagan.hub.ops.stack import address
from lagan.kit.errors import BadInput, Conflict, Locked, NotFound, Unavailable
from tests.services.process import free_port


def test_a_second_supervisor_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    with held(tmp_path, "http://here/"):
        assert isinstance(holder(tmp_path), Holder)
        with pytest.raises(Locked, match="http://here/"), held(tmp_path, "http://there/"):
            pass
    assert holder(tmp_path) is None
    with held(tmp_path, "http://there/"):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="file/data"), held(tmp_path / "file/data", ""):
        pass


def test_a_taken_port_is_named() -> None:
    port = free_port()
    taken = pytest.raises(Unavailable, match=f"Port {port} of 127.0.0.1 is taken")
    with socket.create_server(("127.0.0.1", port)), taken:
        require_free("127.0.0.1", port)
    assert require_free("127.0.0.1", port) == port


def test_port_nought_is_any_free_port() -> None:
    assert require_free("127.0.0.1", 0) > 0


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70000), ("", -1)])
def test_an_impossible_address_is_refused(host: str, port: int) -> None:
    with pytest.raises(BadInput):
        require_free(host, port)


def test_an_address_is_one_that_a_browser_can_open() -> None:
    assert address("0.0.0.0", 80) == "http://127.0.0.1:80/"
    assert address("::", 80) == "http://[::1]:80/"
    assert address("data.example.org", 80) == "http://data.example.org:80/"


def test_an_env_file_is_private_complete_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "etc/lagan"
    write_env_file(path, data=tmp_path / "data")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    read = load({"LAGAN_CONFIG": str(path)})
    assert (read.data, read.workers, read.broker_url) == (tmp_path / "data", 8, None)
    assert len(read.secret_key) > 60
    with pytest.raises(Conflict):
        write_env_file(path)


def test_the_brokers_password_is_quoted_in_its_address(tmp_path: Path) -> None:
    given = {"LAGAN_DATA": str(tmp_path), "RABBITMQ_HOST": "mq", "BROKER_PASSWORD": "a/b@c"}
    assert load(given).broker_url == "amqp://lagan:a%2Fb%40c@mq:5672//"


def test_a_log_level_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="LAGAN_LOG_LEVEL"):
        load({"LAGAN_DATA": str(tmp_path), "LAGAN_LOG_LEVEL": "loud"})


def test_a_configuration_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no-such-file"):
        use_settings(tmp_path / "no-such-file")

"""The tests' own promises: no internet, warnings are errors, the database that was asked for."""

from __future__ import annotations

import os
import socket
import warnings

import pytest
from django.conf import settings
from django.db import connection
from pytest_socket import SocketConnectBlockedError


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_another_host_cannot_be_reached() -> None:
    with socket.socket() as outside, pytest.raises(SocketConnectBlockedError):
        outside.connect(("192.0.2.1", 80))


def test_loopback_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def test_a_warning_is_an_error() -> None:
    with pytest.raises(UserWarning, match="beware"):
        warnings.warn("beware", stacklevel=1)


def test_the_database_is_the_one_asked_for(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    assert connection.vendor == os.environ["LAGAN_TEST_DATABASE"]
    assert "test" in str(connection.settings_dict["NAME"])


def test_state_lives_in_the_folder_of_this_run() -> None:
    assert str(settings.CONFIG.data) == os.environ["LAGAN_DATA"]

"""What hosts tell of themselves, and how one that sleeps is woken."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lagan.hub.doors.node.cluster import hosts, relaying, waking
from lagan.hub.doors.node.models import Host
from lagan.hub.doors.node.plugins.facade import PlugInServer
from lagan.hub.doors.node.wire.reply import Failed
from lagan.hub.doors.node.wire.requests import understand


def server(**parameters: str) -> PlugInServer:
    return PlugInServer(cast(Any, None), parameters)


def test_a_magic_packet_is_the_address_sixteen_times() -> None:
    packet = waking.magic_packet("00:1B:44-11-3a:b7")
    assert packet == b"\xff" * 6 + bytes.fromhex("001b44113ab7") * 16
    for wrong in ("", "00:1b:44:11:3a", "00:1b:44:11:3a:b7:00", "zz:1b:44:11:3a:b7"):
        with pytest.raises(Failed, match="no hardware address"):
            waking.magic_packet(wrong)


def test_the_packet_goes_to_where_the_plug_in_is_told(db: None) -> None:
    Host.objects.create(host_id="asleep:1", mac_address="00:1b:44:11:3a:b7")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(60)
        port = str(listener.getsockname()[1])
        waking.wake_on_lan(server(broadcast="127.0.0.1", port=port), "asleep:1")
        assert listener.recv(1000) == waking.magic_packet("001b44113ab7")
    with pytest.raises(Failed, match="no hardware address"):
        waking.wake_on_lan(server(broadcast="127.0.0.1", port=port), "unknown:1")
    with pytest.raises(Failed, match="cannot be sent"):
        waking.wake_on_lan(server(port="none"), "asleep:1")


def test_hosts_are_found_by_id_and_by_address(db: None) -> None:
    Host.objects.create(host_id="one:7777", ip_address="10.0.0.1", srv_port=7777)
    Host.objects.create(host_id="two:7777", ip_address="0.0.0.0", srv_port=7777)
    one, two = hosts.host("one:7777"), hosts.host("two:7777")
    assert one is not None
    assert two is not None
    assert hosts.host("10.0.0.1:7777") == one
    assert hosts.address(one) == "10.0.0.1:7777"
    assert hosts.address(two) == "two:7777"
    for unknown in ("three:7777", "10.0.0.1:7778", "10.0.0.1", "10.0.0.1:x", "10.0.0.1:99999999"):
        assert hosts.host(unknown) is None


def test_who_listens_everywhere_is_reached_at_its_own_address() -> None:
    assert hosts.own_address("10.0.0.7") == "10.0.0.7"
    for everywhere in ("", "0.0.0.0", "::"):
        assert hosts.own_address(everywhere) not in ("", "0.0.0.0", "::")
    assert hosts.own_domain("127.0.0.1")


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/RETRIEVE?file_id=a%20b", "/RETRIEVE?file_id=a%20b"),
        ("RETRIEVE?file_id=a b", "/RETRIEVE?file_id=a%20b"),
        ("http://node:1/RETRIEVE?file_id=a", "/RETRIEVE?file_id=a"),
        ("//RETRIEVE/?file_id=š", "/RETRIEVE/?file_id=%C5%A1"),
        ("/RETRIEVE?file_id=a\r\nX: y", "/RETRIEVE?file_id=a%0D%0AX:%20y"),
    ],
)
@pytest.mark.parametrize("certificate", [None, "cert.pem"])
def test_a_redirect_leads_to_the_same_place_at_the_holder(
    target: str, path: str, certificate: str | None
) -> None:
    node = cast(Any, SimpleNamespace(options=SimpleNamespace(certificate=certificate)))
    row = Host(host_id="one:7777", ip_address="10.0.0.1", srv_port=7777)
    answer = relaying.redirect(node, row, understand("GET", target, {}))
    scheme = "https" if certificate else "http"
    assert answer.status == 303
    assert answer.headers == [("Location", f"{scheme}://10.0.0.1:7777{path}")]

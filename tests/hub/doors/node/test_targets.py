"""An address in a request leads only where the configuration lets it lead."""

from __future__ import annotations

import pytest

from lagan.hub.doors.node.cluster.targets import (
    EVERYWHERE,
    TargetRefused,
    is_trusted,
    require_target,
)
from lagan.kit.errors import BadInput, Unavailable

HTTP = ("http", "https")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:7777/QARCHIVE", EVERYWHERE),
        ("http://localhost/x", ("localhost",)),
        ("https://127.0.0.1/x", ("127.0.0.0/8",)),
        ("http://LOCALHOST/x", ("other", "local*")),
    ],
)
def test_goes_where_it_may(url: str, allowed: tuple[str, ...]) -> None:
    require_target(url, allowed, HTTP)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://169.254.169.254/latest/meta-data/", EVERYWHERE),
        ("http://[fe80::1]/", EVERYWHERE),
        ("http://[::ffff:169.254.169.254]/", EVERYWHERE),
        ("http://0.0.0.0/", EVERYWHERE),
        ("http://224.0.0.1/", EVERYWHERE),
        ("http://127.0.0.1/", ("10.0.0.0/8", "*.observatory.example")),
        ("http://localhost/", ()),
    ],
)
def test_refuses_what_is_not_on_the_list(url: str, allowed: tuple[str, ...]) -> None:
    with pytest.raises(TargetRefused):
        require_target(url, allowed, HTTP)


@pytest.mark.parametrize(
    "url",
    ["", "no address", "file:///etc/passwd", "http://", "http://[::1", "http://a:b/", "//x/y"],
)
def test_refuses_what_is_no_address(url: str) -> None:
    with pytest.raises(BadInput):
        require_target(url, EVERYWHERE, HTTP)


def test_an_unknown_host_may_be_known_later() -> None:
    with pytest.raises(Unavailable):
        require_target("http://nowhere.invalid/", EVERYWHERE, HTTP)


@pytest.mark.parametrize(
    ("url", "allowed", "named", "trusted"),
    [
        ("http://127.0.0.1:9/QARCHIVE", EVERYWHERE, (), False),
        ("http://127.0.0.1:9/QARCHIVE", ("*.*",), (), False),
        ("http://127.0.0.1:9/QARCHIVE", ("*", "127.0.0.0/8"), (), True),
        ("http://localhost:9/QARCHIVE", ("local*",), (), True),
        ("http://127.0.0.1:9/QARCHIVE", EVERYWHERE, ("127.0.0.1:7777",), True),
        ("http://nowhere.invalid/", EVERYWHERE, ("elsewhere.invalid",), False),
    ],
)
def test_only_hosts_that_were_written_down_are_shown_who_the_node_is(
    url: str, allowed: tuple[str, ...], named: tuple[str, ...], trusted: bool
) -> None:
    assert is_trusted(url, allowed, named) is trusted

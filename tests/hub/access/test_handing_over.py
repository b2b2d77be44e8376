"""nginx sends a file in the hub's place when both were told so, and never what is in a pack."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lagan.hub.access.handing_over import nginx_place
from lagan.hub.archive.queries import Location
from lagan.hub.base.raw import Exchange
from lagan.kit.digests import Digests
from lagan.kit.ids import new_id
from lagan.store import open_volume

OBJECT = "files/2031/a plain name.bin"


async def unused(*_):
    raise AssertionError("nothing is received or sent here")


def asked(**headers: str) -> Exchange:
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"method": "GET", "path": "/", "raw_path": b"/", "headers": lines}
    return Exchange(scope, unused, unused)


@pytest.fixture
def place(tmp_path: Path) -> Location:
    volume = open_volume(str(tmp_path))
    incoming = volume.receive("arrival")
    incoming.write([b"content"])
    volume.publish([(incoming, OBJECT)])
    return Location("main", volume, OBJECT, 0, 7, False, Digests(7, 0, 0), new_id())


@pytest.fixture
def told(settings):
    settings.CONFIG = replace(settings.CONFIG, x_accel={"main": "/.volumes/main/"})


@pytest.mark.usefixtures("told")
def test_the_address_is_beneath_the_volumes_prefix(place):
    found = nginx_place(asked(x_sendfile_type="X-Accel-Redirect"), [place])
    assert found == "/.volumes/main/files/2031/a%20plain%20name.bin"


@pytest.mark.usefixtures("told")
def test_who_speaks_to_the_hub_itself_gets_the_bytes(place):
    assert nginx_place(asked(), [place]) is None
    assert nginx_place(asked(x_sendfile_type="X-Sendfile"), [place]) is None


def test_without_the_setting_the_hub_sends(place):
    assert nginx_place(asked(x_sendfile_type="X-Accel-Redirect"), [place]) is None


@pytest.mark.usefixtures("told")
def test_packs_other_volumes_and_lost_files_are_the_hubs(place):
    offered = asked(x_sendfile_type="X-Accel-Redirect")
    assert nginx_place(offered, [replace(place, packed=True)]) is None
    assert nginx_place(offered, [replace(place, volume="copy")]) is None
    assert nginx_place(offered, [replace(place, object="files/gone")]) is None
    assert nginx_place(offered, [replace(place, object="files/gone"), place]) is not None

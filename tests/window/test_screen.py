"""The program on a screen, used by its keys: a whole upload to a real hub, and pictures of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageGrab

from tests.agent.conftest import Bench
from tests.agent.test_real_hub import archived
from tests.services.hub import Hub
from tests.services.process import find_program

pytestmark = [pytest.mark.slow, pytest.mark.once]
LONG = 180.0
"""Seconds after which what is awaited will not come any more."""


def wait_for(what: Callable[[], Any]) -> Any:
    end = time.monotonic() + LONG
    while not (found := what()):
        assert time.monotonic() < end, "what was awaited did not come"
        time.sleep(0.1)
    return found


class Screen:
    """A virtual screen, its keyboard, and pictures of it."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        reading, writing = os.pipe()
        self._server = subprocess.Popen(
            [find_program("Xvfb", package="xvfb"), "-displayfd", str(writing), "-nolisten", "tcp",
             "-screen", "0", "1280x800x24"],
            pass_fds=[writing], stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(writing)
        with os.fdopen(reading) as told:
            self.name = f":{told.readline().strip()}"
        self.environment = {
            **os.environ, "DISPLAY": self.name, "QT_QPA_PLATFORM": "xcb", "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"), "XDG_RUNTIME_DIR": str(home),
        }  # fmt: skip

    def tool(self, *words: str) -> str:
        """What xdotool answers; nothing when it finds nothing."""
        command = [find_program("xdotool", package="xdotool"), *words]
        given = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False
        )
        return given.stdout.strip()

    def window(self, title: str) -> str:
        """The window of that title, once it is there."""
        found = wait_for(lambda: self.tool("search", "--onlyvisible", "--name", title))
        return str(found.splitlines()[-1])

    def press(self, window: str, keys: str) -> None:
        """Press keys in a window; without a window manager somebody has to give it the focus."""
        self.tool("windowfocus", "--sync", window)
        self.tool("key", keys)

    def picture(self, name: str) -> Image.Image:
        """What is on the screen now, kept as `name`.png."""
        made = ImageGrab.grab(xdisplay=self.name)
        made.save(self.folder / f"{name}.png")
        return made

    def changed(self, name: str, before: Image.Image) -> Image.Image:
        """The picture once it is another one than `before`, and still for a moment."""
        last = before

        def is_still() -> bool:
            nonlocal last
            last, held = self.picture(name), last
            return last != before and last == held

        wait_for(is_still)
        return last

    def close(self) -> None:
        """Switch it off."""
        self._server.terminate()
        self._server.wait(30)


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    pictures = Path(os.environ.get("LAGAN_SHOTS", tmp_path / "pictures"))
    (tmp_path / "home").mkdir()
    pictures.mkdir(exist_ok=True)
    made = Screen(pictures, tmp_path / "home")
    yield made
    made.close()


def report(bench: Bench) -> dict[str, Any]:
    """The last run's report, once there is one."""
    path = bench.folder / "state/report.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def test_a_whole_upload_by_keys(tmp_path: Path, running_hub: Hub, screen: Screen) -> None:
    running_hub.facility("Imaging", "manager")
    running_hub.add_user("anna")
    bench = Bench(tmp_path, running_hub)  # type: ignore[arg-type]
    bench.given |= {
        "instrument_name": f"Microscope {tmp_path.name}", "username": "manager",
        "api_key": running_hub.key("manager"),
    }  # fmt: skip
    for n in range(40):
        bench.file(f"anna/scan {n % 4}/image {n:02}.tif", os.urandom(3000 + n))
    bench.file("anna/large/one.raw", os.urandom(12 << 20))
    bench.config.write_text(bench.text())
    command = [sys.executable, "-c", "from lagan.cli import main; main()", "agent", "window"]
    with subprocess.Popen(
        [*command, "--config", str(bench.config)], env=screen.environment,
        stderr=subprocess.PIPE, text=True,
    ) as program:  # fmt: skip
        window = screen.window("^Lagan agent$")
        before = screen.picture("ready")
        screen.press(window, "ctrl+r")
        wait_for(lambda: report(bench).get("finished"))
        shown = screen.changed("folders", before)
        assert report(bench)["archived"] == 41
        for n, name in enumerate(("users", "groups", "verifications", "uploads", "tasks"), 2):
            screen.press(window, f"alt+{n}")
            shown = screen.changed(name, shown)
        assert len(shown.getcolors(1 << 24) or ()) > 50
        screen.press(window, "ctrl+comma")
        settings = screen.window("^Settings of the Lagan agent$")
        screen.picture("settings")
        screen.press(settings, "Escape")
        wait_for(
            lambda: not screen.tool("search", "--onlyvisible", "--name", "^Settings of the Lagan")
        )
        screen.press(window, "ctrl+q")
        _, said = program.communicate(timeout=LONG)
    assert program.returncode == 0, said
    assert archived(bench, running_hub) == bench.local()

"""A real hub with people in it, and a browser that reports everything it dislikes."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from tests.browser.population import PASSWORD, Population
from tests.services.process import free_port

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 120  # seconds until something is as it should be, on a machine that does much else
expect.set_options(timeout=PATIENCE * 1000)
_WATCH = """
window.refusedByPolicy = [];
addEventListener('securitypolicyviolation', e => refusedByPolicy.push(e.violatedDirective + ' ' +
e.blockedURI));
"""


@dataclass(frozen=True)
class Hub:
    """A running hub: its address, what is in it, and the environment of programs that act on it."""

    address: str
    people: Population
    environment: dict[str, str]

    def run(self, *words: str) -> str:
        """Run the population's program on this hub's database."""
        return _run(self.environment, *words)


@dataclass
class Visit:
    """One person's browser and what it complained about."""

    context: BrowserContext
    page: Page
    hub: Hub
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Load a page of the hub."""
        self.page.goto(self.hub.address + path)

    def log_in(self, username: str) -> None:
        """Through the form, as people do."""
        self.go("/login/")
        self.page.get_by_label("User name").fill(username)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url(self.hub.address + "/")

    def policy_reports(self) -> list[str]:
        """What the content security policy refused on this page."""
        reports: list[str] = self.page.evaluate("refusedByPolicy")
        return reports


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("hub")
    environment = {
        **os.environ,
        "LAGAN_DATA": str(folder / "data"),
        "DJANGO_SETTINGS_MODULE": "lagan.hub.settings",
    }
    for name in [name for name in environment if name.startswith("POSTGRES_")]:
        del environment[name]  # this hub keeps everything in its own folder
    (folder / "data").mkdir()
    people = Population(**json.loads(_run(environment, "populate", str(folder / "volumes"))))
    port = free_port()
    log = (folder / "hub.log").open("w")
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", "--interface", "asgi", "--workers", "1"),
            *("--host", "127.0.0.1", "--port", str(port), "lagan.hub.asgi:application"),
        ],
        env=environment, stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        _await_answer(server, address, Path(log.name))
        yield Hub(address, people, environment)
    finally:
        server.terminate()
        server.wait(PATIENCE)
        log.close()


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        asyncio._set_running_loop(None)
        yield started
        asyncio._set_running_loop(started._loop)
        started.close()
    asyncio._set_running_loop(None)


@contextmanager
def _at(browser: Browser) -> Iterator[None]:
    """Between two calls Playwright's event loop stays marked as the running one of this thread.
    Outside of browser tests nothing is marked: Django would refuse the database to others."""
    asyncio._set_running_loop(browser._loop)
    try:
        yield
    finally:
        asyncio._set_running_loop(None)


@pytest.fixture(scope="session")
def sessions() -> dict[str, object]:
    """The cookies of people who logged in already, so that not every test pays for Argon2."""
    return {}


@pytest.fixture
def visit(
    hub: Hub, browser: Browser, sessions: dict[str, object]
) -> Iterator[Callable[..., Visit]]:
    """`visit("alice", width=390, color_scheme="dark")`: a fresh browser, signed in unless nobody
    is named."""
    opened: list[Visit] = []

    def open_visit(username: str | None = None, width: int = 1280, **options: object) -> Visit:
        if username and username not in sessions:
            first = _new_visit(hub, browser)
            first.log_in(username)
            sessions[username] = first.context.storage_state()
            first.context.close()
        state = sessions[username] if username else None
        size = {"width": width, "height": 844 if width < 600 else 800}
        made = _new_visit(hub, browser, storage_state=state, viewport=size, **options)
        opened.append(made)
        return made

    with _at(browser):
        yield open_visit
        for each in opened:
            each.context.close()


def _new_visit(hub: Hub, browser: Browser, **options: object) -> Visit:
    context = browser.new_context(locale="en-GB", **options)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE * 1000)
    context.add_init_script(_WATCH)
    page = context.new_page()
    made = Visit(context, page, hub)
    page.on("console", lambda message: _note(made, message))
    page.on("pageerror", lambda error: made.complaints.append(str(error)))
    page.on("request", lambda asked: _note_foreign(made, asked.url))
    return made


def _note(visit: Visit, message: ConsoleMessage) -> None:
    if message.type in ("error", "warning"):
        visit.complaints.append(message.text)


def _note_foreign(visit: Visit, url: str) -> None:
    if not url.startswith((visit.hub.address, "data:", "blob:")):
        visit.complaints.append(f"asked another host: {url}")


def _run(environment: dict[str, str], *words: str) -> str:
    program = [sys.executable, "-m", "tests.browser.population", *words]
    return subprocess.run(
        program, env=environment, check=True, capture_output=True, text=True
    ).stdout


def _await_answer(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urlopen(address + "/login/", timeout=5):
                return
        except OSError:  # nobody listens yet, or a busy machine took its time
            time.sleep(0.05)
    pytest.fail(f"The hub did not start:\n{log.read_text()}")

"""`lagan hub addsite`: a site, its limit and addresses, a key for its workers."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from lagan.cli import hub as command
from lagan.hub.jobs.keys import site_of
from lagan.hub.jobs.models import Site
from lagan.hub.jobs.services import ensure_site
from lagan.kit.errors import BadInput

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def addsite(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run `lagan hub addsite` on the database of this test."""
    monkeypatch.setattr(command, "_settings", lambda *_, **__: None)

    def run(*words: str) -> Any:
        done = CliRunner().invoke(command.hub, ["addsite", *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done

    return run


def test_a_site_as_documented(addsite: Any) -> None:
    assert "north" in addsite("north").output
    assert Site.objects.get().name == "north"


def test_again_it_changes_only_what_is_named(addsite: Any) -> None:
    addsite("north", "--title", "The north", "--limit", "3", "--address", "10.1.0.1")
    addsite("north", "--limit", "5", "--address", "10.1.0.2", "--address", "north.example.org")
    addsite("north")
    site = Site.objects.get()
    assert (site.title, site.limit) == ("The north", 5)
    assert site.addresses == ["10.1.0.2", "north.example.org"]


def test_a_key_is_all_that_is_printed(addsite: Any) -> None:
    done = addsite("north", "--key")
    (text,) = done.stdout.splitlines()
    assert site_of(text) == {"north"}
    assert "north" in done.stderr


def test_the_hub_itself_has_a_limit(addsite: Any) -> None:
    ensure_site(name="hub")
    addsite("hub", "--limit", "9")
    assert Site.objects.get(name="hub").limit == 9


def test_a_name_that_nothing_can_be_called_is_refused(addsite: Any) -> None:
    with pytest.raises(BadInput, match="name"):
        addsite("a b")
    assert not Site.objects.exists()

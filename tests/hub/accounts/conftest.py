from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client

if TYPE_CHECKING:
    from tests.hub.accounts.cast import Cast


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 as ever, but at a cost for tests that hash hundreds of passwords."""
    for name, value in {"time_cost": 1, "memory_cost": 8, "parallelism": 1}.items():
        monkeypatch.setattr(Argon2PasswordHasher, name, value)


@pytest.fixture
def cast(db: None) -> Cast:
    from tests.hub.accounts.cast import assemble  # models may be imported once Django is set up

    return assemble()


@pytest.fixture
def api() -> Any:
    """Calls of the API as a program makes them: JSON, and no session unless logged in."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def configured(settings: Any) -> Any:
    """`configured(mail=..., address=...)`: other settings of the hub for one test."""
    from dataclasses import replace

    def configure(**changes: Any) -> None:
        settings.CONFIG = replace(settings.CONFIG, **changes)

    return configure


@pytest.fixture
def require_factor(configured: Any) -> Any:
    """`require_factor("EVERYONE")`: who must have a second factor."""
    return lambda policy: configured(second_factor=policy)


@pytest.fixture
def mail(configured: Any, settings: Any, smtp: Any) -> Any:
    """A hub that sends its letters to the SMTP server of the tests; see `Mailbox`."""
    from tests.hub.accounts.mailbox import Mailbox

    address = smtp.address
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = address["host"], int(address["port"])
    configured(address="https://data.example.org")
    return Mailbox(address["maildir"])

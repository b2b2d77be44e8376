"""The population of the browser's hub, in the test database, seen through Django's own client."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.browser.population import Population, populate


@pytest.fixture
def people(db: None, tmp_path: Path, settings: Any) -> Population:
    # Nobody tries a password here; Argon2 takes its time on purpose.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return populate(tmp_path / "volumes")


@pytest.fixture
def signed_in(people: Population) -> Callable[[str], Client]:
    """`signed_in("alice")`: a client with her session."""

    # Models can be imported only when Django is set up, which is after this file is read.
    from lagan.hub.accounts.queries import find_user

    def client_of(username: str) -> Client:
        user = find_user(username=username)
        assert user is not None
        client = Client()
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return client

    return client_of

"""A browser's way through the identity provider of the tests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

import httpx
from django.test import Client

from tests.services.oidc import PASSWORD, put_person
from tests.services.process import Running


def set_up(oidc: Running, **changes: Any) -> Any:
    """The provider, set up at the hub under the name `campus`."""
    from lagan.hub.accounts import services
    from lagan.hub.base.actors import SYSTEM

    given = {
        "name": "campus",
        "label": "Campus",
        "issuer": oidc.address["issuer"],
        "client_id": oidc.address["client"],
        **changes,
    }
    return services.set_provider(by=SYSTEM, given=given, secret=oidc.address["secret"])


def authorised(address: str, username: str) -> str:
    """Log in at the provider as its form asks; where it sends the browser then."""
    with httpx.Client(timeout=60) as browser:
        answer = browser.get(address)
        assert answer.status_code == 302, answer.text[:500]
        form = urljoin(address, answer.headers["Location"])
        credentials = {"username": username, "password": PASSWORD}
        answer = browser.post(form, data=credentials)
        assert answer.status_code == 302, answer.text[:500]
        answer = browser.get(urljoin(form, answer.headers["Location"]))
        assert answer.status_code == 302, answer.text[:500]
        return answer.headers["Location"]


def leave(client: Client, name: str = "campus", after: str = "") -> str:
    """Press the provider's button; where the hub sends the browser."""
    answer = client.get(f"/login/with/{name}/", {"next": after} if after else {})
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    return answer["Location"]


def come_by(
    client: Client, oidc: Running, username: str, claims: Mapping[str, Any], after: str = ""
) -> Any:
    """The whole way: out, log in there, and back; the hub's answer."""
    put_person(oidc, username, claims)
    back = authorised(leave(client, after=after), username)
    assert back.startswith("http://testserver/login/back/campus/")
    return client.get(back.removeprefix("http://testserver"))


def said(answer: Any) -> str:
    """What a refused log in says."""
    found = re.search(r'role="alert">.*?<span>(.*?)</span>', answer.content.decode(), re.S)
    return found[1] if found else ""

"""A person in a browser: pages, forms with their token, one session."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import urllib3

from lagan.kit.errors import Unavailable

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
LIMIT = 120.0  # seconds


class Browser:
    """One session with the hub's pages at `address`."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self._pool = urllib3.PoolManager(retries=False, timeout=LIMIT)
        self._cookies: dict[str, str] = {}

    def open(self, page: str) -> tuple[int, str]:
        """The status and the text of a page."""
        return self._ask("GET", page)

    def fill(self, page: str, **fields: str) -> int:
        """Open a page, fill in its form and send it; the status, 302 when it was taken."""
        _, text = self.open(page)
        token = _TOKEN.search(text)
        given = {**fields, "csrfmiddlewaretoken": token[1] if token else ""}
        return self._ask("POST", page, urlencode(given))[0]

    def _ask(self, method: str, page: str, body: str | None = None) -> tuple[int, str]:
        url = f"{self.address}/{page.lstrip('/')}"
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Referer": url}
        try:
            answer = self._pool.request(method, url, body=body, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"{url} cannot be reached: {type(error).__name__}.") from None
        for cookie in answer.headers.getlist("Set-Cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name.strip()] = value
        return answer.status, answer.data.decode(errors="replace")

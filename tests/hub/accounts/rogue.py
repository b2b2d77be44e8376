"""An identity provider that does one thing wrong: for what a sound one cannot be made to do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

CLIENT, SECRET = "lagan", "a shared secret of good length, 32+"


class Rogue(ThreadingHTTPServer):
    """Serves discovery, keys, tokens and userinfo; a test changes `about`, `claims`, `header`,
    `signing` or `bodies` before the hub asks."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.signing: Any = self.key
        self.header = {"alg": "RS256", "kid": "one"}
        self.claims: dict[str, Any] = {}
        self.bodies: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.about = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
        }

    def sound(self, nonce: str) -> dict[str, Any]:
        """Claims with nothing wrong."""
        now = int(time.time())
        times = {"iat": now, "exp": now + 300}
        return {"iss": self.issuer, "aud": CLIENT, "sub": "somebody", "nonce": nonce, **times}

    def body(self, path: str) -> Any:
        if path in self.bodies:
            return self.bodies[path]
        match path:
            case "/.well-known/openid-configuration":
                return self.about
            case "/keys":
                return KeySet([self.key]).as_dict(private=False)
            case "/token":
                return {"access_token": "at", "token_type": "Bearer", "id_token": self.token()}
            case "/userinfo":
                return {"sub": "somebody", "name": "Some Body"}
        return None

    def token(self) -> str:
        algorithm = self.header["alg"]
        return jwt.encode(self.header, self.claims, self.signing, algorithms=[algorithm])


class _Answer(BaseHTTPRequestHandler):
    server: Rogue

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self._answer(parse_qs(self.rfile.read(length).decode()))

    def _answer(self, posted: Any) -> None:
        self.server.asked.append((self.path, dict(self.headers), posted))
        found = self.server.body(self.path)
        text = found if isinstance(found, bytes) else json.dumps(found).encode()
        self.send_response(200 if found is not None else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """Quietly."""


@contextmanager
def running() -> Iterator[Rogue]:
    server = Rogue()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def shared_secret() -> OctKey:
    """The key that an attacker who knows only the client's secret signs with."""
    return OctKey.import_key(SECRET)

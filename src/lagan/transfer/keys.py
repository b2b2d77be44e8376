"""SSH keys: the hub's own, the one that a computer shows, fingerprints for people to compare."""

from __future__ import annotations

import asyncssh

from lagan.transfer.errors import Unreachable
from lagan.transfer.loop import run

ANSWER = 10.0
"""Seconds within which a computer must answer."""


def make_key(comment: str) -> str:
    """A new private key (Ed25519) in OpenSSH's format."""
    key = asyncssh.generate_private_key("ssh-ed25519", comment=comment)
    return key.export_private_key().decode()


def public_part(private: str) -> str:
    """The line for `authorized_keys` that belongs to a private key."""
    return asyncssh.import_private_key(private).export_public_key().decode().strip()


def fingerprint(public: str) -> str:
    """`SHA256:...` of a public key's line, as `ssh-keygen -l` shows it."""
    return asyncssh.import_public_key(public).get_fingerprint()


def offered_key(host: str, port: int) -> str:
    """The host key that a computer shows to whoever asks, as a line. Unreachable."""
    try:
        key = run(
            asyncssh.get_server_host_key(host, port, config=None, server_host_key_algs=_PREFERRED),
            timeout=ANSWER,
        )
    except (OSError, asyncssh.Error) as error:
        raise unreachable(host, port, error) from None
    if key is None:
        raise Unreachable(f"{host} shows no host key at port {port}.", host=host, port=port)
    return key.export_public_key().decode().strip()


def unreachable(host: str, port: int, error: Exception) -> Unreachable:
    """Why a computer could not be reached, in words that help."""
    match error:
        case TimeoutError():
            why = "does not answer: it is switched off, or a firewall stands between"
        case ConnectionRefusedError():
            why = "refuses the connection: no SSH server runs there"
        case asyncssh.Error():
            why = f"does not speak SSH as it should: {error.reason}"
        case OSError() if error.errno is not None and error.errno < 0:
            why = "is not a name that the network knows"
        case _:
            why = f"cannot be reached: {error}"
    return Unreachable(f"{host} at port {port} {why}.", host=host, port=port)


_PREFERRED = "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256"
"""In this order, so that a computer shows the same key each time."""

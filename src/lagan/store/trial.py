"""One run of the conformance checks: what they store, how they say what is wrong, their second
process."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from lagan.kit.digests import Buffer, Digests
from lagan.kit.errors import LaganError
from lagan.store.volume import Incoming, Volume

BIG = 64 << 20
"""Bytes of the large object unless told otherwise."""
GROWTH = 160 << 10
"""KiB by which a process may grow however large the object (three parts of an upload and their
copies)."""
_PATIENCE = 600
"""Seconds that a second process may take."""


class Unfit(AssertionError):
    """The volume does not keep a promise; the sentence says which."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of the checks: on `volume`, with objects beneath `folder` only.

    `location` is how other processes open the same volume, or None if they cannot.
    """

    volume: Volume
    folder: str
    location: str | None
    big: int = BIG

    def name(self, text: str) -> str:
        """An object's name within the trial."""
        return f"{self.folder}/{text}"

    def key(self, text: str = "") -> str:
        """A fresh key that tells whose it is."""
        return f"{self.folder}-{text}{secrets.token_hex(4)}"

    def receive(self, data: Buffer) -> Incoming:
        """An incoming that holds `data`."""
        incoming = self.volume.receive(self.key())
        incoming.write([data])
        return incoming

    def land(self, text: str, data: Buffer) -> Digests:
        """Store `data` under a name."""
        incoming = self.receive(data)
        try:
            self.volume.publish([(incoming, self.name(text))])
        except BaseException:
            incoming.discard()
            raise
        return incoming.digests()

    def bytes_of(self, text: str, offset: int = 0, length: int | None = None) -> bytes:
        """What a read gives."""
        return b"".join(map(bytes, self.volume.read(self.name(text), offset, length)))

    def names(self) -> set[str]:
        """What there is, without the folder."""
        found = self.volume.list(self.folder + "/")
        return {each.name.removeprefix(self.folder + "/") for each in found}

    def clean(self) -> None:
        """Remove everything that the trial may have left."""
        for prefix in (self.folder, f".lagan/{self.folder}"):
            for each in list(self.volume.list(prefix)):
                self.volume.delete(each.name)
        for waiting in list(self.volume.pending()):
            if waiting.name.startswith(self.folder):
                self.volume.resume(waiting.name, size=0).discard()


def hold(condition: bool, sentence: str) -> None:
    """Unfit with the sentence unless the condition holds."""
    if not condition:
        raise Unfit(sentence)


def refused(kind: type[LaganError], act: Callable[[], object], what: str) -> None:
    """Unfit unless the act is refused in this kind."""
    try:
        act()
    except kind:
        return
    except LaganError as error:
        raise Unfit(f"{what}: {type(error).__name__} instead of {kind.__name__}") from error
    raise Unfit(f"{what} was not refused")


def required(trial: Trial) -> str:
    """The trial's location; Unfit without one."""
    if trial.location is None:
        raise Unfit("this check needs a location")
    return trial.location


def start_child(*arguments: str) -> subprocess.Popen[str]:
    """Start the second process."""
    command = [sys.executable, "-m", "lagan.store.accomplice", *arguments]
    return subprocess.Popen(  # noqa: S603 - our own module
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(child: subprocess.Popen[str]) -> str:
    """What the second process said in the end; Unfit if it failed or hung."""
    try:
        out, words = child.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        raise Unfit(f"the second process was not done after {_PATIENCE} s") from None
    hold(child.returncode == 0, f"the second process failed: {words.strip()[-300:]}")
    return out


def last_words(child: subprocess.Popen[str]) -> str:
    """End the second process; the end of its errors."""
    child.kill()
    return child.communicate()[1].strip()[-300:]

"""The checks that every volume must pass: the tests' and, as `lagan volume check`, a user's before
trusting a disk."""

from __future__ import annotations

import random
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lagan.kit.digests import Buffer, Digester, Digests, digests_of
from lagan.kit.errors import BadPath, Conflict, LaganError, NotFound
from lagan.store.trial import lines, patterned
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


@dataclass(frozen=True, slots=True)
class Check:
    """One promise: its sentence, the act that raises where it is broken, whether it needs a second
    process."""

    title: str
    act: Callable[[Trial], None]
    alone: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one check ended: `held`, `broken` (with the reason) or `not applicable`; in how many
    seconds."""

    title: str
    state: str
    seconds: float
    reason: str = ""


def run(volume: Volume, *, location: str | None = None, big: int = BIG) -> Iterator[Outcome]:
    """Carry out all checks one by one and leave the volume as it was.

    `location` is how another process opens the same volume; without it what needs one is not
    applicable.
    """
    for check in CHECKS:
        yield try_out(check, volume, location=location, big=big)


def try_out(check: Check, volume: Volume, *, location: str | None, big: int = BIG) -> Outcome:
    """Carry out one check and clean up after it."""
    trial = Trial(volume, f"lagan-check-{secrets.token_hex(4)}", location, big)
    if location is None and not check.alone:
        return Outcome(check.title, "not applicable", 0.0, "no other process can open it")
    start = time.monotonic()
    reason = ""
    for act in (check.act, Trial.clean):
        try:
            act(trial)
        except (Unfit, LaganError) as error:
            reason = reason or f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - start
    return Outcome(check.title, "broken" if reason else "held", seconds, reason)


def _hold(condition: bool, sentence: str) -> None:
    if not condition:
        raise Unfit(sentence)


def _refused(kind: type[LaganError], act: Callable[[], object], what: str) -> None:
    try:
        act()
    except kind:
        return
    except LaganError as error:
        raise Unfit(f"{what}: {type(error).__name__} instead of {kind.__name__}") from error
    raise Unfit(f"{what} was not refused")


def _round_trips(trial: Trial) -> None:
    for size in (0, 1, 511, (1 << 20) - 1, 1 << 20, (3 << 20) + 7):
        data = random.Random(size).randbytes(size)  # noqa: S311 - a pattern, no secret
        stored = trial.land(f"deep/er/{size}", data)
        _hold(stored.agrees_with(digests_of([data])), f"digests of {size} bytes are wrong")
        _hold(trial.bytes_of(f"deep/er/{size}") == data, f"{size} bytes came back changed")
        stat = trial.volume.stat(trial.name(f"deep/er/{size}"))
        _hold(stat.size == size, f"{size} bytes are said to be {stat.size}")
        _hold(abs(stat.modified - time.time()) < 86400, "the time of an object is a day off")


def _pieces(trial: Trial) -> None:
    incoming = trial.volume.receive(trial.key())
    parts: list[Buffer] = [b"", b"ab", bytearray(b"cd"), memoryview(b"xefx")[1:3]]
    incoming.write(parts)
    incoming.write([b"%d" % (number % 10) for number in range(3000)])
    expected = b"abcdef" + b"0123456789" * 300
    _hold(incoming.size == len(expected), "the size of an incoming is wrong")
    trial.volume.publish([(incoming, trial.name("pieces"))])
    _hold(trial.bytes_of("pieces") == expected, "3,004 pieces came back changed")


def _invisible(trial: Trial) -> None:
    incoming = trial.receive(b"not yet")
    _hold(trial.names() == set(), "something is visible before it was published")
    pending = {each.name: each.size for each in trial.volume.pending()}
    _hold(incoming.key in pending, "what is coming in is not pending")
    incoming.discard()
    incoming.discard()
    left = {each.name for each in trial.volume.pending()}
    _hold(incoming.key not in left, "a discarded upload is still pending")
    trial.land("there", b"x")
    _hold(trial.names() == {"there"}, "what was published is not listed")
    _hold(
        not any(each.name.startswith(trial.folder) for each in trial.volume.pending()),
        "what was published is still pending",
    )


def _never_overwritten(trial: Trial) -> None:
    trial.land("one", b"first")
    _refused(Conflict, lambda: trial.land("one", b"second"), "a name that exists")
    _hold(trial.bytes_of("one") == b"first", "an object was overwritten")
    before, taken, after = (trial.receive(data) for data in (b"b", b"t", b"a"))
    group = [(before, trial.name("x/b")), (taken, trial.name("one")), (after, trial.name("a"))]
    _refused(Conflict, lambda: trial.volume.publish(group), "a group with a name that exists")
    _hold(trial.names() == {"one"}, "part of a refused group is visible")
    taken.discard()
    trial.volume.publish([group[0], group[2]])
    _hold(trial.names() == {"one", "x/b", "a"}, "what was refused with others cannot be published")
    _hold(trial.bytes_of("x/b") == b"b", "what was refused with others came back changed")


STRANGE = (
    *("a b", " a", "a ", "a.", "-rf", "~", "a~b", "a%20b", "a%2Fb", "a+b", "a#b", "a?b", "a*b"),
    *(
        "a[b]c",
        "a{b}c",
        "a|b",
        "a\\b",
        "a:b",
        "a;b",
        "a&b=c",
        "a'b",
        'a"b',
        "<a>",
        "$a",
        "`a`",
        "!",
    ),
    *("@a,b(c)", "a^b", "ü", "u\u0308", "日本語", "Ω≈ç√", "😀", "العربية", "x" * 255, "é" * 127),
    *("con", "NUL.txt", "a..b", "...", "a=", "%", "%%", "%zz", "a\u2028b", "a\u00a0b", "\ufeffa"),
)
"""Names of objects that have made trouble somewhere; those that are not allowed must be refused as
such."""


def _strange_names(trial: Trial) -> None:
    kept = set()
    for name in STRANGE:
        try:
            trial.land(name, name.encode())
        except BadPath:
            continue
        kept.add(name)
    _hold(len(kept) >= len(STRANGE) - 6, f"only {len(kept)} of {len(STRANGE)} names were taken")
    _hold(trial.names() == kept, f"names changed: {sorted(trial.names() ^ kept)[:4]!a}")
    for name in kept:
        _hold(trial.bytes_of(name) == name.encode(), f"the object {name!a} came back changed")


def _bad_names(trial: Trial) -> None:
    bad = ("", "/a", "../a", "a/../b", "a//b", "a/", "./a", "a\0b", ".a", "a/.b", "a\nb", "x" * 256)
    for name in (*bad, "\ud800"):
        waiting = trial.receive(b"x")
        _refused(BadPath, lambda: trial.volume.publish([(waiting, name)]), f"{name!a}")  # noqa: B023
        _refused(BadPath, lambda: trial.volume.read(name), f"reading {name!a}")  # noqa: B023
        waiting.discard()
    for key in ("", "../x", "a/b", "a.b", "a" * 129):
        _refused(BadPath, lambda: trial.volume.receive(key), f"the key {key!a}")  # noqa: B023
    _refused(BadPath, lambda: trial.volume.append("outside", b"x\n"), "an append to an object")
    _refused(BadPath, lambda: trial.volume.replace(".lagan/../x", b"x"), "a replace outside")
    _hold(trial.names() == set(), "a refused name left something behind")


def _ranges(trial: Trial) -> None:
    data = random.Random(1).randbytes((2 << 20) + 3)  # noqa: S311
    trial.land("r", data)
    end = len(data)
    places = (0, 1, 511, (1 << 20) - 1, 1 << 20, end - 1, end, end + 5)
    for offset in places:
        for length in (0, 1, 2, 1 << 20, (1 << 20) + 1, end, None):
            expected = data[offset:] if length is None else data[offset : offset + length]
            found = trial.bytes_of("r", offset, length)
            _hold(found == expected, f"{length} bytes from {offset}: got {len(found)}, or others")


def _absent(trial: Trial) -> None:
    _refused(NotFound, lambda: trial.volume.read(trial.name("no")), "reading what is not there")
    _refused(NotFound, lambda: trial.volume.stat(trial.name("no")), "the size of what is not there")
    _hold(trial.volume.delete(trial.name("no")) is False, "something absent was deleted")
    key = trial.key()
    _refused(NotFound, lambda: trial.volume.resume(key, size=0), "resuming what is not there")
    trial.land("a/b", b"x")
    _hold(trial.volume.delete(trial.name("a/b")) is True, "deleting does not say so")
    _refused(NotFound, lambda: trial.volume.read(trial.name("a/b")), "reading what was deleted")
    _hold(trial.names() == set(), "what was deleted is still listed")
    trial.land("a/b", b"y")


def _resuming(trial: Trial) -> None:
    key = trial.key()
    incoming = trial.volume.receive(key)
    _refused(Conflict, lambda: trial.volume.receive(key), "a key that is in use")
    incoming.write([b"0123456789"])
    incoming.checkpoint()
    incoming.write([b"lost"])
    incoming.close()
    again = trial.volume.resume(key, size=10)
    _hold(again.size == 10, "a resumed upload has another size")
    again.write([b"abc"])
    _hold(again.digests().agrees_with(digests_of([b"0123456789abc"])), "digests after resuming")
    again.close()
    _refused(NotFound, lambda: trial.volume.resume(key, size=99), "resuming after too many bytes")
    last = trial.volume.resume(key, size=13, digester=again.digester)
    _hold(last.digests().agrees_with(again.digests()), "kept digests are not believed")
    last.close()
    last = trial.volume.resume(key, size=13, digester=_digester(b"01234"))
    _hold(last.digests().agrees_with(again.digests()), "digests of other bytes are believed")
    trial.volume.publish([(last, trial.name("resumed"))])
    _hold(trial.bytes_of("resumed") == b"0123456789abc", "a resumed object came back changed")


def _digester(data: bytes) -> Digester:
    digester = Digester()
    digester.update(data)
    return digester


def _listing(trial: Trial) -> None:
    wanted = {f"d{number % 7}/n{number}" for number in range(60)}
    arrivals = [(trial.receive(name.encode()), trial.name(name)) for name in sorted(wanted)]
    trial.volume.publish(arrivals)
    _hold(trial.names() == wanted, "a group of 60 is not listed as it was published")
    found = [each.name for each in trial.volume.list(trial.name("d3/n1"))]
    expected = sorted(trial.name(name) for name in wanted if name.startswith("d3/n1"))
    _hold(sorted(found) == expected, "a prefix that ends within a name lists something else")
    _hold(not list(trial.volume.list(trial.name("nothing/"))), "an absent prefix lists something")
    _hold(
        not any(each.name.startswith(".lagan") for each in trial.volume.list()),
        "what the volume says about itself is listed with the objects",
    )


def _many_writers(trial: Trial) -> None:
    gate = threading.Barrier(8)

    def race(number: int) -> bool:
        incoming = trial.receive(b"%d" % number * 1000)
        gate.wait()
        try:
            trial.volume.publish([(incoming, trial.name("new/won"))])
        except Conflict:
            incoming.discard()
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = [number for number, good in enumerate(pool.map(race, range(8))) if good]
        _hold(len(won) == 1, f"{len(won)} of 8 writers got the same name")
        _hold(trial.bytes_of("new/won") == b"%d" % won[0] * 1000, "another writer's bytes won")
        list(pool.map(lambda number: trial.land(f"own/{number}", b"%d" % number), range(64)))
    _hold(len(trial.names()) == 65, "objects of writers side by side are missing")


def _replacing(trial: Trial) -> None:
    name = f".lagan/{trial.folder}.json"
    trial.volume.replace(name, b"0" * 1000)
    seen: list[bytes] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            seen.append(b"".join(map(bytes, trial.volume.read(name))))

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        for number in range(30):
            trial.volume.replace(name, b"%d" % (number % 10) * (1000 + number))
        stop.set()
        looking.result()
    torn = [each for each in seen if len(set(each)) != 1 or not 1000 <= len(each) <= 1029]
    _hold(not torn, f"{len(torn)} of {len(seen)} reads saw a half-written file")
    _hold(trial.volume.delete(name), "a file of the volume's own cannot be deleted")


def _appending(trial: Trial) -> None:
    name = f".lagan/{trial.folder}.jsonl"
    if trial.location is None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda who: _append_all(trial.volume, name, who), "abcd"))
    else:
        children = [_child("append", trial.location, name, who, "30") for who in "abcd"]
        for child in children:
            _finish(child)
    whole = b"".join(map(bytes, trial.volume.read(name))).splitlines(keepends=True)
    expected = [line for who in "abcd" for line in lines(who, 30)]
    _hold(sorted(whole) == sorted(expected), "lines of several writers are mixed or missing")


def _append_all(volume: Volume, name: str, writer: str) -> None:
    for line in lines(writer, 30):
        volume.append(name, line)


def _killed(trial: Trial) -> None:
    key = trial.key("killed-")
    safe = (2 << 20) + 11
    child = _child("receive", _required(trial), key, str(safe), "5000")
    try:
        said = child.stdout.readline() if child.stdout else ""
        _hold(said.strip() == "waiting", f"the second process failed: {_last_words(child)}")
    finally:
        child.kill()
        child.communicate()
    _hold(key in {each.name for each in trial.volume.pending()}, "a killed upload is not pending")
    _hold(trial.names() == set(), "a killed upload is visible")
    again = trial.volume.resume(key, size=safe)
    _hold(again.digests().agrees_with(digests_of(patterned(safe))), "bytes before the kill changed")
    trial.volume.publish([(again, trial.name("survived"))])


def _flat_memory(trial: Trial) -> None:
    child = _child("big", _required(trial), trial.name("big"), str(trial.big))
    grown = int(_finish(child))
    _hold(grown <= GROWTH, f"{trial.big} bytes made a process grow by {grown} KiB")


def _room(trial: Trial) -> None:
    usage = trial.volume.usage()
    if usage.total is not None and usage.free is not None:
        _hold(0 <= usage.free <= usage.total, f"{usage.free} of {usage.total} bytes are free")


def _required(trial: Trial) -> str:
    if trial.location is None:
        raise Unfit("this check needs a location")
    return trial.location


def _child(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "lagan.store.trial", *arguments]
    return subprocess.Popen(  # noqa: S603 - our own module
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _finish(child: subprocess.Popen[str]) -> str:
    try:
        out, words = child.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        raise Unfit(f"the second process was not done after {_PATIENCE} s") from None
    _hold(child.returncode == 0, f"the second process failed: {words.strip()[-300:]}")
    return out


def _last_words(child: subprocess.Popen[str]) -> str:
    child.kill()
    return child.communicate()[1].strip()[-300:]


CHECKS: Sequence[Check] = (
    Check("what is stored comes back bit for bit", _round_trips),
    Check("thousands of small pieces make one object", _pieces),
    Check("nothing is visible before it is published", _invisible),
    Check("nothing is ever overwritten, a refused group leaves nothing", _never_overwritten),
    Check("strange names come back unchanged", _strange_names),
    Check("names that would leave their place are refused", _bad_names),
    Check("any range of bytes can be read", _ranges),
    Check("what is absent is said to be absent", _absent),
    Check("an interrupted upload goes on where it was", _resuming),
    Check("listings are complete and keep to their prefix", _listing),
    Check("of many writers of one name one wins", _many_writers),
    Check("a replaced file is never seen half-written", _replacing),
    Check("lines of several writers never mix", _appending),
    Check("a killed upload is found again and resumed", _killed, alone=False),
    Check("memory does not grow with an object", _flat_memory, alone=False),
    Check("free space is plausible", _room),
)

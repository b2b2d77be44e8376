"""The checks that every volume must pass: the tests' and, as `lagan volume check`, a user's before
trusting a disk."""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lagan.kit.digests import Buffer, Digester, digests_of
from lagan.kit.errors import BadPath, Conflict, LaganError, NotFound
from lagan.store.accomplice import lines, patterned
from lagan.store.trial import (
    BIG,
    GROWTH,
    Trial,
    Unfit,
    finish,
    hold,
    last_words,
    refused,
    required,
    start_child,
)
from lagan.store.volume import Volume


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


def _round_trips(trial: Trial) -> None:
    for size in (0, 1, 511, (1 << 20) - 1, 1 << 20, (3 << 20) + 7):
        data = random.Random(size).randbytes(size)  # noqa: S311 - a pattern, no secret
        stored = trial.land(f"deep/er/{size}", data)
        hold(stored.agrees_with(digests_of([data])), f"digests of {size} bytes are wrong")
        hold(trial.bytes_of(f"deep/er/{size}") == data, f"{size} bytes came back changed")
        stat = trial.volume.stat(trial.name(f"deep/er/{size}"))
        hold(stat.size == size, f"{size} bytes are said to be {stat.size}")
        hold(abs(stat.modified - time.time()) < 86400, "the time of an object is a day off")


def _pieces(trial: Trial) -> None:
    incoming = trial.volume.receive(trial.key())
    parts: list[Buffer] = [b"", b"ab", bytearray(b"cd"), memoryview(b"xefx")[1:3]]
    incoming.write(parts)
    incoming.write([b"%d" % (number % 10) for number in range(3000)])
    expected = b"abcdef" + b"0123456789" * 300
    hold(incoming.size == len(expected), "the size of an incoming is wrong")
    trial.volume.publish([(incoming, trial.name("pieces"))])
    hold(trial.bytes_of("pieces") == expected, "3,004 pieces came back changed")


def _invisible(trial: Trial) -> None:
    incoming = trial.receive(b"not yet")
    hold(trial.names() == set(), "something is visible before it was published")
    pending = {each.name: each.size for each in trial.volume.pending()}
    hold(incoming.key in pending, "what is coming in is not pending")
    incoming.discard()
    incoming.discard()
    left = {each.name for each in trial.volume.pending()}
    hold(incoming.key not in left, "a discarded upload is still pending")
    trial.land("there", b"x")
    hold(trial.names() == {"there"}, "what was published is not listed")
    hold(
        not any(each.name.startswith(trial.folder) for each in trial.volume.pending()),
        "what was published is still pending",
    )


def _never_overwritten(trial: Trial) -> None:
    trial.land("one", b"first")
    refused(Conflict, lambda: trial.land("one", b"second"), "a name that exists")
    hold(trial.bytes_of("one") == b"first", "an object was overwritten")
    before, taken, after = (trial.receive(data) for data in (b"b", b"t", b"a"))
    group = [(before, trial.name("x/b")), (taken, trial.name("one")), (after, trial.name("a"))]
    refused(Conflict, lambda: trial.volume.publish(group), "a group with a name that exists")
    hold(trial.names() == {"one"}, "part of a refused group is visible")
    taken.discard()
    trial.volume.publish([group[0], group[2]])
    hold(trial.names() == {"one", "x/b", "a"}, "what was refused with others cannot be published")
    hold(trial.bytes_of("x/b") == b"b", "what was refused with others came back changed")


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
    hold(len(kept) >= len(STRANGE) - 6, f"only {len(kept)} of {len(STRANGE)} names were taken")
    hold(trial.names() == kept, f"names changed: {sorted(trial.names() ^ kept)[:4]!a}")
    for name in kept:
        hold(trial.bytes_of(name) == name.encode(), f"the object {name!a} came back changed")


def _bad_names(trial: Trial) -> None:
    bad = ("", "/a", "../a", "a/../b", "a//b", "a/", "./a", "a\0b", ".a", "a/.b", "a\nb", "x" * 256)
    for name in (*bad, "\ud800"):
        waiting = trial.receive(b"x")
        refused(BadPath, lambda: trial.volume.publish([(waiting, name)]), f"{name!a}")  # noqa: B023
        refused(BadPath, lambda: trial.volume.read(name), f"reading {name!a}")  # noqa: B023
        waiting.discard()
    for key in ("", "../x", "a/b", "a.b", "a" * 129):
        refused(BadPath, lambda: trial.volume.receive(key), f"the key {key!a}")  # noqa: B023
    refused(BadPath, lambda: trial.volume.append("outside", b"x\n"), "an append to an object")
    refused(BadPath, lambda: trial.volume.replace(".lagan/../x", b"x"), "a replace outside")
    hold(trial.names() == set(), "a refused name left something behind")


def _ranges(trial: Trial) -> None:
    data = random.Random(1).randbytes((2 << 20) + 3)  # noqa: S311
    trial.land("r", data)
    end = len(data)
    places = (0, 1, 511, (1 << 20) - 1, 1 << 20, end - 1, end, end + 5)
    for offset in places:
        for length in (0, 1, 2, 1 << 20, (1 << 20) + 1, end, None):
            expected = data[offset:] if length is None else data[offset : offset + length]
            found = trial.bytes_of("r", offset, length)
            hold(found == expected, f"{length} bytes from {offset}: got {len(found)}, or others")


def _absent(trial: Trial) -> None:
    refused(NotFound, lambda: trial.volume.read(trial.name("no")), "reading what is not there")
    refused(NotFound, lambda: trial.volume.stat(trial.name("no")), "the size of what is not there")
    hold(trial.volume.delete(trial.name("no")) is False, "something absent was deleted")
    key = trial.key()
    refused(NotFound, lambda: trial.volume.resume(key, size=0), "resuming what is not there")
    trial.land("a/b", b"x")
    hold(trial.volume.delete(trial.name("a/b")) is True, "deleting does not say so")
    refused(NotFound, lambda: trial.volume.read(trial.name("a/b")), "reading what was deleted")
    hold(trial.names() == set(), "what was deleted is still listed")
    trial.land("a/b", b"y")


def _resuming(trial: Trial) -> None:
    key = trial.key()
    incoming = trial.volume.receive(key)
    refused(Conflict, lambda: trial.volume.receive(key), "a key that is in use")
    incoming.write([b"0123456789"])
    incoming.checkpoint()
    incoming.write([b"lost"])
    incoming.close()
    again = trial.volume.resume(key, size=10)
    hold(again.size == 10, "a resumed upload has another size")
    again.write([b"abc"])
    hold(again.digests().agrees_with(digests_of([b"0123456789abc"])), "digests after resuming")
    again.close()
    refused(NotFound, lambda: trial.volume.resume(key, size=99), "resuming after too many bytes")
    last = trial.volume.resume(key, size=13, digester=again.digester)
    hold(last.digests().agrees_with(again.digests()), "kept digests are not believed")
    last.close()
    last = trial.volume.resume(key, size=13, digester=_digester(b"01234"))
    hold(last.digests().agrees_with(again.digests()), "digests of other bytes are believed")
    trial.volume.publish([(last, trial.name("resumed"))])
    hold(trial.bytes_of("resumed") == b"0123456789abc", "a resumed object came back changed")


def _digester(data: bytes) -> Digester:
    digester = Digester()
    digester.update(data)
    return digester


def _listing(trial: Trial) -> None:
    wanted = {f"d{number % 7}/n{number}" for number in range(60)}
    arrivals = [(trial.receive(name.encode()), trial.name(name)) for name in sorted(wanted)]
    trial.volume.publish(arrivals)
    hold(trial.names() == wanted, "a group of 60 is not listed as it was published")
    found = [each.name for each in trial.volume.list(trial.name("d3/n1"))]
    expected = sorted(trial.name(name) for name in wanted if name.startswith("d3/n1"))
    hold(sorted(found) == expected, "a prefix that ends within a name lists something else")
    hold(not list(trial.volume.list(trial.name("nothing/"))), "an absent prefix lists something")
    hold(
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
        hold(len(won) == 1, f"{len(won)} of 8 writers got the same name")
        hold(trial.bytes_of("new/won") == b"%d" % won[0] * 1000, "another writer's bytes won")
        list(pool.map(lambda number: trial.land(f"own/{number}", b"%d" % number), range(64)))
    hold(len(trial.names()) == 65, "objects of writers side by side are missing")


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
    hold(not torn, f"{len(torn)} of {len(seen)} reads saw a half-written file")
    hold(trial.volume.delete(name), "a file of the volume's own cannot be deleted")


def _appending(trial: Trial) -> None:
    name = f".lagan/{trial.folder}.jsonl"
    if trial.location is None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda who: _append_all(trial.volume, name, who), "abcd"))
    else:
        children = [start_child("append", trial.location, name, who, "30") for who in "abcd"]
        try:
            for child in children:
                finish(child)
        finally:
            for child in children:
                child.kill()
                child.communicate()
    whole = b"".join(map(bytes, trial.volume.read(name))).splitlines(keepends=True)
    expected = [line for who in "abcd" for line in lines(who, 30)]
    hold(sorted(whole) == sorted(expected), "lines of several writers are mixed or missing")


def _append_all(volume: Volume, name: str, writer: str) -> None:
    for line in lines(writer, 30):
        volume.append(name, line)


def _killed(trial: Trial) -> None:
    key = trial.key("killed-")
    safe = (2 << 20) + 11
    child = start_child("receive", required(trial), key, str(safe), "5000")
    try:
        said = child.stdout.readline() if child.stdout else ""
        hold(said.strip() == "waiting", f"the second process failed: {last_words(child)}")
    finally:
        child.kill()
        child.communicate()
    hold(key in {each.name for each in trial.volume.pending()}, "a killed upload is not pending")
    hold(trial.names() == set(), "a killed upload is visible")
    again = trial.volume.resume(key, size=safe)
    hold(again.digests().agrees_with(digests_of(patterned(safe))), "bytes before the kill changed")
    trial.volume.publish([(again, trial.name("survived"))])


def _flat_memory(trial: Trial) -> None:
    child = start_child("big", required(trial), trial.name("big"), str(trial.big))
    grown = int(finish(child))
    hold(grown <= GROWTH, f"{trial.big} bytes made a process grow by {grown} KiB")


def _room(trial: Trial) -> None:
    usage = trial.volume.usage()
    if usage.total is not None and usage.free is not None:
        hold(0 <= usage.free <= usage.total, f"{usage.free} of {usage.total} bytes are free")


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

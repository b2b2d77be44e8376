"""P5: one large file fetched, and ranges of 1 MiB on four connections, beside nginx's static files.

The hub answers alone, and behind nginx, which sends the same file in its place (X-Accel-Redirect).
All three read one object of the hub's volume, which is in the page cache.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench import peers
from bench.hub import OWNER, serving
from bench.result import Result, interleaved
from bench.transfer import BLOCK, ask_all, make_noise, request, timed, upload

NUMBER, TITLE = "P5", "download"
SIZE = 1 << 30  # bytes at scale 1
RANGES = 1024  # at scale 1, of BLOCK bytes each
CONNECTIONS = 4
ALONE, BEHIND = 0.7, 0.95  # goals
FRONT = """\
        location /static/ {{
            alias {volume}/;
        }}
        location /api/ {{
            proxy_pass {hub};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
            proxy_set_header X-Sendfile-Type X-Accel-Redirect;
        }}
        location /.volumes/main/ {{
            internal;
            alias {volume}/;
            etag off;
            add_header ETag $upstream_http_etag;
            add_header Repr-Digest $upstream_http_repr_digest;
        }}
"""


def run(scale: float) -> list[Result]:
    """Ratios of bytes per second."""
    rounds = 5
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        hub = stack.enter_context(serving(folder / "hub", LAGAN_X_ACCEL="main=/.volumes/main/"))
        source = make_noise(folder / "noise", int(SIZE * scale))
        dataset, who = hub.dataset("downloads", owner=OWNER), hub.authorization()
        alone = hub.put_url(dataset, "noise.bin")
        upload(source, alone, who)
        (name,) = [each for each in hub.objects() if each.startswith("files/")]
        locations = FRONT.format(volume=hub.data / "volumes" / "main", hub=hub.url)
        front = stack.enter_context(peers.nginx(folder / "nginx", locations))
        behind, static = alone.replace(hub.url, front.url), f"{front.url}/static/{name}"
        check_same([alone, behind, static], who, source)
        return [
            *measure("one file", fetcher_of_all(source), [alone, behind, static], who, rounds),
            *measure(
                f"ranges of 1 MiB on {CONNECTIONS} connections",
                fetcher_of_ranges(source, max(CONNECTIONS, round(RANGES * scale))),
                [alone, behind, static],
                who,
                rounds,
            ),
        ]


Fetch = Callable[[str, str], int]
"""Takes an address and a header line, gives back how many bytes came."""


def fetcher_of_all(source: Path) -> Fetch:
    size = source.stat().st_size

    def fetch(url: str, who: str) -> int:
        got = ask_all(url, [request("GET", url, who)], expect=200, connections=1)
        assert got == size, got
        return got

    return fetch


def fetcher_of_ranges(source: Path, ranges: int) -> Fetch:
    blocks = max(1, source.stat().st_size // BLOCK)
    # A stride that meets every block once before it meets one again.
    places = [(n * 37 % blocks) * BLOCK for n in range(ranges)]

    def fetch(url: str, who: str) -> int:
        heads = [
            request("GET", url, who, f"Range: bytes={place}-{place + BLOCK - 1}")
            for place in places
        ]
        return ask_all(url, heads, expect=206, connections=CONNECTIONS)

    return fetch


def measure(what: str, fetch: Fetch, urls: list[str], who: str, rounds: int) -> list[Result]:
    sizes: list[int] = []

    def contender(url: str) -> Callable[[], float]:
        return lambda: timed(lambda: sizes.append(fetch(url, who)))

    times = interleaved(rounds, *map(contender, urls))
    size, static = sizes[0], times[-1]
    return [
        Result(
            what=f"{what}, {how}",
            ratio=static / time,
            ours=f"{size / time / 1e6:.0f} MB/s",
            peer=f"nginx static {size / static / 1e6:.0f} MB/s",
            goal=goal,
            notes=f"{size >> 20} MiB, medians of {rounds}",
            figures={"ours": time, "peer": static, "bytes": size},
            cost=time,
        )
        for how, goal, time in zip(
            ("alone", "behind nginx"), (ALONE, BEHIND), times[:-1], strict=True
        )
    ]


def check_same(urls: list[str], who: str, source: Path) -> None:
    """Every address gives the same bytes, whole and in part."""
    import httpx

    name, value = who.split(": ", 1)
    with source.open("rb") as file:
        file.seek(BLOCK)
        wanted = file.read(1000)
    for url in urls:
        part = f"bytes={BLOCK}-{BLOCK + 999}"
        answer = httpx.get(url, headers={name: value, "Range": part})
        assert (answer.status_code, answer.content) == (206, wanted), url
    ours, theirs = (httpx.head(url, headers={name: value}) for url in urls[:2])
    assert ours.headers["Repr-Digest"] == theirs.headers["Repr-Digest"]

"""One client's uploads of every kind, done again after a failure as a client does: what was
acknowledged is not sent again, a resumable upload goes on, the rest is repeated."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import random
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

TUS = {"Tus-Resumable": "1.0.0"}
STREAM = {**TUS, "Content-Type": "application/offset+octet-stream"}
PATCHES = 3
SMALL, LARGE = 40, 1_500_000

Acknowledged = dict[str, tuple[int, str]]
"""Path to version and SHA-256."""


def content(name: str, size: int) -> bytes:
    return random.Random(name).randbytes(size)  # noqa: S311 - the same each time


PUT = content("put", 300_000)
AGAIN = content("put again", 200_000)
RESUMABLE = content("resumable", 3 * 400_000)
MEMBERS = {
    "batch/large.raw": content("large", LARGE),
    **{f"batch/{n:02}.tif": content(f"small {n}", 500 * n) for n in range(SMALL)},
}
"""The writer may take the large one and the pack of the others together, or one by one."""
PACK = {f"pack/{n}.tif": content(f"packed {n}", 700 * n) for n in range(5)}
"""A pack alone."""
EXPECTED: dict[str, list[bytes]] = {
    "put.bin": [PUT, AGAIN],
    "resumable.bin": [RESUMABLE],
    **{path: [data] for path, data in {**MEMBERS, **PACK}.items()},
}
"""Every path with its versions, after all steps."""


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class Sending:
    """The steps, and which of them were acknowledged."""

    dataset: int
    upload: str | None = None
    acknowledged: dict[str, Acknowledged] = field(default_factory=dict)

    def steps(self) -> dict[str, Callable[[httpx.Client], Acknowledged]]:
        return {
            "put": lambda client: self._put(client, PUT),
            "resumable": self._resumable,
            "batch": lambda client: self._batch(client, MEMBERS),
            "pack": lambda client: self._batch(client, PACK),
            "again": lambda client: self._put(client, AGAIN),
        }

    def go_on(self, client: httpx.Client) -> None:
        """Do what is not acknowledged yet; Refused by the first refusal, httpx's errors when the
        hub is gone."""
        for name, act in self.steps().items():
            if name not in self.acknowledged:
                self.acknowledged[name] = act(client)

    def _put(self, client: httpx.Client, data: bytes) -> Acknowledged:
        place = f"/api/datasets/{self.dataset}/content/put.bin"
        told = checked(client.put(place, content=data), 200, 201).json()
        return {"put.bin": (told["version"], told["sha256"])}

    def _resumable(self, client: httpx.Client) -> Acknowledged:
        offset, done = self._stands(client)
        size = len(RESUMABLE)
        step = size // PATCHES
        while done is None:
            end = min(size, (offset // step + 1) * step)
            headers = {**STREAM, "Upload-Offset": str(offset)}
            answer = client.patch(str(self.upload), content=RESUMABLE[offset:end], headers=headers)
            offset = int(checked(answer, 204).headers["Upload-Offset"])
            done = answer.headers.get("Repr-Digest")
        digest = base64.b64decode(done.removeprefix("sha-256=:").removesuffix(":")).hex()
        return {"resumable.bin": (1, digest)}

    def _stands(self, client: httpx.Client) -> tuple[int, str | None]:
        if self.upload is not None:
            answer = client.head(self.upload, headers=TUS)
            if answer.status_code not in (404, 410):
                told = checked(answer, 200).headers
                return int(told["Upload-Offset"]), told.get("Repr-Digest")
        facts = {"dataset": str(self.dataset), "path": "resumable.bin"}
        about = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in facts.items())
        headers = {**TUS, "Upload-Length": str(len(RESUMABLE)), "Upload-Metadata": about}
        self.upload = checked(client.post("/api/uploads/", headers=headers), 201).headers[
            "Location"
        ]
        return 0, None

    def _batch(self, client: httpx.Client, members: dict[str, bytes]) -> Acknowledged:
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as tar:
            for path, data in members.items():
                info = tarfile.TarInfo(f"{self.dataset}/{path}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        answer = checked(client.post("/api/uploads/batch/", content=stream.getvalue()), 200)
        lines = [json.loads(line) for line in answer.text.splitlines()]
        for line in lines:
            if line["status"] == "refused":
                raise Refused(200, line["error"])
        return {line["path"].partition("/")[2]: (line["version"], line["sha256"]) for line in lines}


class Refused(Exception):  # noqa: N818 - what the hub's answer is called
    """The hub said no: the status (200 for one member of a batch) and the problem document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status}: {problem}")
        self.status, self.problem = status, problem

    @property
    def kind(self) -> str:
        return str(self.problem.get("type", "")).removeprefix("/problems/")


def checked(answer: httpx.Response, *good: int) -> httpx.Response:
    if answer.status_code in good:
        return answer
    if answer.request.method == "HEAD":
        raise Refused(answer.status_code, {"type": f"/problems/status-{answer.status_code}"})
    assert answer.headers.get("content-type", "").startswith("application/problem+json"), (
        answer.status_code,
        answer.text[:500],
    )
    raise Refused(answer.status_code, answer.json())

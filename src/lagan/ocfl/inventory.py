"""An object's inventory, as this room writes and goes on with it: sha512, versions without zeros,
forward deltas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lagan.ocfl.errors import Damaged
from lagan.ocfl.terms import TYPE, digest_of, sidecar

State = dict[str, list[str]]
"""Logical paths by the digest of their content."""
ALGORITHM = "sha512"


@dataclass(slots=True)
class Inventory:
    """What an object holds: content paths by digest, what each version was made of, more digests
    of content paths by algorithm."""

    id: str
    manifest: State = field(default_factory=dict)
    versions: dict[str, dict[str, Any]] = field(default_factory=dict)
    fixity: dict[str, State] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """Of the newest version; 0 before the first."""
        return len(self.versions)

    def state(self) -> dict[str, str]:
        """Digest by logical path of the newest version."""
        newest = self.versions[f"v{self.number}"]["state"] if self.versions else {}
        return {path: digest for digest, paths in newest.items() for path in paths}

    def known(self, algorithm: str) -> dict[str, str]:
        """From a content's digest by `algorithm` to the digest that addresses it."""
        addressed = {path: digest for digest, paths in self.manifest.items() for path in paths}
        given = self.fixity.get(algorithm, {})
        return {
            other.lower(): addressed[path]
            for other, paths in given.items()
            for path in paths
            if path in addressed
        }

    def hold(self, content_path: str, digests: Mapping[str, str]) -> None:
        """Take in a new content file with its digests, sha512 among them."""
        self.manifest.setdefault(digests[ALGORITHM], []).append(content_path)
        for name, digest in digests.items():
            if name != ALGORITHM:
                block = self.fixity.setdefault(name, {})
                block.setdefault(digest, []).append(content_path)

    def texts(self) -> dict[str, bytes]:
        """The inventory and what goes with it, by their names, in the order of writing."""
        told = {
            "id": self.id,
            "type": TYPE,
            "digestAlgorithm": ALGORITHM,
            "head": f"v{self.number}",
            "manifest": self.manifest,
            "versions": self.versions,
            "fixity": self.fixity,
        }
        text = json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"
        name, beside = sidecar(digest_of(text, ALGORITHM), ALGORITHM)
        return {"inventory.json": text, name: beside}


def read_inventory(text: bytes, place: str) -> Inventory:
    """One that can be gone on with. Damaged when it cannot, which says nothing of whether it is
    valid: `check` tells that."""
    try:
        given = json.loads(text)
        found = Inventory(
            given["id"], given["manifest"], given["versions"], given.get("fixity", {})
        )
        expected = {f"v{n}" for n in range(1, found.number + 1)}
        usual = given["digestAlgorithm"] == ALGORITHM and "contentDirectory" not in given
        if not usual or given["type"] != TYPE or set(found.versions) != expected:
            raise Damaged(
                f"{place} cannot be gone on with: only objects of OCFL 1.1 with sha512, versions "
                "v1, v2 … and the usual content folder are."
            )
        found.state()
        found.known("sha256")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Damaged(f"The inventory of {place} cannot be read; check it first.") from None
    return found

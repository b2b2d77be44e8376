"""Where the bag lies within its archive, and which files of it are what (RFC 8493, 2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from lagan.bag.algorithms import ALL_ALGORITHMS
from lagan.bag.container import Container, Member
from lagan.bag.declaration import FILE as BAGIT
from lagan.bag.manifest import PAYLOAD_NAME, TAG_NAME, Manifest
from lagan.bag.verdict import Findings


@dataclass(slots=True)
class Layout:
    """The members of a bag by their paths from its base folder."""

    base: str
    files: dict[str, Member] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)

    @property
    def payload(self) -> list[str]:
        """Paths beneath data/."""
        return [path for path in self.files if path.startswith("data/")]

    @property
    def tags(self) -> list[str]:
        """Paths of all other files."""
        return [path for path in self.files if not path.startswith("data/")]


def lay_out(container: Container, found: Findings) -> Layout | None:
    """Find the base folder and sort what is in it; None where there is nothing to go by."""
    members = list(container.members)
    files = {member.name for member in members if not member.folder}
    base = _base(files, members, container.form, found)
    if base is None:
        return None
    layout = Layout(base)
    start = f"{base}/" if base else ""
    for member in members:
        if member.name.startswith(start):
            _put(layout, member, member.name[len(start) :])
        elif member.name != base:
            found.error("base-beside", member.name, f"It lies beside the bag, which is in {base}/.")
    return layout


def _put(layout: Layout, member: Member, path: str) -> None:
    if member.folder:
        layout.folders.add(path)
        return
    layout.files[path] = member
    above, slash, _ = path.rpartition("/")
    while slash and above not in layout.folders:
        layout.folders.add(above)
        above, slash, _ = above.rpartition("/")


def _base(
    files: Collection[str], members: Iterable[Member], form: str, found: Findings
) -> str | None:
    if BAGIT in files:
        return ""
    tops = sorted({member.name.split("/")[0] for member in members})
    bases = [top for top in tops if f"{top}/{BAGIT}" in files] if form != "folder" else []
    if len(bases) > 1:
        found.error("base-several", "", f"The archive holds {len(bases)} bags; one is allowed.")
        return None
    if bases:
        return bases[0]
    found.error("bagit-missing", BAGIT, _where_else(files))
    return _guess(files, tops)


def _where_else(files: Iterable[str]) -> str:
    deeper = min((name for name in files if name.endswith(f"/{BAGIT}")), default=None)
    if deeper is None:
        return "There is no bagit.txt, so this is no bag."
    return f"There is no bagit.txt where a bag begins; one lies too deep, at {deeper}."


def _guess(files: Iterable[str], tops: list[str]) -> str | None:
    """Where a bag without bagit.txt seems to be: where its manifests are."""
    for name in files:
        above, _, last = name.rpartition("/")
        if PAYLOAD_NAME.fullmatch(last) and (above == "" or [above] == tops):
            return above
    return None


def find_manifests(layout: Layout, algorithms: Collection[str], found: Findings) -> list[Manifest]:
    """The manifests that can be checked, empty as yet; others are found."""
    manifests = []
    payload = 0
    for path in sorted(layout.tags):
        tag, plain = TAG_NAME.fullmatch(path), PAYLOAD_NAME.fullmatch(path)
        match = tag or plain
        if match is None or "/" in path:
            continue
        payload += tag is None
        if match[1] in algorithms:
            manifests.append(Manifest(path, match[1], tag is not None))
        else:
            found.error("algorithm-unsupported", path, _unsupported(match[1]))
    if not payload:
        found.error("manifest-missing", "", "There is no payload manifest.")
    if "data" not in layout.folders:
        found.error("data-missing", "data", "There is no folder data/.")
    return manifests


def _unsupported(name: str) -> str:
    plain = "".join(character for character in name.lower() if character.isalnum())
    if name in ALL_ALGORITHMS:
        return f"The algorithm {name} was not asked for, so the manifest is not checked."
    if plain in ALL_ALGORITHMS:
        return f"The algorithm must be written {plain} in the file's name."
    return f"No algorithm {name[:40]!r} is known, so the manifest cannot be checked."

"""The judge: one pass over a package tells everything that is wrong with the bag in it.

Nothing is unpacked to a disk. Memory is flat in the size of files and small in their number.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from lagan.bag import profile as profiles
from lagan.bag.algorithms import DEFAULT_ALGORITHMS, normalise_all
from lagan.bag.completeness import check_listed, check_tag_manifests, resolve
from lagan.bag.container import Container, Member
from lagan.bag.declaration import FILE as BAGIT
from lagan.bag.declaration import LIMIT as BAGIT_LIMIT
from lagan.bag.declaration import Declaration, read_declaration
from lagan.bag.digesting import Digesting, RunningDigests
from lagan.bag.errors import Damage
from lagan.bag.fetch import FILE as FETCH
from lagan.bag.fetch import check_fetch
from lagan.bag.folder import Folder
from lagan.bag.info import check_oxum, check_values, read_info
from lagan.bag.limits import DEFAULT_LIMITS, Limits
from lagan.bag.manifest import Manifest, fill
from lagan.bag.names import warn_of_names
from lagan.bag.profile import Profile, read_profile
from lagan.bag.reader import BLOCK, FileReader, Reader
from lagan.bag.structure import Layout, find_manifests, lay_out
from lagan.bag.tar_members import Tar, is_tar
from lagan.bag.texts import lines_of
from lagan.bag.verdict import Facts, Findings, Verdict
from lagan.bag.zip_directory import is_zip
from lagan.bag.zip_members import Zip
from lagan.kit.digests import Buffer
from lagan.kit.errors import BadInput, NotFound, Unavailable

Progress = Callable[[int, int], None]
"""Told bytes done and bytes in all, now and then."""
OUTER = ("sha256",)


def judge(
    source: Path | Reader,
    *,
    limits: Limits = DEFAULT_LIMITS,
    profile: Mapping[str, Any] | Path | None = None,
    algorithms: Collection[str] = DEFAULT_ALGORITHMS,
    outer: Collection[str] = OUTER,
    allow_fetch: bool = False,
    progress: Progress | None = None,
    threads: int | None = None,
) -> Verdict:
    """Judge a bag by RFC 8493 (1.0) or the drafts before it (0.93 to 0.97).

    `source` is a zip, tar, tar.gz or folder by its path, or an archive through a Reader. `profile`
    is a BagIt profile (1.1 to 1.4) as data or a file of JSON; none is ever fetched. `algorithms`
    are those whose manifests are checked; a manifest of another one is an error. `outer` are
    digests of the complete archive, taken in the same pass. With `allow_fetch` a fetch.txt is no
    error by itself, but all it lists must be there. Whatever is wrong with the package is in the
    verdict; BadProfile, BadInput, NotFound and Unavailable concern what the caller gave.
    """
    read = None if profile is None else read_profile(profile)
    case = _Case(limits, normalise_all(algorithms), allow_fetch, read, progress)
    wanted = normalise_all(outer) if outer else frozenset()
    with Digesting(threads) as digesting:
        if isinstance(source, Path):
            _judge_path(case, source, wanted, digesting)
        else:
            _judge_archive(case, source, wanted, digesting)
    return case.verdict()


def _judge_path(case: _Case, path: Path, outer: Collection[str], digesting: Digesting) -> None:
    if path.is_dir():
        case.try_to(lambda: case.judge(Folder(path, case.limits, case.found), digesting, None))
        return
    if path.exists() and not path.is_file():
        raise BadInput(f"{path} is neither a file nor a folder.")
    try:
        reader = FileReader(path)
    except FileNotFoundError:
        raise NotFound(f"There is no {path}.") from None
    except OSError as error:
        raise Unavailable(f"{path} cannot be opened: {error.strerror}.") from error
    with reader:
        _judge_archive(case, reader, outer, digesting)


def _judge_archive(
    case: _Case, reader: Reader, outer: Collection[str], digesting: Digesting
) -> None:
    case.facts.archive_size = case.total = reader.size
    running = digesting.running(outer)
    case.try_to(lambda: case.judge(_open(reader, case), digesting, running))
    # What was not looked at because of an error still counts for the digests of the whole.
    while case.done < reader.size and (block := reader.read(case.done, BLOCK)):
        case.feed(running, block)
    futures: dict[str, Future[str]] = running.finish()
    case.facts.outer = {name: futures[name].result() for name in sorted(futures)}


def _open(reader: Reader, case: _Case) -> Container:
    start = reader.read(0, 2)
    if start == b"\x1f\x8b":
        return Tar(reader, case.limits, case.found, gzip=True)
    if is_tar(reader):
        return Tar(reader, case.limits, case.found, gzip=False)
    if is_zip(reader):
        return Zip(reader, case.limits, case.found)
    raise Damage("archive-unknown", "This is no zip, tar or tar.gz.")


class _Case:
    """One package before the judge."""

    def __init__(
        self,
        limits: Limits,
        algorithms: Collection[str],
        allow_fetch: bool,
        profile: Profile | None,
        progress: Progress | None,
    ) -> None:
        self.limits = limits
        self.found = Findings(limits.findings)
        self.facts = Facts()
        self.done = self.total = 0
        self._algorithms, self._allow_fetch = algorithms, allow_fetch
        self._profile, self._progress = profile, progress
        self._sizes: dict[str, int] = {}
        self._damaged: set[str] = set()
        self._text_room = limits.tag_file

    def verdict(self) -> Verdict:
        """All that was found."""
        found = self.found
        errors, warnings = (tuple(each) for each in (found.errors, found.warnings))
        return Verdict(errors, warnings, self.facts, found.left_out)

    def try_to(self, act: Callable[[], None]) -> None:
        """Act; damage of the whole is one more finding."""
        try:
            act()
        except Damage as damage:
            self.found.error(damage.code, "", damage.reason)

    def feed(self, running: RunningDigests | None, block: Buffer) -> None:
        """Take the next bytes of the archive."""
        self.done += len(block)
        if running is not None and block:
            running.update(block)
        if self._progress is not None:
            self._progress(self.done, self.total)

    def judge(
        self, container: Container, digesting: Digesting, running: RunningDigests | None
    ) -> None:
        """Find all that is wrong. Damage when the archive breaks off."""
        self.facts.form = container.form
        if self.found.errors and container.form != "folder":
            return  # an archive that plays tricks is not looked into
        layout = lay_out(container, self.found)
        if layout is None:
            return
        declaration = self._declaration(container, layout)
        manifests = self._manifests(container, layout, declaration)
        self._metadata(container, layout, declaration, manifests)
        if container.form == "folder":
            self.total = sum(member.size for member in container.members)
        self._sweep(container, layout, manifests, digesting, running)
        self._conclude(layout, declaration, manifests)

    def _declaration(self, container: Container, layout: Layout) -> Declaration:
        self.facts.base = layout.base
        raw = self._text(container, layout, BAGIT, BAGIT_LIMIT)
        if raw is None:
            return Declaration()
        declaration = read_declaration(raw, self.found)
        self.facts.version, self.facts.encoding = declaration.shown, declaration.named
        if not declaration.strict and not layout.base and container.form != "folder":
            self.found.warn(
                "base-flat", "", "Before 1.0 a bag was to be packed with its base folder."
            )
        return declaration

    def _manifests(
        self, container: Container, layout: Layout, declaration: Declaration
    ) -> list[Manifest]:
        strict = declaration.strict
        manifests = []
        for each in find_manifests(layout, self._algorithms, self.found):
            lines = self._lines(container, layout, each.file, declaration)
            if lines is not None:
                fill(each, lines, self.found, strict=strict)
                manifests.append(each)
        self.facts.manifests, self.facts.tag_manifests = (
            {each.algorithm: len(each.entries) for each in manifests if each.tags is tags}
            for tags in (False, True)
        )
        return manifests

    def _metadata(
        self,
        container: Container,
        layout: Layout,
        declaration: Declaration,
        manifests: list[Manifest],
    ) -> None:
        strict, found, file = declaration.strict, self.found, declaration.info_file
        if file in layout.files:
            lines = self._lines(container, layout, file, declaration) or []
            self.facts.info = read_info(lines, file, found, strict=strict)
            check_values(self.facts.info, file, found)
        if FETCH in layout.files:
            self._fetch(container, layout, declaration, manifests)
        resolve(manifests, layout, found, strict=strict)
        check_listed(layout, manifests, found, strict=strict)
        check_tag_manifests(layout, manifests, found, strict=strict)
        warn_of_names(layout.files, found)

    def _fetch(
        self,
        container: Container,
        layout: Layout,
        declaration: Declaration,
        manifests: list[Manifest],
    ) -> None:
        if not self._allow_fetch:
            self.found.error("fetch-refused", FETCH, "Files are to be fetched; none ever is here.")
        lines = self._lines(container, layout, FETCH, declaration) or []
        sizes = {path: member.size for path, member in layout.files.items()}
        plain = [each for each in manifests if not each.tags]
        self.facts.fetch = check_fetch(lines, sizes, plain, self.found, strict=declaration.strict)

    def _sweep(
        self,
        container: Container,
        layout: Layout,
        manifests: list[Manifest],
        digesting: Digesting,
        running: RunningDigests | None,
    ) -> None:
        """Read all there is, once; compare the checksums of every file that is listed."""
        start = len(layout.base) + 1 if layout.base else 0
        for member, pieces in container.contents(lambda block: self.feed(running, block)):
            path = member.name[start:]
            listing = [each for each in manifests if path in each.entries]
            names = {each.algorithm for each in listing}
            done = self._comparing(path, listing)
            if running is None:
                pieces = self._counted(pieces)
            try:
                size = digesting.take(names, pieces, done)
            except Damage as damage:
                if path not in self._damaged:
                    self.found.error(damage.code, path, damage.reason)
                size = member.size
            if not member.folder:
                self._sizes[path] = size
        digesting.finish()

    def _counted(self, pieces: Iterator[Buffer]) -> Iterator[Buffer]:
        for piece in pieces:
            self.feed(None, piece)
            yield piece

    def _comparing(self, path: str, listing: list[Manifest]) -> Callable[[dict[str, str]], None]:
        def compare(hexes: dict[str, str]) -> None:
            for each in listing:
                if hexes[each.algorithm] != each.entries[path]:
                    self.found.error(
                        "file-checksum", path,
                        f"Its {each.algorithm} is {hexes[each.algorithm]}, but {each.file} tells"
                        f" {each.entries[path]}.",
                    )  # fmt: skip

        return compare

    def _conclude(
        self, layout: Layout, declaration: Declaration, manifests: list[Manifest]
    ) -> None:
        facts = self.facts
        payload = layout.payload
        facts.files, facts.tag_files = len(payload), len(layout.files) - len(payload)
        facts.bytes = sum(self._sizes.get(path, 0) for path in payload)
        check_oxum(facts.info, facts.bytes, facts.files, declaration.info_file, self.found)
        if self._profile is not None:
            profiles.check(self._profile, facts, layout, self._sizes, self.found)

    def _lines(
        self, container: Container, layout: Layout, file: str, declaration: Declaration
    ) -> list[str] | None:
        raw = self._text(container, layout, file, self._text_room)
        if raw is None:
            return None
        self._text_room -= len(raw)
        strict = declaration.strict
        return lines_of(raw, declaration.encoding, file, self.found, strict=strict)

    def _text(self, container: Container, layout: Layout, file: str, limit: int) -> bytes | None:
        member: Member | None = layout.files.get(file)
        try:
            return None if member is None else container.read(member, limit)
        except Damage as damage:
            self.found.error(damage.code, file, damage.reason)
            self._damaged.add(file)
            return None

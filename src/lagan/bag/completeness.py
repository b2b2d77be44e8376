"""Files and manifests held against each other: what is listed is there, what is there is listed
(RFC 8493, 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lagan.bag.manifest import TAG_NAME, Manifest, decode_path
from lagan.bag.names import nfc
from lagan.bag.structure import Layout
from lagan.bag.verdict import Findings


def resolve(
    manifests: Iterable[Manifest], layout: Layout, found: Findings, *, strict: bool
) -> None:
    """Give entries the names that the files have, where only Unicode normalisation, or before 1.0
    percent-encoding, is between them; entries without a file are found and dropped."""
    by_form: dict[str, str] = {}
    for manifest in manifests:
        absent = [path for path in manifest.entries if path not in layout.files]
        if absent and not by_form:
            by_form = {nfc(path): path for path in layout.files}
        for path in absent:
            checksum = manifest.entries.pop(path)
            actual = _actual(path, layout, by_form, manifest, found, strict=strict)
            if actual is not None:
                manifest.entries[actual] = checksum


def _actual(
    path: str,
    layout: Layout,
    by_form: dict[str, str],
    manifest: Manifest,
    found: Findings,
    *,
    strict: bool,
) -> str | None:
    if not strict and (decoded := decode_path(path, strict=False)) in layout.files:
        if decoded not in manifest.entries:
            return decoded
        found.error("manifest-duplicate", decoded, f"{manifest.file} lists it twice.")
        return None
    same = by_form.get(nfc(path))
    if same is not None and same not in manifest.entries:
        found.warn(
            "file-normalisation", same,
            f"{manifest.file} lists it in another Unicode normalisation.",
        )  # fmt: skip
        return same
    if path.rstrip("/") in layout.folders:
        found.error("manifest-folder", path, f"{manifest.file} lists a folder.")
    else:
        found.error("file-missing", path, f"{manifest.file} lists it, but it is not in the bag.")
    return None


def check_listed(
    layout: Layout, manifests: Sequence[Manifest], found: Findings, *, strict: bool
) -> None:
    """Every payload file must be in every payload manifest; before 1.0 one of them will do."""
    plain = [each for each in manifests if not each.tags]
    for path in layout.payload if plain else ():
        without = [each.file for each in plain if path not in each.entries]
        if without:
            found.rule(
                strict or len(without) == len(plain),
                "file-unlisted", path, f"It is in the bag but not in {', '.join(without)}.",
            )  # fmt: skip


def check_tag_manifests(
    layout: Layout, manifests: Sequence[Manifest], found: Findings, *, strict: bool
) -> None:
    """Each tag manifest must list every payload manifest and no tag manifest, and should list all
    other tag files."""
    tag_manifests = [each for each in manifests if each.tags]
    plain = [each.file for each in manifests if not each.tags]
    for each in tag_manifests:
        for file in plain:
            if file not in each.entries:
                found.rule(strict, "tagmanifest-omits", file, f"{each.file} does not list it.")
        for path in each.entries:
            if TAG_NAME.fullmatch(path):
                found.rule(strict, "tagmanifest-lists-own", path, f"{each.file} lists it.")
    if not tag_manifests:
        found.warn("tag-unlisted", "", "There is no tag manifest: nothing guards the tag files.")
        return
    for path in layout.tags:
        if not TAG_NAME.fullmatch(path) and not any(path in each.entries for each in tag_manifests):
            found.warn("tag-unlisted", path, "No tag manifest lists it, so nothing guards it.")

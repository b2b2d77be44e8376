"""The corpus: right and wrong bags, how each is made, and the verdict it must get.

`errors` and `warnings` are the codes that must come, exactly; `bagit` is what the package bagit
says of the same files, and where it says another thing than Lagan `docs/internals/bag.md` tells
why.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from lagan.bag import ALL_ALGORITHMS
from tests.bag.building import Files, right, seal

NFC = unicodedata.normalize("NFC", "é")
NFD = unicodedata.normalize("NFD", "é")


@dataclass(frozen=True)
class Case:
    name: str
    make: Callable[[], Files]
    errors: frozenset[str] = frozenset()
    warnings: frozenset[str] = frozenset()
    bagit: bool = True
    """Whether the package bagit calls it valid."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Arguments for the judge."""


def good(
    name: str, make: Callable[[], Files], *warnings: str, bagit: bool = True, **options: Any
) -> Case:
    return Case(name, make, frozenset(), frozenset(warnings), bagit, options)


def bad(
    name: str, make: Callable[[], Files], *errors: str, bagit: bool = False,
    warns: tuple[str, ...] = (), **options: Any,
) -> Case:  # fmt: skip
    return Case(name, make, frozenset(errors), frozenset(warns), bagit, options)


def edited(
    edit: Callable[[Files], object], *, sealed: bool = True, **arguments: Any
) -> Callable[[], Files]:
    """A right bag, changed, its tag manifest made to fit again unless that is what is wrong."""

    def make() -> Files:
        files = right(**arguments)
        edit(files)
        return seal(files) if sealed else files

    return make


def put(name: str, data: bytes, *, sealed: bool = True, **arguments: Any) -> Callable[[], Files]:
    return edited(lambda files: files.update({name: data}), sealed=sealed, **arguments)


def swap(name: str, old: bytes, new: bytes, **arguments: Any) -> Callable[[], Files]:
    def edit(files: Files) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)

    return edited(edit, **arguments)


def drop(name: str, *, sealed: bool = True, **arguments: Any) -> Callable[[], Files]:
    return edited(lambda files: files.pop(name), sealed=sealed, **arguments)


def holding(*names: str, **arguments: Any) -> Callable[[], Files]:
    return lambda: right(payload={f"data/{name}": name.encode() for name in names}, **arguments)


def add(name: str, line: bytes, **arguments: Any) -> Callable[[], Files]:
    return edited(lambda files: files.update({name: files[name] + line}), **arguments)


M, INFO = "manifest-sha256.txt", "bag-info.txt"
A = b"8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f8"  # some checksum
OLD: dict[str, Any] = {"version": "0.97"}
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

RIGHT = [
    good("plain 1.0", right),
    good("plain 0.97", lambda: right(version="0.97")),
    good("plain 0.96", lambda: right(version="0.96")),
    good("plain 0.95, package-info.txt", lambda: right(version="0.95")),
    good("plain 0.94", lambda: right(version="0.94")),
    good("plain 0.93", lambda: right(version="0.93")),
    *(
        good(f"algorithm {name}", partial(right, algorithms=[name]))
        for name in ("md5", "sha1", "sha224", "sha384", "sha512")
    ),
    good("four algorithms", lambda: right(algorithms=["md5", "sha1", "sha256", "sha512"])),
    good("sha3-256 on request", lambda: right(algorithms=["sha3256"]), bagit=False,
         algorithms=ALL_ALGORITHMS),
    good("blake2b on request", lambda: right(algorithms=["blake2b"]), algorithms=ALL_ALGORITHMS),
    good("no bag-info.txt", lambda: right(info=None)),
    good("no tag manifest", lambda: right(tag_manifest=False), "tag-unlisted"),
    good("an empty file", lambda: right(payload={"data/empty": b""})),
    good("two files of the same content", lambda: right(payload={"data/1": b"x", "data/2": b"x"})),
    good("deep folders", holding("a/b/c/d/e/f/g/h.txt")),
    good("spaces in names", holding("a b", "two  spaces")),
    good("a space at the end of a name", holding("end "), "name-windows", bagit=False),
    good("a percent sign", holding("100%.txt"), bagit=False),
    good("LF and CR in names", holding("a\nb", "c\rd"), "name-windows"),
    good("LF in a name, 0.97", holding("a\nb", **OLD), "name-windows"),
    good("a percent sign stays, 0.97", holding("100%.txt", "50%25", **OLD)),
    good("LINE SEPARATOR in a name", holding("a\u2028b"), bagit=False),
    good("a composed name", holding(NFC)),
    good("a decomposed name", holding(NFD)),
    good("names in many scripts", holding("данные", "データ", "بيانات", "🧪")),
    good("an asterisk in a name", holding("a*b"), "name-windows"),
    good("a name like a tag file", holding("bagit.txt", "manifest-md5.txt")),
    good("a number sign", holding("#1")),
    good("a tilde", holding("~x")),
    good("a Windows device", holding("con.txt"), "name-windows"),
    good("names that differ in case", holding("A", "a"), "clash-case"),
    good("names that differ in normalisation", holding(NFC, NFD), "clash-normalisation",
         bagit=True),
    good("listed in another normalisation",
         swap(M, NFC.encode(), NFD.encode(), payload={f"data/{NFC}": b"1"}), "file-normalisation",
         bagit=False),
    good("CRLF line ends", lambda: right(ends="\r\n")),
    good("CR line ends", lambda: right(ends="\r")),
    good("checksums in capitals", edited(lambda files: files.update(
        {M: files[M].replace(files[M][:64], files[M][:64].upper())}))),
    good("tabs in a manifest", swap(M, b"  ", b"\t")),
    good("many spaces in a manifest", swap(M, b"  ", b"     ")),
    good("UTF-16 tag files", lambda: right(encoding="UTF-16", version="0.97")),
    good("ISO-8859-1 tag files", lambda: right(encoding="ISO-8859-1", payload={"data/é": b"1"})),
    good("folded bag-info.txt", lambda: right(info="External-Description: one\n  two\n\tthree\n")),
    good("repeated labels", lambda: right(info="Contact-Name: A\nContact-Name: B\n")),
    good("a label with spaces", lambda: right(info="My own label: 1\n")),
    good("a colon in a value", lambda: right(info="Url: http://example.org/\n")),
    good("an empty value", lambda: right(info="Contact-Phone: \n")),
    good("a long line", lambda: right(info=f"External-Description: {'x' * 80}\n"), "info-long"),
    good("a date that is none", lambda: right(info="Bagging-Date: yesterday\n"), "info-value"),
    good("a count that is none", lambda: right(info="Bag-Count: three\n"), "info-value"),
    good("a right Payload-Oxum", lambda: right(info="Payload-Oxum: 2054.2\n")),
    good("payload-oxum in small letters", lambda: right(info="payload-oxum: 2054.2\n")),
    good("an empty bag-info.txt", lambda: right(info="")),
    good("other tag files", lambda: right(more={"metadata/mets.xml": b"<mets/>", "x": b"1"})),
    good("a tag file that nobody lists", put("loose.txt", b"1\n", sealed=False), "tag-unlisted"),
    good("spaces about the colon, 0.97", lambda: right(info="Contact-Name :  A\n", **OLD)),
    good("an asterisk, 0.97", swap(M, b"  ", b" *", **OLD), "manifest-asterisk"),
    good("a dot in a path, 0.97", swap(M, b"data/a", b"./data/a", **OLD), "manifest-dot"),
    good("the same line twice, 0.97",
         edited(lambda files: files.update({M: files[M] + files[M].splitlines(True)[0]}), **OLD),
         "manifest-duplicate"),
    good("an empty line, 0.97", add(M, b"\n", **OLD), "manifest-line"),
    good("each file in one of two manifests, 0.97",
         edited(lambda files: files.update({
             "manifest-md5.txt": files["manifest-md5.txt"].splitlines(True)[0],
             M: files[M].splitlines(True)[1]}), algorithms=["md5", "sha256"], **OLD),
         "file-unlisted"),
    good("no end of the last line, 0.97",
         edited(lambda files: files.update({M: files[M][:-1]}), **OLD), "tag-line-end"),
    good("a byte-order mark, 0.97", swap(M, b"", b"\xef\xbb\xbf", **OLD), "tag-bom"),
    good("fetch.txt, all there",
         put("fetch.txt", b"http://example.org/a 6 data/a.txt\n"), allow_fetch=True),
    good("fetch.txt without a length",
         put("fetch.txt", b"http://example.org/a - data/a.txt\n"), allow_fetch=True),
]  # fmt: skip

WRONG = [
    # bagit.txt
    bad("no bagit.txt", drop("bagit.txt"), "bagit-missing"),
    bad("an empty bagit.txt", put("bagit.txt", b""), "bagit-form"),
    bad("one line in bagit.txt", put("bagit.txt", b"BagIt-Version: 1.0\n"), "bagit-form"),
    bad("three lines in bagit.txt", put("bagit.txt", BAGIT + b"More: 1\n"), "bagit-form",
        bagit=True),
    bad("lines of bagit.txt the other way round",
        put("bagit.txt", b"Tag-File-Character-Encoding: UTF-8\nBagIt-Version: 1.0\n"),
        "bagit-form", bagit=True),
    bad("a space before the colon", swap("bagit.txt", b"n:", b"n :"), "bagit-form", bagit=True),
    bad("two spaces after the colon", swap("bagit.txt", b": ", b":  "), "bagit-form", bagit=True),
    bad("no space after the colon", swap("bagit.txt", b": ", b":"), "bagit-form", bagit=True),
    bad("a space at the end", swap("bagit.txt", b"1.0", b"1.0 "), "bagit-form", bagit=True),
    bad("an empty line in bagit.txt", put("bagit.txt", BAGIT + b"\n"), "bagit-form", bagit=True),
    bad("small letters in bagit.txt", swap("bagit.txt", b"BagIt", b"bagit"), "bagit-form"),
    bad("a byte-order mark in bagit.txt", put("bagit.txt", b"\xef\xbb\xbf" + BAGIT), "bagit-bom"),
    bad("bagit.txt without its last line end", put("bagit.txt", BAGIT[:-1]), "tag-line-end",
        bagit=True),
    bad("bagit.txt in UTF-16", put("bagit.txt", BAGIT.decode().encode("utf-16")), "bagit-form"),
    bad("version 0.92", swap("bagit.txt", b"1.0", b"0.92"), "version-unsupported"),
    bad("version 1.1", swap("bagit.txt", b"1.0", b"1.1"), "version-unsupported", bagit=True),
    bad("version 2.0", swap("bagit.txt", b"1.0", b"2.0"), "version-unsupported"),
    bad("version 01.0", swap("bagit.txt", b"1.0", b"01.0"), "version-unsupported", bagit=True),
    bad("a version that is none", swap("bagit.txt", b"1.0", b"one"), "bagit-form"),
    bad("an unknown encoding", swap("bagit.txt", b"UTF-8", b"KLINGON"), "encoding-unsupported"),
    bad("another encoding than is there", swap(INFO, b"A. P", b"\xff"), "tag-encoding"),
    bad("ASCII that is none",
        lambda: seal(right(payload={"data/é": b"1"})
                     | {"bagit.txt": BAGIT.replace(b"UTF-8", b"US-ASCII")}), "tag-encoding"),
    # Structure
    bad("no data folder",
        lambda: {name: data for name, data in right().items() if not name.startswith("data/")},
        "data-missing", "file-missing"),
    bad("no manifest", drop(M), "manifest-missing"),
    bad("only a tag manifest", lambda: {n: d for n, d in right().items() if n != M},
        "manifest-missing", "file-missing"),
    bad("an unknown algorithm",
        put("manifest-crc32.txt", b"12345678  data/a.txt\n"), "algorithm-unsupported", bagit=True),
    bad("an algorithm in capitals",
        edited(lambda files: files.update({"manifest-SHA256.txt": files.pop(M)})),
        "algorithm-unsupported"),
    bad("sha3-256 not asked for", lambda: right(algorithms=["sha3256"]), "algorithm-unsupported",
        warns=("tag-unlisted",)),
    bad("an algorithm with a dash",
        edited(lambda files: files.update({"manifest-sha-256.txt": files.pop(M)})),
        "algorithm-unsupported"),
    bad("a known and an unknown tag manifest",
        put("tagmanifest-foo.txt", b"12  bagit.txt\n", sealed=False),
        "algorithm-unsupported", bagit=True),
    # Files against manifests
    bad("a file changed", put("data/a.txt", b"Alpha\n"), "file-checksum"),
    bad("a file grown", put("data/a.txt", b"alpha\n\n"), "file-checksum"),
    bad("a file cut", put("data/a.txt", b"alph"), "file-checksum"),
    bad("a file emptied", put("data/a.txt", b""), "file-checksum"),
    bad("a file gone", drop("data/a.txt"), "file-missing"),
    bad("a file too many", put("data/extra", b"1"), "file-unlisted"),
    bad("a hidden file too many", put("data/.DS_Store", b"1"), "file-unlisted"),
    bad("a file renamed", edited(lambda f: f.update({"data/z": f.pop("data/a.txt")})),
        "file-missing", "file-unlisted"),
    bad("two files changed places",
        edited(lambda f: f.update({"data/a.txt": f["data/sub/b.bin"],
                                   "data/sub/b.bin": f["data/a.txt"]})), "file-checksum"),
    bad("another case", edited(lambda f: f.update({"data/A.txt": f.pop("data/a.txt")})),
        "file-missing", "file-unlisted"),
    bad("one of two checksums wrong",
        swap("manifest-md5.txt", b"0", b"1", algorithms=["md5", "sha256"]), "file-checksum"),
    bad("manifests that disagree on the files",
        edited(lambda f: f.update({M: f[M].splitlines(True)[0]}), algorithms=["md5", "sha256"]),
        "file-unlisted", bagit=True),
    bad("in no manifest, 0.97", put("data/extra", b"1", **OLD), "file-unlisted"),
    bad("a manifest changed, the tag manifest not",
        edited(lambda f: f.update({M: b"".join(f[M].splitlines(True)[::-1])}), sealed=False),
        "file-checksum"),
    bad("bag-info.txt changed", put(INFO, b"Contact-Name: B\n", sealed=False), "file-checksum"),
    bad("bagit.txt changed", put("bagit.txt", BAGIT.replace(b"\n", b"\r\n"), sealed=False),
        "file-checksum"),
    bad("bag-info.txt changed, 0.96", put(INFO, b"Contact-Name: B\n", sealed=False, version="0.96"),
        "file-checksum", bagit=True),
    bad("a tag file gone",
        lambda: {n: d for n, d in right(more={"meta/x": b"1"}).items() if n != "meta/x"},
        "file-missing"),
    bad("a tag file gone, 0.96",
        lambda: {n: d for n, d in right(version="0.96", more={"meta/x": b"1"}).items()
                 if n != "meta/x"}, "file-missing", bagit=True),
    bad("an empty manifest", put(M, b""), "file-unlisted"),
    # Lines of manifests
    bad("a line without a path", add(M, A + b"\n"), "manifest-line", bagit=True),
    bad("a line without a checksum", add(M, b"data/a.txt\n"), "manifest-line", bagit=True),
    bad("an empty line", add(M, b"\n"), "manifest-line", bagit=True),
    bad("a comment", add(M, b"# made by hand\n"), "manifest-checksum", bagit=True),
    bad("a space before the checksum", edited(lambda f: f.update({M: b" " + f[M]})),
        "manifest-line", bagit=True),
    bad("a checksum too short",
        edited(lambda f: f.update({M: f[M][1:]})), "manifest-checksum", "file-unlisted"),
    bad("a checksum too long",
        edited(lambda f: f.update({M: b"0" + f[M]})), "manifest-checksum", "file-unlisted"),
    bad("a checksum that is not hex",
        edited(lambda f: f.update({M: b"g" + f[M][1:]})), "manifest-checksum", "file-unlisted"),
    bad("checksums of another algorithm",
        edited(lambda f: f.update({M: f["manifest-md5.txt"]}), algorithms=["md5", "sha256"]),
        "manifest-checksum", "file-unlisted"),
    bad("an asterisk", swap(M, b"  ", b" *"), "manifest-asterisk", bagit=True),
    bad("a dot in a path", swap(M, b"data/a", b"./data/a"), "manifest-dot", bagit=True),
    bad("no end of the last line", edited(lambda f: f.update({M: f[M][:-1]})), "tag-line-end",
        bagit=True),
    bad("a byte-order mark", swap(M, b"", b"\xef\xbb\xbf"), "tag-bom", bagit=True),
    bad("the same line twice",
        edited(lambda f: f.update({M: f[M] + f[M].splitlines(True)[0]})), "manifest-duplicate"),
    bad("two checksums for a file", add(M, A + b"  data/a.txt\n"), "manifest-duplicate"),
    bad("two checksums for a file, 0.97", add(M, A + b"  data/a.txt\n", **OLD),
        "manifest-duplicate"),
    bad("a path that goes up", add(M, A + b"  data/../../etc/passwd\n"), "manifest-path"),
    bad("a path that goes up and comes back", add(M, A + b"  data/sub/../a.txt\n"),
        "manifest-path"),
    bad("an absolute path", add(M, A + b"  /etc/passwd\n"), "manifest-path"),
    bad("a home folder", add(M, A + b"  ~root/x\n"), "manifest-path"),
    bad("a drive", add(M, A + b"  C:\\x\n"), "manifest-path"),
    bad("a double slash", swap(M, b"data/a", b"data//a"), "manifest-path", "file-unlisted",
        bagit=True),
    bad("backslashes", swap(M, b"sub/b", b"sub\\b"), "file-missing", "file-unlisted"),
    bad("a tag file in a payload manifest", add(M, A + b"  bagit.txt\n"), "manifest-scope"),
    bad("a folder in a manifest", add(M, A + b"  data/sub\n"), "manifest-folder"),
    bad("a folder in a manifest, with a slash", add(M, A + b"  data/sub/\n"), "manifest-path"),
    bad("a bare percent sign", swap(M, b"%25", b"%", payload={"data/100%": b"1"}),
        "manifest-percent", bagit=True),
    bad("too much percent-encoding", swap(M, b"a b", b"a%20b", payload={"data/a b": b"1"}),
        "manifest-percent", "file-missing", "file-unlisted"),
    bad("a line end that is not encoded",
        swap(M, b"%0A", b"\n", payload={"data/a\nb": b"1"}), "manifest-line", "file-missing",
        "file-unlisted", warns=("name-windows",)),
    # Tag manifests
    bad("a tag manifest without the manifest",
        edited(lambda f: f.update({"tagmanifest-sha256.txt": b"".join(
            line for line in f["tagmanifest-sha256.txt"].splitlines(True)
            if b" manifest" not in line)}), sealed=False),
        "tagmanifest-omits", bagit=True, warns=("tag-unlisted",)),
    bad("a payload file in a tag manifest",
        add("tagmanifest-sha256.txt", A + b"  data/a.txt\n", sealed=False), "tagmanifest-scope"),
    bad("a tag manifest that lists itself",
        add("tagmanifest-sha256.txt", A + b"  tagmanifest-sha256.txt\n", sealed=False),
        "tagmanifest-lists-own", "file-checksum"),
    bad("a tag manifest that goes up",
        add("tagmanifest-sha256.txt", A + b"  ../x\n", sealed=False), "manifest-path"),
    bad("an empty tag manifest", put("tagmanifest-sha256.txt", b"", sealed=False),
        "tagmanifest-omits", bagit=True, warns=("tag-unlisted",)),
    # bag-info.txt
    bad("a line without a colon", add(INFO, b"no colon\n"), "info-line"),
    bad("an empty line in bag-info.txt", add(INFO, b"\n"), "info-line", bagit=True),
    bad("no space after a label", add(INFO, b"Contact-Email:a@example.org\n"), "info-space",
        bagit=True),
    bad("a space before a colon", add(INFO, b"Contact-Email : a@example.org\n"), "info-label",
        bagit=True),
    bad("an empty label", add(INFO, b": value\n"), "info-label", bagit=True),
    bad("a continuation of nothing", put(INFO, b"  lost\nContact-Name: A\n"), "info-line"),
    bad("bag-info.txt in Latin-1", put(INFO, b"Contact-Name: \xe9\n"), "tag-encoding"),
    bad("Payload-Oxum with other bytes", put(INFO, b"Payload-Oxum: 2055.2\n"), "oxum-differs"),
    bad("Payload-Oxum with other files", put(INFO, b"Payload-Oxum: 2054.3\n"), "oxum-differs"),
    bad("Payload-Oxum twice", put(INFO, b"Payload-Oxum: 2054.2\nPayload-Oxum: 2054.2\n"),
        "oxum-repeated", bagit=True),
    bad("Payload-Oxum that is none", put(INFO, b"Payload-Oxum: 2054\n"), "oxum-form"),
    bad("Payload-Oxum in words", put(INFO, b"Payload-Oxum: much.many\n"), "oxum-form"),
    bad("payload-oxum in small letters is wrong", put(INFO, b"payload-oxum: 1.1\n"),
        "oxum-differs", bagit=True),
    # fetch.txt
    bad("fetch.txt", put("fetch.txt", b"http://example.org/a 6 data/a.txt\n"), "fetch-refused",
        bagit=True),
    bad("fetch.txt with a file that is not there",
        lambda: {n: d for n, d in seal(right() | {
            "fetch.txt": b"http://example.org/a 6 data/a.txt\n"}).items() if n != "data/a.txt"},
        "fetch-incomplete", "file-missing", allow_fetch=True),
    bad("fetch.txt with a file that no manifest has",
        put("fetch.txt", b"http://example.org/a 6 data/none\n"), "fetch-unlisted",
        "fetch-incomplete", bagit=True, allow_fetch=True),
    bad("fetch.txt with another length",
        put("fetch.txt", b"http://example.org/a 7 data/a.txt\n"), "fetch-length", bagit=True,
        allow_fetch=True),
    bad("fetch.txt with no URL", put("fetch.txt", b"nowhere 6 data/a.txt\n"), "fetch-line",
        allow_fetch=True),
    bad("fetch.txt with two words in a line", put("fetch.txt", b"http://example.org/a 6\n"),
        "fetch-line", allow_fetch=True),
    bad("fetch.txt with a path that goes up",
        put("fetch.txt", b"http://example.org/a 6 ../../x\n"), "fetch-path", allow_fetch=True),
    bad("fetch.txt with a tag file", put("fetch.txt", b"http://example.org/a 6 bagit.txt\n"),
        "fetch-path", bagit=True, allow_fetch=True),
    # Several at once: all are told
    bad("everything at once",
        edited(lambda f: f.update({
            "data/a.txt": b"x", "data/extra": b"1", M: f[M] + A + b"  data/gone\n",
            INFO: b"Payload-Oxum: 1.1\nno colon\n"})),
        "file-checksum", "file-unlisted", "file-missing", "info-line", "oxum-differs"),
]  # fmt: skip

CASES = [*RIGHT, *WRONG]

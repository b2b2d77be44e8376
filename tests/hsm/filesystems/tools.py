"""What ordinary programs make of a file whose content is away: the table of the documentation, and
how each line of it is tried.

A command runs in the folder of the file `scan.dat`; what it copies, and what is unpacked again of
what it packs, is to be `$OUT/scan.dat`. What it says instead is what it found.
"""

from __future__ import annotations

from dataclasses import dataclass

FULL = "full size"
ROOM = "no room, or one block"
TIME = "time of the content"
STUB = "the stub itself"
CLONE = "another stub of the same content"
ZEROS = "zeros"
REFUSED = "an error"
KEPT = "what it had; not read again"
MARKED = "what it had, with the marker of a stub"
CONTENT = "the content"
"""Verdicts: what a program sees, or what its copy is."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program, what it finds without a recall gate, and with one. `before` runs while the file is
    still whole. `once`: it is tried on one filesystem, as no
    other is known to make a difference."""

    name: str
    command: str
    found: str
    gated: str = CONTENT
    before: str = ""
    once: bool = False


def _facts(name: str, command: str, found: str) -> Tool:
    return Tool(name, command, found, found)


_RESTIC = "RESTIC_PASSWORD=x restic -q --no-cache -r $OUT/repo"
_RESTORED = f"{_RESTIC} restore latest --target $OUT/back && mv $OUT/back/scan.dat $OUT/"
_BORG = "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes BORG_BASE_DIR=$OUT/base borg"
_BORG_INIT = f"{_BORG} init -e none $OUT/repo"
_EXTRACTED = f"(cd $OUT && {_BORG} extract repo::b)"

TOOLS = (
    _facts("ls -l", "ls -l scan.dat | cut -d' ' -f5", FULL),
    _facts("stat", "stat -c %s scan.dat", FULL),
    _facts("du --apparent-size", "du -b scan.dat | cut -f1", FULL),
    _facts("du", "du -k scan.dat | cut -f1", ROOM),
    _facts("find -newermt", "find scan.dat -newermt 2017-07-14 ! -newermt 2017-07-15", TIME),
    _facts("mv", "mv scan.dat $OUT/", STUB),
    _facts("ln", "ln scan.dat $OUT/", STUB),
    Tool("cat", "cat scan.dat > $OUT/scan.dat", ZEROS),
    Tool("dd", "dd if=scan.dat of=$OUT/scan.dat status=none", ZEROS, once=True),
    Tool("md5sum", "md5sum < scan.dat", ZEROS, once=True),
    Tool("sha256sum", "sha256sum < scan.dat", ZEROS, once=True),
    Tool("mmap()", "python3 -c '{map}' > $OUT/scan.dat", ZEROS),
    Tool("shutil.copy", "python3 -c '{copy}'", ZEROS, once=True),
    Tool("shutil.copy2", "python3 -c '{copy2}'", CLONE, once=True),
    Tool("sqlite3", "sqlite3 $DATABASE 'select x from t'", REFUSED, once=True),
    Tool("cp", "cp scan.dat $OUT/", ZEROS),
    Tool("cp --sparse=always", "cp --sparse=always scan.dat $OUT/", ZEROS, once=True),
    Tool("cp --reflink=auto", "cp --reflink=auto scan.dat $OUT/", ZEROS),
    Tool("cp -p", "cp -p scan.dat $OUT/", ZEROS, once=True),
    Tool("cp -a", "cp -a scan.dat $OUT/", CLONE),
    Tool("rsync", "rsync scan.dat $OUT/", ZEROS, once=True),
    Tool("rsync -a", "rsync -a scan.dat $OUT/", ZEROS),
    Tool("rsync -aS", "rsync -aS scan.dat $OUT/", ZEROS, once=True),
    Tool("rsync -aX", "rsync -aX scan.dat $OUT/", CLONE),
    Tool("rsync -a, again", "rsync -a scan.dat $OUT/", KEPT, KEPT, "rsync -a scan.dat $OUT/"),
    Tool("tar", "tar c scan.dat | tar x -C $OUT", ZEROS),
    Tool("tar -S", "tar cS scan.dat | tar x -C $OUT", ZEROS),
    Tool("tar --xattrs", "tar c --xattrs scan.dat | tar x --xattrs -C $OUT", CLONE),
    Tool("zip", "zip -q $OUT/z scan.dat && unzip -q $OUT/z.zip -d $OUT", ZEROS, once=True),
    Tool("gzip", "gzip < scan.dat | gunzip > $OUT/scan.dat", ZEROS, once=True),
    Tool(
        "cpio", "echo scan.dat | cpio -o --quiet | (cd $OUT && cpio -i --quiet)", ZEROS, once=True
    ),
    Tool(
        "restic",
        f"{_RESTIC} init >/dev/null && {_RESTIC} backup scan.dat && {_RESTORED}",
        CLONE,
        once=True,
    ),
    Tool(
        "restic, again",
        f"{_RESTIC} backup scan.dat && {_RESTORED}",
        CLONE,
        before=f"{_RESTIC} init >/dev/null && {_RESTIC} backup scan.dat",
        once=True,
    ),
    Tool(
        "restic --ignore-ctime, again",
        f"{_RESTIC} backup --ignore-ctime scan.dat && {_RESTORED}",
        MARKED,
        MARKED,
        before=f"{_RESTIC} init >/dev/null && {_RESTIC} backup scan.dat",
        once=True,
    ),
    Tool(
        "borg",
        f"{_BORG_INIT} && {_BORG} create $OUT/repo::b scan.dat && {_EXTRACTED}",
        CLONE,
        once=True,
    ),
    Tool(
        "borg, again",
        f"{_BORG} create $OUT/repo::b scan.dat && {_EXTRACTED}",
        CLONE,
        before=f"{_BORG_INIT} && touch newer && {_BORG} create $OUT/repo::a scan.dat newer",
        once=True,
    ),
    Tool(
        "borg --files-cache=mtime,size, again",
        f"{_BORG} create --files-cache=mtime,size $OUT/repo::b scan.dat && {_EXTRACTED}",
        MARKED,
        before=f"{_BORG_INIT} && touch newer && {_BORG} create --files-cache=mtime,size "
        "$OUT/repo::a scan.dat newer",
        once=True,
    ),
)


def table() -> str:
    """As the documentation shows it."""
    lines = ["| program | finds without the gate | with it |", "|---|---|---|"]
    lines += [f"| `{each.name}` | {each.found} | {each.gated} |" for each in TOOLS]
    return "\n".join(lines) + "\n"

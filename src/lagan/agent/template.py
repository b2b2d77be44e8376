"""A commented settings file to begin with: every key with its default and what it means."""

from __future__ import annotations

from pathlib import Path

from lagan.agent.keys import DOCUMENTED, KEYS, OURS, Key
from lagan.kit.errors import BadInput, Conflict
from lagan.kit.files import write_atomically

_FIRST = (
    "hub_url", "facility_name", "instrument_name", "data_directory", "contact_name",
    "contact_email",
    "username", "api_key",
)  # fmt: skip
"""What everybody has to fill in."""


_FOLLOWS = {
    f"{stem}_{part}": what
    for stem in ("ignore_interval", "ignore_new_interval")
    for part, what in (("number", "How many of the units below"), ("unit", "The unit"))
}


def render() -> str:
    """The file's text."""
    rest = [key for key in (*DOCUMENTED, *OURS) if key.name not in _FIRST and not _is_idle(key)]
    lines = [
        "# Settings of the Lagan agent. A % is written %%.",
        "# Every line that begins with # shows a default; take the # away to change it.",
        "",
        "[agent]",
    ]
    for name in _FIRST:
        lines += ["", f"# {KEYS[name].note}", f"{name} ="]
    for key in rest:
        lines += ["", *_notes(key), f"#{key.name} = {_text(key.default)}".rstrip()]
    return "\n".join(lines) + "\n"


def table() -> str:
    """Every key for the documentation, as rows of a table."""
    lines = ["| setting | default | means |", "|---|---|---|"]
    for key in (*DOCUMENTED, *OURS):
        default = f"`{key.default}`" if key.default != "" else ""
        note = key.note[:1].upper() + key.note[1:] if key.note else _FOLLOWS.get(key.name, "")
        if key.choices:
            note += ": " + ", ".join(f"`{each}`" for each in key.choices)
        lines.append(f"| `{key.name}` | {default} | {note} |")
    return "\n".join(lines)


def write(path: Path, force: bool = False) -> None:
    """Write it to `path`, readable by its owner alone (it will hold a key). Conflict when a file
    is there."""
    if path.exists() and not force:
        raise Conflict(f"{path} is there already; --force replaces it.")
    try:
        write_atomically(path, render().encode(), mode=0o600)
    except OSError as error:
        raise BadInput(f"Cannot write {path}: {error.strerror}.") from None


def _is_idle(key: Key) -> bool:
    return key.note.startswith("(kept)") or key.name == "mytardis_url"


def _notes(key: Key) -> list[str]:
    notes = [f"# {key.note}"] if key.note else []
    if key.choices:
        notes.append(f"# one of: {', '.join(key.choices)}")
    return notes


def _text(value: object) -> str:
    return str(value).replace("%", "%%")

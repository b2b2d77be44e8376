"""What a preview says, in words: a sentence for each of its notes, icons of kinds; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from lagan.hub.access.queries import Block, Drawn

_ICONS = {
    "image": "image",
    "text": "file-text",
    "table": "table-2",
    "json": "braces",
    "pdf": "file-text",
    "hdf5": "folder-tree",
    "fits": "telescope",
    "dicom": "scan",
    "nifti": "brain",
    "zip": "file-archive",
    "tar": "file-archive",
}

_SENTENCES: Mapping[str, str | Promise] = {
    "empty": _("The file is empty."),
    "unreadable": _(
        "There is no preview: the file is not what its name or beginning says, or it is damaged. "
        "Download it to look at it yourself."
    ),
    "locked": _("There is no preview: the file asks for a password."),
    "too-large": _("This is too large to be drawn. Download it to look at it."),
    "too-slow": _("Drawing the preview took too long and was given up."),
    "out-of-reach": _("No good copy of the file can be read just now. Try again in a moment."),
    "busy": _("Many previews are being drawn just now. Try again in a moment."),
    "no-picture": _("There is no picture in this file."),
    "no-frame": _("Its picture is packed in a way that is not drawn here. The tags are below."),
    "unknown-kind": _("There is no preview for this kind of file. These are its first bytes:"),
    "stretched": _("Brightness is stretched between the 0.5 % darkest and brightest values."),
    "personal-data": _(
        "DICOM headers can hold personal data: names, dates of birth, identifiers. Look before "
        "you share this file."
    ),
    "not-json": _("This is not valid JSON; it is shown as it is."),
    "first-lines": _("The first %(lines)s lines are shown."),
    "first-rows": _("The first %(rows)s rows are shown."),
    "first-columns": _("%(columns)s of %(of)s columns are shown."),
    "first-members": _("The first %(members)s members are shown."),
    "first-nodes": _("The first %(nodes)s entries are shown."),
    "first-cards": _("The first %(cards)s cards are shown."),
    "damaged-after": _("The archive is damaged after its first %(members)s members."),
}
_WARNINGS = {"personal-data", "damaged-after", "not-json"}
_PAGES: Mapping[str, str | Promise] = {
    "page": _("Page"),
    "unit": _("Unit"),
    "frame": _("Frame"),
    "volume": _("Volume"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A preview as the template lays it out; pages counted from 1, None where there is none."""

    blocks: list[Block]
    kind: str
    page: int
    pages: int
    more: bool
    page_words: str | Promise
    before: int | None
    after: int | None


def shown(drawn: Drawn) -> Shown:
    """The preview with its notes in words."""
    last = drawn.page + 1 >= drawn.pages
    return Shown(
        blocks=_blocks(drawn.blocks),
        kind=drawn.kind,
        page=drawn.page + 1,
        pages=drawn.pages,
        more=drawn.more,
        page_words=_PAGES.get(drawn.pages_are, _PAGES["page"]),
        before=drawn.page if drawn.page > 0 else None,
        after=None if last else drawn.page + 2,
    )


def sentence(code: str, facts: Mapping[str, Any]) -> str:
    """What a note says; one that no page knows, as there is none for it."""
    words = str(_SENTENCES.get(code, gettext("There is no preview of this file.")))
    try:
        return words % facts if "%(" in words else words.replace("%%", "%")
    except (KeyError, ValueError, TypeError):
        return words


def kind_icon(kind: str) -> str:
    """The icon of a kind of file."""
    return _ICONS.get(kind, "file")


_SMALL = 320
"""Pixels of the longer side up to which a picture is shown larger than it is."""


def _blocks(blocks: Sequence[Block]) -> list[Block]:
    """The blocks with pictures that follow each other gathered in one row."""
    made: list[Block] = []
    for kind, some in groupby(blocks, key=lambda each: each["type"] == "picture"):
        if kind:
            made.append({"type": "pictures", "pictures": [_sized(each) for each in some]})
        else:
            made += [_block(each) for each in some]
    return made


def _sized(picture: Block) -> Block:
    longer = max(picture["width"], picture["height"])
    return {**picture, "size": "small-picture" if longer <= _SMALL else "picture"}


def _block(block: Block) -> Block:
    if block["type"] == "note":
        code = block["code"]
        words = sentence(code, block.get("facts") or {})
        return {"type": "note", "words": words, "warns": code in _WARNINGS, "code": code}
    if block["type"] == "lines":
        first = block["first"]
        return {**block, "rows": list(enumerate(block["lines"], first))}
    if block["type"] == "tree":
        return {
            **block,
            "nodes": [{**node, "icon": _NODES[node["kind"]]} for node in block["nodes"]],
        }
    return block


_NODES = {
    "group": "folder",
    "dataset": "grid-3x3",
    "link": "link",
    "damaged": "triangle-alert",
    "type": "type",
    "value": "tag",
}

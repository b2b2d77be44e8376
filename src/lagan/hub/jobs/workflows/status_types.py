"""How a file's state at a site is shown: an administrator chooses words and two colours.

Source: seeds/workflow-hub.txt, "File Status Types".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from django.db import transaction

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.jobs.models import FileStatusType
from lagan.hub.jobs.site_rights import require_administer
from lagan.hub.jobs.workflows.errors import UnsoundStatusType
from lagan.hub.jobs.workflows.queries import status_type

READABLE = 4.5
"""The contrast that WCAG AA asks of text."""

_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_LONGEST_LABEL = 60


def change_status_type(
    *,
    by: Actor,
    key: str,
    label: str | None = None,
    background_color: str | None = None,
    text_color: str | None = None,
) -> FileStatusType:
    """Give a state other words or colours; what is None stays. Colours are `#rgb` or `#rrggbb`.
    UnsoundStatusType names what is wrong; NotFound for an unknown key."""
    require_administer(by)
    given = {"label": label, "background_color": background_color, "text_color": text_color}
    changes = {name: value for name, value in given.items() if value is not None}
    _check(changes)
    with transaction.atomic():
        row = FileStatusType.objects.select_for_update().get(pk=status_type(key).pk)
        for name, value in changes.items():
            setattr(row, name, value)
        row.save()
        record(kind=Kind.STATUS_TYPE_CHANGED, by=by, data={"key": key, **changes})
    return row


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21, as WCAG 2 defines it."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(each * 2 for each in colour[1:])
    red, green, blue = (int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4))
    return 0.2126 * _linear(red) + 0.7152 * _linear(green) + 0.0722 * _linear(blue)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _check(changes: Mapping[str, object]) -> None:
    reasons = {name: list(_about(name, value)) for name, value in changes.items()}
    if found := {name: those for name, those in reasons.items() if those}:
        raise UnsoundStatusType(found)


def _about(name: str, value: object) -> Iterator[str]:
    if name == "label":
        if not isinstance(value, str) or not value.strip():
            yield "This is required."
        elif not value.isprintable() or len(value) > _LONGEST_LABEL:
            yield f"A text of one line and at most {_LONGEST_LABEL} characters is expected."
    elif not isinstance(value, str) or not _COLOUR.fullmatch(value):
        yield "A colour as #1a7f37 is expected."

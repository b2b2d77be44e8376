"""A template's field as the REST API shows and takes it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field as Limits

from lagan.hub.tree.templates.fields import Field

Flag = Literal["MANDATORY", "NONOVERRIDE", "SINGULAR", "MULTIPLE", "PERSISTENT"]
Count = Annotated[int, Limits(ge=0, le=1000)]


class FieldShape(Schema):
    """What a template says of a key: `default` values in order, a `regex` that each value matches
    as a whole, `min` and `max` number of values (`max` null: any number)."""

    key: str
    default: list[str] = []
    regex: str = ""
    flags: list[Flag] = []
    min: Count = 0
    max: Count | None = None
    comment: str = ""

    def field(self) -> Field:
        """As the tree knows it."""
        flags: dict[str, Any] = {flag.lower(): True for flag in self.flags}
        return Field(
            key=self.key,
            defaults=tuple(self.default),
            regex=self.regex,
            least=self.min,
            most=self.max,
            comment=self.comment,
            **flags,
        )


def shape(field: Field) -> dict[str, Any]:
    """As a document."""
    return {
        "key": field.key,
        "default": list(field.defaults),
        "regex": field.regex,
        "flags": [flag.upper() for flag in field.flags],
        "min": field.least,
        "max": field.most,
        "comment": field.comment,
    }

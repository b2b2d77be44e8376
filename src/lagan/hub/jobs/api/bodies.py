"""Bodies and answers that may hold any name a filesystem can hold: bytes that are no UTF-8 travel
in JSON as lone surrogates (`\\udcXX`), which the API's usual validation refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field

from lagan.kit.errors import BadInput


class In(Schema):
    """Unknown fields are passed over: clients send back what they were shown, read-only fields
    included."""

    model_config = ConfigDict(extra="ignore")


class NumberedOut(Schema):
    """A numbered page."""

    count: int
    next: str | None
    previous: str | None


def _one_line(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise ValueError("A text of one line is expected.")
    return text


Line = Annotated[str, Field(max_length=200), AfterValidator(_one_line)]
"""A name: printable, so that every database and every page can hold it."""


def json_answer(value: Any, status: int = 200) -> HttpResponse:
    """`value` as JSON in ASCII, lone surrogates escaped."""
    body = json.dumps(value, cls=DjangoJSONEncoder)
    return HttpResponse(body, status=status, content_type="application/json")


def json_body(request: HttpRequest) -> Mapping[str, Any]:
    """The object that was sent. BadInput for what is no JSON object."""
    try:
        value = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        raise BadInput("The body is not JSON.") from None
    if not isinstance(value, dict):
        raise BadInput("The body is a JSON object.")
    return value


def described(schema: type[Schema]) -> dict[str, Any]:
    """How a body that `json_body` reads is told in the API's description."""
    content = {"application/json": {"schema": schema.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}

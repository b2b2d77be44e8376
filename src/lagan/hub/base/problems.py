"""Every refusal leaves the API as one problem document (RFC 9457), and nothing else decides what is
in it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.serializers.json import DjangoJSONEncoder
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja.errors import AuthenticationError, HttpError, ValidationError

from lagan.kit.errors import (
    BadInput,
    Conflict,
    Forbidden,
    LaganError,
    NoSpace,
    NotFound,
    NotSignedIn,
    TooLarge,
    Unavailable,
)
from lagan.kit.ids import new_id

log = logging.getLogger("lagan.problems")
CONTENT_TYPE = "application/problem+json"
_DISK_FULL = {"database or disk is full", "53100"}
"""What SQLite says, and PostgreSQL's code."""


def problem(error: LaganError) -> dict[str, Any]:
    """The problem document of a refusal: its facts beside `type`, `title`, `status` and `detail`,
    and the reasons of each field under its name, as programs of the workflow hub expect them."""
    title = error.code.replace("-", " ").capitalize()
    fixed = {
        "type": f"/problems/{error.code}",
        "title": title,
        "status": error.status,
        "detail": error.sentence,
    }
    return {**error.facts, **reasons(error), **fixed}


def reasons(error: LaganError) -> dict[str, list[str]]:
    """What is wrong with which field: the fact `reasons`, the fields of a validation, or the one
    `field` that the sentence is about."""
    told: dict[str, list[str]] = {}
    for each in error.facts.get("fields") or ():
        if isinstance(each, dict) and "problem" in each:
            name = str(each["field"]).removeprefix("body.").partition(".")[0]
            told.setdefault(name or "non_field_errors", []).append(str(each["problem"]))
    if isinstance(field := error.facts.get("field"), str):
        told.setdefault(field, [error.sentence])
    given = error.facts.get("reasons")
    return {**told, **given} if isinstance(given, Mapping) else told


@contextmanager
def about(field: str) -> Iterator[None]:
    """Whatever is refused in here as bad input, as taken or as absent is said of `field`, with
    status 400: what is absent is not what the address names."""
    try:
        yield
    except (BadInput, Conflict, NotFound) as refusal:
        if reasons(refusal) and refusal.status == BadInput.status:
            raise
        told = reasons(refusal) or {field: [refusal.sentence]}
        raise BadInput(refusal.sentence, **{**refusal.facts, "reasons": told}) from refusal


def respond(error: LaganError) -> HttpResponse:
    """The refusal as an HTTP answer."""
    body = json.dumps(problem(error), cls=_Anything)
    response = HttpResponse(body, content_type=CONTENT_TYPE, status=error.status)
    if error.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="lagan"'
    return response


def refusal(error: Exception) -> LaganError | None:
    """What a foreign exception means in our words, whether the sender caused it or the machine;
    None when it is our own fault."""
    match error:
        case LaganError():
            return error
        case ValidationError():
            return of_validation(error)
        case Http404():
            return NotFound("There is nothing at this address.")
        case AuthenticationError():
            return NotSignedIn("Sign in first.")
        case PermissionDenied():
            return Forbidden("This is not allowed.")
        case RequestDataTooBig():
            return TooLarge("The body of this request is too large.")
        case HttpError() if error.status_code < 500:
            return BadInput(str(error))
        case SuspiciousOperation():
            return BadInput("This request is malformed.")
        case OperationalError():
            return _database(error)
    return None


def answer(request: HttpRequest, error: Exception) -> HttpResponse:
    """The answer to any exception. What we did not foresee is logged under an incident id, never
    shown; what is away, or has no room, is a line of the log."""
    known = refusal(error)
    if known is not None and known.status < 500:
        return respond(known)
    if known is error and known.code != LaganError.code:
        log.warning("%s %s: %s", request.method, request.path, known.sentence)
        return respond(known)
    incident = str(new_id())
    log.error("incident %s: %s %s", incident, request.method, request.path, exc_info=error)
    if known is not None and known.code != LaganError.code:
        return respond(known)
    return respond(
        LaganError(f"Something went wrong here; it is logged as {incident}.", incident=incident)
    )


def _database(error: OperationalError) -> LaganError:
    """The database is full, away or too busy; its own words stay in the log."""
    if _DISK_FULL & {str(error), getattr(error.__cause__, "sqlstate", None)}:
        return NoSpace("The hub's database has no room.")
    return Unavailable("The hub's database cannot be used just now.")


def of_validation(error: ValidationError) -> BadInput:
    """Names each field; never repeats what was sent, for that may be a password."""
    fields = [
        {"field": ".".join(map(str, each["loc"][1:])), "problem": each["msg"]}
        for each in error.errors
    ]
    sentence = "; ".join(f"{each['field'] or 'body'}: {each['problem']}" for each in fields)
    return BadInput(f"Not as it should be: {sentence}.", fields=fields)


class _Anything(DjangoJSONEncoder):
    """Facts are for people too: what JSON has no word for is written as text."""

    def default(self, o: Any) -> Any:
        try:
            return super().default(o)
        except TypeError:
            return str(o)

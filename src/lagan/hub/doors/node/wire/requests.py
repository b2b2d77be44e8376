"""What a client of the archive server asked for: command, parameters, headers; pure and lenient.

Real clients send targets without a slash, no Host, HTTP/1.0, and parameters in a
Content-Disposition header with quotes. Source: reference/ngas-http.md sections 2, 14 and 18.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, unquote_plus

from lagan.kit.errors import BadInput

NOT_TOLD = "ngas/archive-request"
"""The type a client sends when it leaves it to the server to tell by the file's name."""
LONGEST_TARGET = 65_536
"""Characters of a request line's target."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request without its body. `size` is the announced length of the body in bytes, None
    without one; `parameters` are merged from the address and the Content-Disposition header, empty
    ones are absent."""

    method: str
    command: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    size: int | None = None
    mime_type: str = ""
    target: str = ""
    """Path and query as they came."""

    def get(self, name: str, default: str = "") -> str:
        """A parameter's text."""
        return self.parameters.get(name, default)

    def has(self, name: str) -> bool:
        """Whether a parameter is there with any value: `force=0` forces, as clients expect."""
        return name in self.parameters

    def switch(self, name: str, default: bool = False) -> bool:
        """A parameter that is 1 or 0. BadInput."""
        text = self.get(name).lower()
        if not text:
            return default
        if text not in _SWITCH:
            raise InvalidParameter(f"{name} is neither 1 nor 0: {text[:40]}", parameter=name)
        return _SWITCH[text]

    def number(self, name: str) -> int | None:
        """A whole number; None when it is absent. BadInput."""
        text = self.get(name)
        if not text:
            return None
        if not re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII):
            raise InvalidParameter(f"{name} is no whole number: {text[:40]}", parameter=name)
        return int(text)

    @property
    def version(self) -> int | None:
        """The file version asked for; -1, which clients send with everything, means none."""
        found = self.number("file_version")
        return None if found is None or found < 1 else found


_SWITCH = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


class InvalidParameter(BadInput):
    """A parameter that cannot be understood; clients look for the first words."""

    code = "invalid-parameter"

    def __init__(self, sentence: str, **facts: object) -> None:
        super().__init__(f"Invalid parameter: {sentence}", **facts)


def understand(method: str, target: str, headers: Mapping[str, str]) -> Request:
    """The request that a request line and headers make (header names in any case). BadInput for a
    target that is too long or a length that is none."""
    if len(target) > LONGEST_TARGET:
        raise BadInput(f"A request's target has at most {LONGEST_TARGET} characters.")
    lower = {name.lower(): value.strip() for name, value in headers.items()}
    command, parameters = split_target(target)
    disposition = dict(disposition_parameters(lower.get("content-disposition", "")))
    named_type = disposition.pop("mime_type", "")
    _require_no_nul({**disposition, **parameters})
    mime_type = parameters.get("mime_type") or _content_type(lower) or named_type
    return Request(
        method=method,
        command=command,
        parameters={**disposition, **parameters},
        headers=lower,
        size=_length(lower.get("content-length")),
        mime_type=mime_type,
        target=target,
    )


def _require_no_nul(parameters: Mapping[str, str]) -> None:
    """No database and no file system can hold it. InvalidParameter."""
    for name, value in parameters.items():
        if "\0" in name or "\0" in value:
            raise InvalidParameter(f"{name!r} has a NUL character.", parameter=name)


def split_target(target: str) -> tuple[str, dict[str, str]]:
    """The command and the parameters of a target. It is cut at its last `?`, whatever is around it
    is stripped, and an absolute address is taken for its path."""
    bare = re.sub(r"^https?://[^/?]*", "", target)
    path, mark, query = bare.rpartition("?")
    if not mark:
        path, query = query, ""
    return unquote(path).strip("?/ "), dict(_pairs(query))


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for part in re.split("[&;]", query):
        name, mark, value = part.partition("=")
        text = _bare(unquote_plus(value))
        if mark and text:
            yield unquote_plus(name), text


def disposition_parameters(header: str) -> Iterator[tuple[str, str]]:
    """The `name=value` parts of a Content-Disposition header; of `filename` only the base name."""
    for part in _parts(header):
        name, mark, value = part.partition("=")
        text = _bare(unquote(value.strip()))
        if mark and text:
            key = name.strip()
            yield key, text.replace("\\", "/").rpartition("/")[2] if key == "filename" else text


def _parts(header: str) -> Iterator[str]:
    """Cut at semicolons that stand outside quotes."""
    for found in re.finditer(r'(?:[^;"]|"[^"]*"?)+', header):
        yield found[0].strip()


def _bare(text: str) -> str:
    """Without the quotes that some clients send as part of the value."""
    stripped = text.strip()
    if len(stripped) >= 2 and stripped[0] == stripped[-1] and stripped[0] in "\"'":
        stripped = stripped[1:-1]
    return stripped


def _content_type(headers: Mapping[str, str]) -> str:
    told = headers.get("content-type", "").partition(";")[0].strip()
    return "" if told == NOT_TOLD else told


def _length(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII):
        raise BadInput(f"Content-Length is no length: {text[:40]!r}.")
    return int(text)

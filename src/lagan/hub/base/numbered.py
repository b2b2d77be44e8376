"""Numbered pages, for the lists whose answer `seeds/workflow-hub.txt` fixes; every other list goes
by key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.request import QueryDict

from lagan.kit.errors import NotFound

M = TypeVar("M", bound=Model)
SMALLEST, LARGEST = 20, 100
"""The documented bounds of `page_size`, in rows; 0 asks for everything."""


def numbered(request: HttpRequest, rows: QuerySet[M], show: Callable[[M], Any]) -> dict[str, Any]:
    """As `numbered_together`, of rows that are shown one by one."""
    return numbered_together(request, rows, lambda page: [show(row) for row in page])


def numbered_together(
    request: HttpRequest, rows: QuerySet[M], show: Callable[[Sequence[M]], list[Any]]
) -> dict[str, Any]:
    """`count`, `next`, `previous` (absolute addresses or None) and `results` of the page that the
    query asks for; `show` is given the whole page.

    Source: seeds/workflow-hub.txt, the query parameters `page` and `page_size`. NotFound for a page
    that is not there.
    """
    size = page_size(request.GET)
    if size == 0:
        results = show(list(rows))
        return {"count": len(results), "next": None, "previous": None, "results": results}
    count, number = rows.count(), _number(request.GET)
    if number > 1 and (number - 1) * size >= count:
        raise NotFound(f"There is no page {number}.", page=number)
    results = show(list(rows[(number - 1) * size : number * size]))
    return {
        "count": count,
        "next": _address(request, number + 1) if number * size < count else None,
        "previous": _address(request, number - 1) if number > 1 else None,
        "results": results,
    }


def page_size(query: QueryDict) -> int:
    """What `page_size` means: 0 all, up to 20 and anything that is no number 20, over 100 100."""
    text = query.get("page_size", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return SMALLEST
    return 0 if int(text) == 0 else min(max(int(text), SMALLEST), LARGEST)


def _number(query: QueryDict) -> int:
    text = query.get("page") or "1"
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        raise NotFound("A page is named by its number, from 1.", page=text[:20])
    return int(text)


def _address(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")

"""The privacy statement, in the words of the hub and the names of whoever runs it."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lagan.hub.accounts import services


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Open to everybody, before and after the log in."""
    context = {"institution": settings.CONFIG.institution, "parts": services.personal_parts()}
    return render(request, "web/pages/privacy.html", context)

"""What monitoring asks for: /healthz for anybody, /metrics for this machine or whoever has the
token."""

from __future__ import annotations

import hmac
from dataclasses import asdict
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from lagan.hub.ops import health, metrics


@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """200 when all is well, else 503; the same JSON either way."""
    checks = health.look()
    well = all(check.well for check in checks)
    body = {"status": "well" if well else "unwell", "checks": [asdict(check) for check in checks]}
    response = JsonResponse(body, status=200 if well else 503)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def show_metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format. Absent for other machines without LAGAN_METRICS_TOKEN's value."""
    if not _may_scrape(request):
        return HttpResponse(status=404)
    return HttpResponse(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)


def _may_scrape(request: HttpRequest) -> bool:
    token = settings.CONFIG.metrics_token
    if token:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False

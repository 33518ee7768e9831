"""Health for machines: process supervisors, load balancers, monitors."""

from collections.abc import Callable
from functools import wraps

from django.db import Error as DatabaseFailed
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.api.permissions import may_see_health
from apps.core.api.errors import MEDIA_TYPE
from apps.ops.services.health import check_health
from apps.ops.services.metrics import CONTENT_TYPE, metrics_text

_View = Callable[[HttpRequest], HttpResponse]


def _for_ops(view: _View) -> _View:
    """Only for allowed addresses and ops tokens; nothing of an answer is kept by caches."""

    @require_safe
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        response = view(request) if _is_allowed(request) else _refusal()
        response["Cache-Control"] = "no-store"
        return response

    return guarded


@_for_ops
def healthz(_request: HttpRequest) -> JsonResponse:
    """The process is up; nothing else is looked at."""
    return JsonResponse({"status": "up"})


@_for_ops
def readyz(_request: HttpRequest) -> JsonResponse:
    """Each check with its outcome; 503 when a required one failed."""
    health = check_health()
    return JsonResponse(health.as_json(), status=503 if health.status == "unready" else 200)


@_for_ops
def metrics(_request: HttpRequest) -> HttpResponse:
    """Figures about jobs, workers, machines and their cards, for Prometheus."""
    text = metrics_text(now=timezone.now())
    return HttpResponse(text, content_type=CONTENT_TYPE)


def _is_allowed(request: HttpRequest) -> bool:
    try:
        return may_see_health(request)
    except DatabaseFailed:  # a token can't be checked
        return False


def _refusal() -> JsonResponse:
    body = {
        "type": "urn:mediahub:problem:permission_denied",
        "title": "Forbidden",
        "status": 403,
        "detail": "This takes an ops token, or an address named in MEDIAHUB_OPS_ADDRESSES.",
    }
    return JsonResponse(body, status=403, content_type=MEDIA_TYPE)

"""Gives every request an id, lets the audit know who acts in it, and says what pages may load."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.core.context import Actor, acting

_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")
# No script runs that isn't a file of ours. Alpine evaluates the expressions in Unfold's templates;
# hls.js hands the browser a stream as a blob.
_MAY_LOAD = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


class RequestContextMiddleware:
    """Accepts a well-formed ``X-Request-ID``, else makes one, and answers with it.

    The acting user is known only further in: see ``ActingUserMiddleware`` and the API.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _ACCEPTABLE.fullmatch(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        with acting(Actor(request_id=request_id)):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class ActingUserMiddleware:
    """Stands after authentication: what a session's user does is written down under their name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id: str = request.request_id  # type: ignore[attr-defined]
        with acting(Actor(user_id=request.user.pk, request_id=request_id)):
            return self.get_response(request)


class ContentPolicyMiddleware:
    """Names, in every answer, the sources from which a page may load anything."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", _MAY_LOAD)
        return response

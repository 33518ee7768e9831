"""``GET jobs/events/``: what happens to jobs, as server-sent events."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from apps.jobs import stream

_TYPE = "text/event-stream"
_LARGEST_ID = 2**63 - 1
_MOST_IDS = 100
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_PLACE = "the last event that you have seen; browsers send it as `Last-Event-ID`"
_PARAMETERS = [
    OpenApiParameter("last_event_id", OpenApiTypes.INT64, description=_PLACE),
    OpenApiParameter("Last-Event-ID", OpenApiTypes.INT64, OpenApiParameter.HEADER),
    OpenApiParameter("job", OpenApiTypes.STR, description="ids of jobs, separated by commas"),
    OpenApiParameter(
        "parent",
        OpenApiTypes.STR,
        description="ids of batches whose children to tell of; `none`: of jobs without a parent",
    ),
]


class EventStreamRenderer(BaseRenderer):
    """Lets clients accept events; they are never rendered from data, only streamed."""

    media_type = _TYPE
    format = "events"
    charset = "utf-8"


class JobEvents(GenericViewSet):
    """The part of the jobs' views that streams."""

    @extend_schema(parameters=_PARAMETERS, responses={(200, _TYPE): OpenApiTypes.STR})
    @action(
        detail=False,
        parameters=("last_event_id", "job", "parent"),
        renderer_classes=[EventStreamRenderer],
        pagination_class=None,
        filter_backends=[],
    )
    def events(self, request: Request, **_kwargs: Any) -> HttpResponseBase:
        """Changes of jobs as they happen: events `job` with an id, from now on or after an id.

        `ready` says that the stream stands, `beat` that it still does, and `resync` that events
        after the given id are no longer kept: read the jobs anew.
        """
        since, wanted = _since(request), _wanted(request)
        if not isinstance(request._request, ASGIRequest):
            text = stream.read_once(since=since, wanted=wanted)
            return HttpResponse(text, content_type=_TYPE, headers=_HEADERS)
        frames = stream.stream(since=since, wanted=wanted, may_stay=self._permission(request))
        return StreamingHttpResponse(frames, content_type=_TYPE, headers=_HEADERS)

    def _permission(self, request: Request) -> Callable[[], bool]:
        """Whether the caller would still be let in: asked with the same session or token."""
        given = request._request

        def is_permitted() -> bool:
            fresh = HttpRequest()
            fresh.method, fresh.META, fresh.COOKIES = given.method, given.META, given.COOKIES
            fresh.session = type(given.session)(given.session.session_key)
            fresh.user = get_user(fresh)
            again = self.initialize_request(fresh)
            try:
                self.perform_authentication(again)
                self.check_permissions(again)
            except APIException:
                return False
            return True

        return is_permitted


def _since(request: Request) -> int | None:
    text = request.headers.get("Last-Event-ID") or request.query_params.get("last_event_id")
    if not text:
        return None
    return _id(text, "last_event_id")


def _wanted(request: Request) -> stream.Wanted:
    parent = request.query_params.get("parent", "")
    if parent == "none":
        return stream.Wanted(jobs=_ids(request, "job"), only_roots=True)
    return stream.Wanted(jobs=_ids(request, "job"), parents=_ids(request, "parent"))


def _ids(request: Request, name: str) -> frozenset[int]:
    words = [word for text in request.query_params.getlist(name) for word in text.split(",")]
    if len(words) > _MOST_IDS:
        raise ValidationError({name: [f"Give at most {_MOST_IDS} ids."]})
    return frozenset(_id(word.strip(), name) for word in words)


def _id(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= _LARGEST_ID):
        raise ValidationError({name: ["Give an id."]})
    return int(text)

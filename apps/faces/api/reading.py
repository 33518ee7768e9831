"""What the views of faces share."""

from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from apps.faces.api.shapes import FaceChangeShape
from apps.faces.models import FaceChange


def read(body: type[Serializer], request: Request) -> dict[str, Any]:
    """What was sent. Raises ValidationError."""
    sent = body(data=request.data)
    sent.is_valid(raise_exception=True)
    return dict(sent.validated_data)


def need_sight(request: Request) -> None:
    """Whoever does something else with a face has to be allowed to see it, too. Raises
    PermissionDenied."""
    if not request.user.has_perm("faces.view_identity"):
        raise PermissionDenied


def changed(change: FaceChange) -> Response:
    return Response(FaceChangeShape(change).data)

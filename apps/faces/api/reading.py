"""What the views of faces share."""

from typing import Any

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


def changed(change: FaceChange) -> Response:
    return Response(FaceChangeShape(change).data)

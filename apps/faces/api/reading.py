"""What the views of faces share."""

from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from apps.faces.api.shapes import FaceChangeShape
from apps.faces.models import FaceChange

SAY, CHANGE_VIDEO = "faces.change_identity", "library.change_video"


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


class SaidOfFaces:
    """For views in which people say who is who: that decides which performers stand on videos, so
    that it takes the permission to change those as well."""

    permission: str

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)  # type: ignore[misc]
        if self.permission == SAY and not request.user.has_perm(CHANGE_VIDEO):
            raise PermissionDenied(f"You need the permission {CHANGE_VIDEO}.")


def changed(change: FaceChange) -> Response:
    return Response(FaceChangeShape(change).data)

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import schema as _schema  # noqa: F401 - registers itself
from apps.accounts.api.permissions import SessionOnly
from apps.accounts.api.serializers import NewTokenSerializer, TokenSerializer
from apps.accounts.models import ApiToken
from apps.accounts.services.tokens import create_token, revoke_token
from apps.core.api.views import ListedViewSet


class TokenViewSet(ListedViewSet):
    """Your own API tokens. Only a person who has logged in can manage them, never a token."""

    queryset = ApiToken.objects.all()
    serializer_class = TokenSerializer
    permission_classes: list[type[BasePermission]] = [SessionOnly]

    def get_queryset(self) -> QuerySet[ApiToken]:
        return ApiToken.objects.filter(user=self.request.user)  # type: ignore[misc]

    @extend_schema(request=TokenSerializer, responses={201: NewTokenSerializer})
    def create(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Make a token. The answer is the only place in which its secret ever stands."""
        serializer = TokenSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        token, secret = create_token(request.user, **serializer.validated_data)  # type: ignore[arg-type]
        body = {**self.represent(token), "token": secret}
        return Response(body, status=201, headers={"Location": self.location(token)})

    def destroy(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Revoke a token: it ends at once and stays listed."""
        revoke_token(self.get_object(), now=timezone.now())
        return Response(status=204)

"""Who sends a request: the bearer of a token."""

from dataclasses import replace

from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts.models import ApiToken
from apps.accounts.services.tokens import find_token
from apps.core import context


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer mh_…``. Who shows a token is judged by it alone, not by cookies."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The token's owner and the token, or nothing if there is none. Raises
        AuthenticationFailed."""
        scheme, _, secret = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        token = find_token(secret.strip().decode("latin-1"), now=timezone.now())
        if token is None:
            raise AuthenticationFailed("This token is unknown, expired or revoked.")
        context.assume(replace(context.current(), user_id=token.user_id))
        return token.user, token

    def authenticate_header(self, _request: Request) -> str:
        return 'Bearer realm="MediaHub"'

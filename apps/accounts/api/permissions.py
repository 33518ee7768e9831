"""Who may do what: Django's permissions of the user, within the scope of the token."""

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import get_authorization_header
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.accounts.choices import Scope
from apps.accounts.models import ApiToken
from apps.accounts.services.tokens import find_token

if TYPE_CHECKING:  # DRF's views read these classes from the settings while they are imported
    from rest_framework.views import APIView

_RANKS = {scope: rank for rank, scope in enumerate(Scope)}
_VERBS = {
    "GET": "view",
    "HEAD": "view",
    "OPTIONS": "view",
    "POST": "add",
    "PATCH": "change",
    "DELETE": "delete",
}


class ModelAndScopePermissions(BasePermission):
    """A view's ``permission``, else the model's for this method; and for unsafe methods of a
    token its scope must reach the view's ``write_scope``."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        user = request.user
        if not user.is_authenticated or not user.is_active:
            return False
        needed = Scope.READ if request.method in SAFE_METHODS else Scope(_write_scope(view))
        if isinstance(request.auth, ApiToken) and not _reaches(request.auth, needed):
            self.message = f"The token's scope must be {needed}."
            return False
        if request.method not in _VERBS:
            return True  # answered with 405
        permission = _permission(request, view)
        self.message = f"You need the permission {permission}."
        return not permission or user.has_perm(permission)


class SessionOnly(BasePermission):
    """For people who have logged in: no token, whatever its scope, comes near."""

    message = "Tokens can't manage tokens: log in."

    def has_permission(self, request: Request, _view: "APIView") -> bool:
        return request.user.is_authenticated and request.auth is None


class OpsCaller(BasePermission):
    """An ``ops`` token from anywhere, or a person at an allowed address."""

    message = "This takes an ops token, or an address named in MEDIAHUB_OPS_ADDRESSES."

    def has_permission(self, request: Request, _view: "APIView") -> bool:
        if isinstance(request.auth, ApiToken):
            return _reaches(request.auth, Scope.OPS)
        return is_allowed_address(request)


def may_see_health(request: HttpRequest) -> bool:
    """Whether a request outside the API may read health: by its address or by an ops token."""
    if is_allowed_address(request):
        return True
    scheme, _, secret = get_authorization_header(request).partition(b" ")  # type: ignore[arg-type]
    if scheme.lower() != b"bearer":
        return False
    token = find_token(secret.strip().decode("latin-1"), now=timezone.now())
    return bool(token and _reaches(token, Scope.OPS) and token.user.has_perm("core.view_health"))


def is_allowed_address(request: HttpRequest | Request) -> bool:
    """Whether ``MEDIAHUB_OPS_ADDRESSES`` holds the caller and every hop that proxies name.

    Who forges the header adds a hop, which can only shut the door, never open it.
    """
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    named = [request.META.get("REMOTE_ADDR", ""), *hops, request.META.get("HTTP_X_REAL_IP", "")]
    addresses = [address.strip() for address in named if address.strip()]
    if "HTTP_FORWARDED" in request.META or not addresses:
        return False
    networks = [ip_network(text, strict=False) for text in settings.MEDIAHUB_OPS_ADDRESSES]
    try:
        parsed = [ip_address(address) for address in addresses]
    except ValueError:
        return False
    return all(any(address in network for network in networks) for address in parsed)


def _reaches(token: ApiToken, needed: Scope) -> bool:
    return _RANKS[Scope(token.scope)] >= _RANKS[needed]


def _write_scope(view: "APIView") -> str:
    return str(getattr(view, "write_scope", Scope.WRITE))


def _permission(request: Request, view: "APIView") -> str:
    if given := getattr(view, "permission", ""):
        return str(given)
    queryset = getattr(view, "queryset", None)
    if queryset is None:
        return ""
    options, verb = queryset.model._meta, getattr(view, "verb", "") or _VERBS[request.method or ""]
    return f"{options.app_label}.{verb}_{options.model_name}"

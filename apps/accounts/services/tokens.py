"""Making, checking and revoking API tokens."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from apps.accounts.choices import Scope
from apps.accounts.models import ApiToken
from apps.core import audit
from apps.core.models import AuditAction

_LAST_USE_GRAIN = timedelta(minutes=1)


@transaction.atomic
def create_token(
    user: User,
    *,
    scope: Scope = Scope.READ,
    name: str = "",
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Return a new token row and the secret itself, which is shown once and stored nowhere."""
    secret = f"mh_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        user=user,
        name=name,
        scope=scope,
        expires_at=expires_at,
        digest=_digest(secret),
        prefix=secret[:8],
    )
    audit.record([audit.entry(token, AuditAction.CREATED, {"scope": (None, scope)})])
    return token, secret


def find_token(secret: str, *, now: datetime) -> ApiToken | None:
    """The usable token behind a secret, its last use noted at most once a minute."""
    try:
        token = ApiToken.objects.select_related("user").get(digest=_digest(secret))
    except ApiToken.DoesNotExist:
        return None
    if not token.is_usable(now=now):
        return None
    if token.last_used_at is None or now - token.last_used_at > _LAST_USE_GRAIN:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


@transaction.atomic
def revoke_token(token: ApiToken, *, now: datetime) -> None:
    """End a token for good; the row stays so that the audit can name it."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        audit.record([audit.entry(token, AuditAction.CHANGED, {"revoked_at": (None, now)})])


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

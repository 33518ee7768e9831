"""Tokens with which programs act for a person."""

from datetime import datetime

from django.conf import settings
from django.db import models

from apps.accounts.choices import Scope
from apps.core.models import Timestamped


class ApiToken(Timestamped):
    """A bearer token, of which only the SHA-256 digest is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=12, editable=False, help_text="how the token begins")
    scope = models.CharField(max_length=10, choices=Scope, default=Scope.READ)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "API token"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scope__in=Scope.values), name="accounts_apitoken_known_scope"
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.prefix}…"

    def is_usable(self, *, now: datetime) -> bool:
        """Whether it is neither revoked nor expired, and its owner may still log in."""
        expired = self.expires_at is not None and self.expires_at <= now
        return self.revoked_at is None and not expired and self.user.is_active

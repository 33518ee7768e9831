from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):  # type: ignore[name-defined]
    def usable(self, *, now: datetime) -> Self:
        """Tokens that are neither revoked nor expired and whose owner may still log in."""
        return self.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=now),
            revoked_at__isnull=True,
            user__is_active=True,
        )

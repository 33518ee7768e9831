"""Questions that several apps ask of their rows in the same words."""

from typing import Self

from django.db import models


class AuditQuerySet(models.QuerySet["AuditEntry"]):  # type: ignore[name-defined]
    def about(self, instance: models.Model) -> Self:
        """The history of one object, newest first."""
        return self.filter(object_type=instance._meta.label_lower, object_id=instance.pk).order_by(
            "-pk"
        )

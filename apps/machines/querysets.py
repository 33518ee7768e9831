from datetime import datetime, timedelta
from typing import Self

from django.db import models

_LATELY = timedelta(days=7)


class MachineQuerySet(models.QuerySet["Machine"]):  # type: ignore[name-defined]
    def seen_lately(self, *, now: datetime) -> Self:
        """Machines on which something ran within a week."""
        return self.filter(sampled_at__gte=now - _LATELY)

    def examined(self) -> Self:
        """Machines of which it is known what they encode."""
        return self.filter(examined_at__isnull=False)

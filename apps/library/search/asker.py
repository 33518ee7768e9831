"""On whose behalf, and when, a question is asked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.utils import timezone


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose plays ``watched`` and the like speak of, and the local time that ``today`` is of."""

    user_id: int | None
    now: datetime

    @classmethod
    def of(cls, user: Any) -> Self:
        """A user, now; nobody has played anything."""
        return cls(getattr(user, "pk", None), timezone.localtime())

"""Questions about transcodes."""

from datetime import datetime
from typing import Any, Self

from django.db.models import Case, CharField, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from apps.transcodes.choices import Outcome, Step

_NEWEST = 5


class TranscodeQuerySet(QuerySet["Transcode"]):  # type: ignore[name-defined]
    def open(self) -> Self:
        return self.filter(outcome=Outcome.OPEN)

    def unfinished(self) -> Self:
        """Those between whose journal and files a kill may have come."""
        return self.filter(step__in=[Step.WRITING, Step.CHECKED, Step.PLACING, Step.RESTORING])

    def in_trash(self) -> Self:
        return self.filter(trash__isnull=False)

    def due_in_trash(self, now: datetime) -> Self:
        return self.in_trash().filter(trash_until__lte=now)

    def with_state(self) -> Self:
        """``state``: the outcome, else how its job is; ``lost`` if that is gone."""
        job = Coalesce(F("job__state"), Value("lost"), output_field=CharField())
        ended = When(~Q(outcome=Outcome.OPEN), then=F("outcome"))
        return self.annotate(state=Case(ended, default=job, output_field=CharField()))

    def for_lists(self) -> Self:
        """``with_state``, and what is printed of each, without what only its own page shows."""
        rows = self.with_state().select_related("profile", "job")
        return rows.defer("plan", "proof", "measured", "chunks", "attempts", "command")

    def newest(self) -> "list[Any]":
        """The last few, ``for_lists``."""
        return list(self.for_lists().order_by("-pk")[:_NEWEST])

    def totals(self) -> dict[str, int]:
        """Bytes of the sources and of what was made of them, of those that were done."""
        sums = self.filter(outcome=Outcome.DONE).aggregate(
            before=Sum("source_bytes"), after=Sum("target_bytes")
        )
        return {name: int(value or 0) for name, value in sums.items()}

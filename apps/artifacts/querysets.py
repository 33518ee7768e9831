from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Self

from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Now

from apps.artifacts.choices import ArtifactState
from apps.library.choices import ProbeState
from apps.library.models import Video


class ArtifactQuerySet(models.QuerySet["Artifact"]):  # type: ignore[name-defined]
    def made(self) -> Self:
        return self.filter(state=ArtifactState.MADE)

    def failed(self, reason: str, *, kinds: Sequence[str]) -> Self:
        """Those of some kinds that failed, for one reason or (``any``) for whichever."""
        failed = self.filter(state=ArtifactState.FAILED, kind__in=kinds)
        return failed if reason == "any" else failed.filter(error=reason)

    def attempted(
        self, parameters: Mapping[str, str], *, passing: Sequence[str], retry_before: datetime
    ) -> Self:
        """Attempts, good or bad, made in today's way: ``parameters`` by kind.

        One that failed before ``retry_before`` for one of the ``passing`` reasons doesn't count;
        later it does even where an older artifact was kept.
        """
        ways = [Q(kind=kind, parameters=hashed) for kind, hashed in parameters.items()]
        kept = Q(kind__in=parameters, state=ArtifactState.MADE, error__in=passing)
        tried = self.filter(reduce(or_, ways, kept & Q(updated_at__gte=retry_before)))
        return tried.exclude(
            state=ArtifactState.FAILED, error__in=passing, updated_at__lt=retry_before
        )

    def videos_lacking(
        self, parameters: Mapping[str, str], *, passing: Sequence[str], retry_before: datetime
    ) -> models.QuerySet[Video]:
        """Present, probed videos with no attempt at one of the kinds from their content."""
        attempts = self.attempted(parameters, passing=passing, retry_before=retry_before)
        tried: Any = attempts.filter(video=OuterRef("pk"), source=OuterRef("primary_file__content"))
        number = tried.order_by().values("video").annotate(n=Count("pk")).values("n")
        videos: models.QuerySet[Video] = Video.objects.present().filter(
            primary_file__probe_state=ProbeState.DONE
        )
        lacking = videos.alias(tried=Coalesce(Subquery(number), 0))
        return lacking.filter(tried__lt=len(parameters))


class LeftoverQuerySet(models.QuerySet["Leftover"]):  # type: ignore[name-defined]
    def due(self) -> Self:
        """Those that may be deleted now."""
        return self.filter(due_at__lte=Now())

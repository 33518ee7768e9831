from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Sum

from apps.artifacts.choices import ArtifactKind, ArtifactState
from apps.library.choices import ProbeState
from apps.library.models import Video


class ArtifactQuerySet(models.QuerySet["Artifact"]):  # type: ignore[name-defined]
    def made(self) -> Self:
        return self.filter(state=ArtifactState.MADE)

    def videos_lacking(
        self, kind: str, *, parameters: str, passing: Sequence[str], tried_before: datetime
    ) -> models.QuerySet[Video]:
        """Present, probed videos with no attempt, good or bad, at ``kind`` from their content.

        An attempt with other ``parameters`` doesn't count, nor does one that failed before
        ``tried_before`` for one of the ``passing`` reasons.
        """
        up_to_date = self.filter(
            video=OuterRef("pk"), kind=kind, source=OuterRef("primary_file__content"),
            parameters=parameters,
        ).exclude(
            state=ArtifactState.FAILED, error__in=passing, updated_at__lt=tried_before
        )  # fmt: skip
        return Video.objects.present().filter(
            ~Exists(up_to_date), primary_file__probe_state=ProbeState.DONE
        )

    def coverage(self) -> list[dict[str, Any]]:
        """How many present videos of each library have each kind, in one query."""
        of_kind = {
            kind: Q(artifacts__kind=kind, artifacts__state=ArtifactState.MADE)
            for kind in ArtifactKind.values
        }
        columns: dict[str, Any] = {}
        for kind, made in of_kind.items():
            failed = Q(artifacts__kind=kind, artifacts__state=ArtifactState.FAILED)
            columns[f"{kind}_made"] = Count("artifacts", filter=made)
            columns[f"{kind}_failed"] = Count("artifacts", filter=failed)
            columns[f"{kind}_bytes"] = Sum("artifacts__size_bytes", filter=made, default=0)
        videos = Video.objects.present().values("library").order_by("library")
        rows = videos.annotate(videos=Count("pk", distinct=len(of_kind) > 1), **columns)
        return [_coverage(row, kind) for row in rows for kind in of_kind]


def _coverage(row: dict[str, Any], kind: str) -> dict[str, Any]:
    made, failed = row[f"{kind}_made"], row[f"{kind}_failed"]
    return {
        "library": row["library"],
        "kind": kind,
        "videos": row["videos"],
        "made": made,
        "failed": failed,
        "lacking": row["videos"] - made - failed,
        "size": row[f"{kind}_bytes"],
    }

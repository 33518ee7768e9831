from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef

from apps.artifacts.choices import ArtifactState
from apps.library.choices import ProbeState
from apps.library.models import Video


class ArtifactQuerySet(models.QuerySet["Artifact"]):  # type: ignore[name-defined]
    def made(self) -> Self:
        return self.filter(state=ArtifactState.MADE)

    def videos_lacking(self, kind: str) -> models.QuerySet[Video]:
        """Present, probed videos with no attempt, good or bad, at ``kind`` from their content."""
        up_to_date = self.filter(
            video=OuterRef("pk"), kind=kind, source=OuterRef("primary_file__content")
        )
        return Video.objects.present().filter(
            ~Exists(up_to_date), primary_file__probe_state=ProbeState.DONE
        )

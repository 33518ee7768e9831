"""Questions about candidates."""

from typing import Self

from django.db import models
from django.db.models import Q

from apps.library.models import Video

_FEW = 2_000


class StashMatchQuerySet(models.QuerySet["StashMatch"]):  # type: ignore[name-defined]
    def of_studio(self, words: str) -> Self:
        """Those whose studio, there or of the video here, has these words in its name."""
        of_it = Video.objects.filter(studio__name__icontains=words).values_list("pk", flat=True)
        some = list(of_it[: _FEW + 1])
        here = some if len(some) <= _FEW else of_it  # of few ids the planner knows how many
        return self.filter(Q(studio_there__contains=words.upper()) | Q(video__in=here))

"""Questions about candidates."""

from typing import Self

from django.db import models
from django.db.models import Q

from apps.library.models import Studio, Video


class StashMatchQuerySet(models.QuerySet["StashMatch"]):  # type: ignore[name-defined]
    def of_studio(self, words: str) -> Self:
        """Those whose studio, there or of the video here, has these words in its name."""
        wanted = Q(studio_there__contains=words.upper())
        here = Studio.objects.filter(name__icontains=words)
        if here.exists():  # else the one index serves, and the planner knows how few there are
            wanted |= Q(video__in=Video.objects.filter(studio__in=here).values("pk"))
        return self.filter(wanted)

"""Questions about candidates."""

from django.db.models import Q

from apps.library.models import Video

_FEW = 2_000


def made_by(studio: str) -> Q:
    """Candidates whose studio, there or of the video here, has these words in its name."""
    of_it = Video.objects.filter(studio__name__icontains=studio).values_list("pk", flat=True)
    some = list(of_it[: _FEW + 1])
    here = some if len(some) <= _FEW else of_it  # of few ids the planner knows how many
    return Q(studio_there__contains=studio.upper()) | Q(video__in=here)

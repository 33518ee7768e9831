"""Questions about candidates."""

from django.db.models import Q


def made_by(studio: str) -> Q:
    """Candidates whose studio, there or of the video here, has these words in its name."""
    there = Q(studio_there__contains=studio.upper())
    return there | Q(video__studio__name__icontains=studio)

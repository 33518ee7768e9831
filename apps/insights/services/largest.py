"""The videos at the top of something."""

from typing import Any

from django.db.models import F, QuerySet

from apps.library.choices import Orientation
from apps.library.models import Video, Viewing
from apps.library.search import Question

SHAPES = (Orientation.LANDSCAPE, Orientation.PORTRAIT, Orientation.SQUARE)
TOPS = (5, 10, 25, 50, 100)
DEFAULT_TOP = 10


def largest(question: Question, orientation: str, *, top: int) -> QuerySet[Video]:
    """By the size of the file."""
    videos = Video.objects.filter(orientation=orientation)
    return question.listed(videos).order_by("-size_bytes", "-pk")[:top]


def longest(question: Question, *, top: int) -> QuerySet[Video]:
    videos = question.listed().filter(duration_ms__isnull=False)
    return videos.order_by(F("duration_ms").desc(nulls_last=True), "-pk")[:top]


def most_played(question: Question, *, top: int) -> list[tuple[Video, int]]:
    """What the asking person played oftenest, with how often."""
    user: Any = question.asker.user_id
    mine = Viewing.objects.filter(user_id=user, play_count__gt=0)
    if question.node is not None:
        mine = mine.filter(video__in=question.videos())
    rows = mine.select_related("video").order_by("-play_count", "-last_played_at", "-pk")
    return [(viewing.video, viewing.play_count) for viewing in rows[:top]]

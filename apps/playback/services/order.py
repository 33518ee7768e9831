"""Which video comes before and after one, in the list that somebody came from."""

from dataclasses import dataclass
from random import randint

from django.db.models import Max, Min, QuerySet
from django.http import QueryDict

from apps.core.api.keyset import Keyset
from apps.core.errors import MediaHubError
from apps.library.models import Video
from apps.library.search import Asker, Question, order_of

_LONGEST = 8_000  # characters: a query's 2,000, as addresses write them


@dataclass(frozen=True, slots=True)
class VideoList:
    """Videos in an order, as Browse's address asks for them by ``q`` and ``ordering``."""

    videos: QuerySet[Video]
    order: Keyset

    @classmethod
    def read(cls, query: str, *, asker: Asker) -> "VideoList":
        """An empty query is all videos; one that can't be answered is none, an order that there
        isn't the usual one."""
        asked = QueryDict(query[:_LONGEST])
        try:
            order = order_of(asked.get("ordering", ""))
        except MediaHubError:
            order = order_of("")
        try:
            question = Question.read(asked.get("q", ""), asker=asker)
        except MediaHubError:
            return cls(Video.objects.none(), order)
        return cls(question.within(Video.objects.present()), order)

    def neighbours(self, video: Video) -> tuple[Video | None, Video | None]:
        """The one before and the one after, by two queries however long the list is.

        A video that has left the list meanwhile still has the place that it would have there.
        """
        at = self.order.position(video)
        before = self.order.reversed().rows_after(self.videos, at, limit=1).first()
        return before, self.order.rows_after(self.videos, at, limit=1).first()

    def random(self, *, but: int) -> Video | None:
        """Any of them except the one with the id ``but``."""
        others = self.videos.exclude(pk=but)
        ends = others.aggregate(first=Min("pk"), last=Max("pk"))
        if ends["first"] is None:
            return None
        # Sorting a million rows by chance takes seconds: a place among the ids is found at once.
        place = randint(ends["first"], ends["last"])  # noqa: S311 - no secret
        return others.filter(pk__gte=place).order_by("pk").first()

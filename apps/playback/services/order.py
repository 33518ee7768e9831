"""Which video comes before and after one, in the list that somebody came from."""

from dataclasses import dataclass
from random import randint

from django.db.models import Max, Min, QuerySet
from django.http import QueryDict

from apps.library.forms.browse import BrowseForm, filtered
from apps.library.models import Video
from apps.library.pages.browse import order_of


@dataclass(frozen=True, slots=True)
class VideoList:
    """Videos in an order, as the query of the grid's address asks for them."""

    videos: QuerySet[Video]
    sort: str

    @classmethod
    def read(cls, query: str) -> "VideoList":
        """What can't be used counts as not asked, as in the grid; an empty query is all videos."""
        asked = BrowseForm(QueryDict(query[:2_000])).asked()
        return cls(filtered(Video.objects.present(), asked), asked["sort"])

    def neighbours(self, video: Video) -> tuple[Video | None, Video | None]:
        """The one before and the one after, by two queries however long the list is.

        A video that has left the list meanwhile still has the place that it would have there.
        """
        order = order_of(self.sort)
        at = order.position(video)
        before = order.reversed().rows_after(self.videos, at, limit=1).first()
        return before, order.rows_after(self.videos, at, limit=1).first()

    def random(self, *, but: int) -> Video | None:
        """Any of them except the one with the id ``but``."""
        others = self.videos.exclude(pk=but)
        ends = others.aggregate(first=Min("pk"), last=Max("pk"))
        if ends["first"] is None:
            return None
        # Sorting a million rows by chance takes seconds: a place among the ids is found at once.
        place = randint(ends["first"], ends["last"])  # noqa: S311 - no secret
        return others.filter(pk__gte=place).order_by("pk").first()

"""Which video comes before and after one, in the list that somebody came from."""

from dataclasses import dataclass
from random import randint
from typing import Any

from django.db.models import Max, Min, QuerySet
from django.http import QueryDict

from apps.core.api.keyset import Keyset
from apps.core.errors import MediaHubError
from apps.library.models import Video
from apps.library.search import Asker, Question, order_of
from apps.library.search.ranking import RELEVANCE, in_order
from apps.library.search.ranking_score import score_of
from apps.playlists.models import Playlist
from apps.playlists.services.contents import Contents, contents_of

_LONGEST = 8_000  # characters: a query's 2,000, as addresses write them


def read_list(query: str, *, asker: Asker) -> "VideoList | Contents":
    """The list that a query names: a playlist by ``playlist=ID``, else what Browse would show.

    A playlist that isn't there, or that the asker may not see, is every video.
    """
    number = QueryDict(query[:_LONGEST]).get("playlist", "")
    if number.isascii() and number.isdigit() and len(number) < 19:
        playlist = Playlist.objects.visible_to(asker.user_id).filter(pk=int(number)).first()
        if playlist is not None:
            try:
                return contents_of(playlist, asker=asker)
            except MediaHubError:
                return VideoList(Video.objects.none(), order_of(""))
    return VideoList.read(query, asker=asker)


@dataclass(frozen=True, slots=True)
class VideoList:
    """Videos in an order, as Browse's address asks for them by ``q`` and ``ordering``."""

    videos: QuerySet[Video]
    order: Keyset
    question: Question | None = None

    @classmethod
    def read(cls, query: str, *, asker: Asker) -> "VideoList":
        """An empty query is all videos; one that can't be answered is none, an order that there
        isn't the usual one."""
        asked = QueryDict(query[:_LONGEST])
        try:
            question = Question.read(asked.get("q", ""), asker=asker)
        except MediaHubError:
            return cls(Video.objects.none(), order_of(""))
        present = question.listed(Video.objects.present())
        try:
            ordered = in_order(question, asked.get("ordering", ""), videos=present)
        except MediaHubError:
            return cls(present, order_of(""), question)
        return cls(ordered.videos, ordered.order, question)

    def neighbours(self, video: Video) -> tuple[Video | None, Video | None]:
        """The one before and the one after, by two queries however long the list is.

        A video that has left the list meanwhile still has the place that it would have there.
        """
        at = self._place(video)
        before = self.order.reversed().rows_after(self.videos, at, limit=1).first()
        return before, self.order.rows_after(self.videos, at, limit=1).first()

    def _place(self, video: Video) -> tuple[Any, ...]:
        """Where the video stands; how well it matches is read, if that counts."""
        if self.question and any(key.name == RELEVANCE for key in self.order.keys):
            scored = Video.objects.annotate(**{RELEVANCE: score_of(self.question)})
            return self.order.position(scored.get(pk=video.pk))
        return self.order.position(video)

    def random(self, *, but: int) -> Video | None:
        """Any of them except the one with the id ``but``."""
        others = self.videos.exclude(pk=but)
        ends = others.aggregate(first=Min("pk"), last=Max("pk"))
        if ends["first"] is None:
            return None
        # Sorting a million rows by chance takes seconds: a place among the ids is found at once.
        place = randint(ends["first"], ends["last"])  # noqa: S311 - no secret
        return others.filter(pk__gte=place).order_by("pk").first()

"""A playlist's videos in their order, whichever kind it is."""

from dataclasses import dataclass
from random import randrange
from typing import Protocol

from django.db.models import QuerySet

from apps.core.api.keyset import Keyset
from apps.library.models import Video
from apps.library.search import Asker
from apps.playlists.models import Playlist, PlaylistItem
from apps.playlists.search import asked


class Contents(Protocol):
    """What a player follows."""

    def in_order(self) -> QuerySet[Video]:
        """All of them."""

    def neighbours(self, video: Video) -> tuple[Video | None, Video | None]:
        """The one before and the one after; for a video that isn't in it none and the first."""

    def random(self, *, but: int) -> Video | None:
        """Any of them except the one with the id ``but``."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """Of a manual playlist."""

    playlist: Playlist

    def in_order(self) -> QuerySet[Video]:
        videos = Video.objects.filter(playlist_items__playlist=self.playlist)
        ordered: QuerySet[Video] = videos.order_by("playlist_items__position")
        return ordered

    def neighbours(self, video: Video) -> tuple[Video | None, Video | None]:
        items = self.playlist.items.select_related("video")
        here = items.filter(video=video).first()
        if here is None:
            return None, _first(items.order_by("position"))
        before = items.filter(position__lt=here.position).order_by("-position")
        after = items.filter(position__gt=here.position).order_by("position")
        return _first(before), _first(after)

    def random(self, *, but: int) -> Video | None:
        others = self.playlist.items.exclude(video=but)
        count = others.count()
        if not count:
            return None
        chosen = others.order_by("position").select_related("video")[randrange(count)]  # noqa: S311 - no secret
        return chosen.video


def _first(items: "QuerySet[PlaylistItem]") -> Video | None:
    item = items.first()
    return item.video if item else None


@dataclass(frozen=True, slots=True)
class ByQuery:
    """Of a smart playlist: what its query finds now."""

    videos: QuerySet[Video]
    order: Keyset

    def in_order(self) -> QuerySet[Video]:
        return self.videos.order_by(*self.order.order_by())

    def neighbours(self, video: Video) -> tuple[Video | None, Video | None]:
        if not self.videos.filter(pk=video.pk).exists():
            return None, self.in_order().first()
        at = self.order.position(video)
        before = self.order.reversed().rows_after(self.videos, at, limit=1).first()
        return before, self.order.rows_after(self.videos, at, limit=1).first()

    def random(self, *, but: int) -> Video | None:
        ids = self.videos.exclude(pk=but).order_by().values_list("pk", flat=True)
        count = ids.count()
        if not count:
            return None
        place = randrange(count)  # noqa: S311 - no secret
        found: Video | None = Video.objects.filter(pk=ids.order_by("pk")[place]).first()
        return found


def contents_of(playlist: Playlist, *, asker: Asker) -> ByHand | ByQuery:
    """Raises QueryError if a smart one's query can't be used any more."""
    if not playlist.is_smart:
        return ByHand(playlist)
    question, order = asked(playlist, asker=asker)
    videos = question.listed()
    if playlist.limit is not None:
        first = videos.order_by(*order.order_by())[: playlist.limit]
        videos = Video.objects.filter(pk__in=first.values("pk"))
    return ByQuery(videos, order)

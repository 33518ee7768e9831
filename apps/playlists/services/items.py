"""What stands in manual playlists, and in which order.

Each deed holds the playlist's row until it ends, so that no two deal positions at once.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from apps.core.audit import RowGone
from apps.core.errors import Conflict, MediaHubError
from apps.library.models import Video
from apps.playlists.models import MOST_VIDEOS, Playlist, PlaylistItem
from apps.playlists.services.places import GAP, between, spread

_WINDOWS = (32, 1_024, MOST_VIDEOS)
_APPEND = """
INSERT INTO playlists_playlistitem (playlist_id, video_id, position)
SELECT %s, chosen.id, %s + %s * row_number() OVER (ORDER BY chosen.place)
FROM ({chosen}) chosen
ON CONFLICT (playlist_id, video_id) DO NOTHING
"""
_NAMED = """
SELECT video.id, named.place FROM unnest(%s::bigint[]) WITH ORDINALITY named(id, place)
JOIN library_video video USING (id)
"""
_FOUND = "SELECT id, row_number() OVER () AS place FROM ({found}) found(id)"
_DEAL = """
UPDATE playlists_playlistitem item SET position = dealt.position
FROM unnest(%s::bigint[], %s::bigint[]) dealt(id, position) WHERE item.id = dealt.id
"""


class NotByHand(Conflict):
    """A smart playlist holds what its query finds; nothing was changed."""

    code = "smart_playlist"


class PlaylistFull(Conflict):
    """The playlist would outgrow MOST_VIDEOS; nothing was added."""

    code = "playlist_full"


class NotInPlaylist(MediaHubError):
    """The playlist doesn't hold a video that was named; nothing was changed."""

    code = "not_in_playlist"


@transaction.atomic
def add_named(playlist: Playlist, video_ids: Sequence[int]) -> int:
    """Append videos in the order given; how many weren't there yet. Raises PlaylistFull."""
    return _append(playlist, _NAMED, [list(video_ids)])


@transaction.atomic
def add_found(playlist: Playlist, videos: QuerySet[Video]) -> int:
    """Append what an ordered queryset finds, in one statement; how many weren't there yet.

    Raises NotByHand, PlaylistFull.
    """
    bounded = videos.values("pk")[: MOST_VIDEOS + 1]
    try:
        found, values = bounded.query.sql_with_params()
    except EmptyResultSet:
        return 0
    return _append(playlist, _FOUND.format(found=found), list(values))


@transaction.atomic
def remove_videos(playlist: Playlist, videos: Sequence[int] | QuerySet[Any]) -> int:
    """Take videos out, named by their ids or found; how many were in it. Raises NotByHand."""
    _hold(playlist)
    removed, _kinds = playlist.items.filter(video__in=videos).delete()
    return removed


@transaction.atomic
def move_video(playlist: Playlist, video_id: int, *, after: int | None) -> None:
    """Put a video behind another, or at the top. Writes one row, and some more when places
    between the two have run out. Raises NotByHand, NotInPlaylist."""
    _hold(playlist)
    if after == video_id:
        raise NotInPlaylist("A video can't stand behind itself.")
    item = _item(playlist, video_id)
    before = None if after is None else _item(playlist, after)
    position = _place_behind(before, item)
    if position is None and before is not None:
        _make_room(playlist, before)
        before.refresh_from_db()
        position = _place_behind(before, item)
    assert position is not None
    PlaylistItem.objects.filter(pk=item.pk).update(position=position)


def _hold(playlist: Playlist) -> None:
    """Lock the playlist, and note that it changes now. Raises NotByHand, RowGone."""
    if playlist.is_smart:
        raise NotByHand("A smart playlist holds what its query finds: change the query instead.")
    if not Playlist.objects.filter(pk=playlist.pk).update(updated_at=timezone.now()):
        raise RowGone(f"{playlist} was deleted meanwhile.")


def _append(playlist: Playlist, chosen: str, values: list[Any]) -> int:
    _hold(playlist)
    last = playlist.items.aggregate(last=Max("position"))["last"] or 0
    with connection.cursor() as cursor:
        cursor.execute(_APPEND.format(chosen=chosen), [playlist.pk, last, GAP, *values])
        added: int = cursor.rowcount
    if playlist.items.count() > MOST_VIDEOS:
        raise PlaylistFull(f"A playlist holds at most {MOST_VIDEOS:,} videos.")
    return added


def _item(playlist: Playlist, video_id: int) -> PlaylistItem:
    item = playlist.items.filter(video_id=video_id).first()
    if item is None:
        raise NotInPlaylist(f"There is no video {video_id} in this playlist.")
    return item


def _place_behind(before: PlaylistItem | None, moved: PlaylistItem) -> int | None:
    others = PlaylistItem.objects.filter(playlist=moved.playlist_id).exclude(pk=moved.pk)
    low = None if before is None else before.position
    if low is not None:
        others = others.filter(position__gt=low)
    high = others.order_by("position").values_list("position", flat=True).first()
    return between(low, high)


def _make_room(playlist: Playlist, around: PlaylistItem) -> None:
    """Deal positions anew to the nearest items, as few as will do."""
    places = playlist.items.values_list("pk", "position")
    for width in _WINDOWS:
        at_or_before = places.filter(position__lte=around.position).order_by("-position")
        behind = places.filter(position__gt=around.position).order_by("position")
        left, right = list(at_or_before[: width + 1]), list(behind[: width + 1])
        low = left[width][1] if len(left) > width else None
        high = right[width][1] if len(right) > width else None
        ids = [pk for pk, _ in chain(reversed(left[:width]), right[:width])]
        if positions := spread(low, high, len(ids)):
            with connection.cursor() as cursor:
                cursor.execute(_DEAL, [ids, positions])
            return

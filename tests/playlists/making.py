"""Playlists for tests."""

from typing import Any

from django.contrib.auth.models import User

from apps.playlists.choices import PlaylistKind
from apps.playlists.models import Playlist
from apps.playlists.services.items import add_named
from tests import factories
from tests.factories import make_video


def make_playlist(
    owner: User | None = None, videos: int | list[int] = 0, **values: Any
) -> Playlist:
    """A manual playlist with videos, of which new ones are made if only their number is given."""
    playlist = factories.make_playlist(owner=owner, **values)
    ids = [make_video().pk for _ in range(videos)] if isinstance(videos, int) else videos
    if ids:
        add_named(playlist, ids)
        playlist.refresh_from_db()
    return playlist


def make_smart(owner: User | None = None, query: str = "", **values: Any) -> Playlist:
    return make_playlist(owner, kind=PlaylistKind.SMART, query=query, **values)


def ids_of(playlist: Playlist) -> list[int]:
    """Its videos in their order."""
    return list(playlist.items.order_by("position").values_list("video_id", flat=True))

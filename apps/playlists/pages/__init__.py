"""Playlists in the admin."""

from apps.playlists.pages.all import PlaylistsPage
from apps.playlists.pages.one import PlaylistPage

__all__ = ["PlaylistPage", "PlaylistsPage"]

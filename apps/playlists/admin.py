"""Playlists, mounted beside the list of videos."""

from apps.library.admin.video import VideoAdmin
from apps.playlists.pages import PlaylistPage, PlaylistsPage

VideoAdmin.pages = (*VideoAdmin.pages, PlaylistsPage, PlaylistPage)

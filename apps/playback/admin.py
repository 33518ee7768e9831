"""Watching, mounted beside the list of videos."""

from apps.library.admin.video import VideoAdmin
from apps.playback.pages.history import HistoryPage
from apps.playback.pages.settings import PlayerSettingsPage
from apps.playback.pages.watch import RandomPage, WatchPage

# The catalogue's admin knows nothing of playing: what concerns it is added from here.
VideoAdmin.pages = (*VideoAdmin.pages, RandomPage, HistoryPage, PlayerSettingsPage, WatchPage)

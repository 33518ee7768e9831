"""Watching, mounted beside the list of videos."""

from apps.browse.pages import results
from apps.faces.pages import asked
from apps.library.admin.video import VideoAdmin
from apps.playback.pages.history import HistoryPage
from apps.playback.pages.settings import PlayerSettingsPage
from apps.playback.pages.watch import RandomPage, WatchPage
from apps.playback.services.settings import shortcuts_on
from apps.stashbox.pages import tagger

# The catalogue's admin knows nothing of playing: what concerns it is added from here.
VideoAdmin.pages = (*VideoAdmin.pages, RandomPage, HistoryPage, PlayerSettingsPage, WatchPage)
# The keys of Browse, the tagger and FaceLab can be switched off where those of the player are.
results.keys_on = shortcuts_on
tagger.keys_on = shortcuts_on
asked.keys_on = shortcuts_on

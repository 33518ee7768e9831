"""The catalogue's admin knows nothing of these pages: they are added to a video's from here."""

from apps.library.admin.video import VideoAdmin
from apps.markers.pages import MarkersPage, SplitPage

VideoAdmin.pages = (*VideoAdmin.pages, MarkersPage, SplitPage)
VideoAdmin.change_form_after_template = "admin/markers/_deeds.html"

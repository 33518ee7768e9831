"""Renaming, mounted beside the list of videos, whose admin knows nothing of it."""

from apps.library.admin.video import VideoAdmin
from apps.renaming.pages import BatchPage, RenamePage

VideoAdmin.pages = (*VideoAdmin.pages, RenamePage, BatchPage)

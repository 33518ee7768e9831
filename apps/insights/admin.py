"""Statistics, mounted beside the list of videos."""

from apps.insights.pages.statistics import StatisticsPage
from apps.library.admin.video import VideoAdmin

VideoAdmin.pages = (*VideoAdmin.pages, StatisticsPage)

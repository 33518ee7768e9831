"""Statistics and the network, mounted beside the lists of videos and performers."""

from apps.core.admin.base import BaseAdmin
from apps.insights.pages.graph import GraphPage
from apps.insights.pages.statistics import StatisticsPage
from apps.library.admin.people import PerformerAdmin
from apps.library.admin.video import VideoAdmin

VideoAdmin.pages = (*VideoAdmin.pages, StatisticsPage)
performers: type[BaseAdmin] = PerformerAdmin
performers.pages = (*performers.pages, GraphPage)

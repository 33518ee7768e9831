"""How jobs look: in lists, live, each on its own page, and all on one board."""

from apps.jobs.pages.board import BoardPage
from apps.jobs.pages.job import JobPage
from apps.jobs.pages.live import JobsLive
from apps.jobs.pages.own import OwnJobsPage
from apps.jobs.pages.views import JobView, job_title, job_views, say_counts

__all__ = [
    "BoardPage",
    "JobPage",
    "JobView",
    "JobsLive",
    "OwnJobsPage",
    "job_title",
    "job_views",
    "say_counts",
]

"""Jobs and schedules in the admin."""

from apps.jobs.admin.jobs import JobAdmin
from apps.jobs.admin.schedules import ScheduleAdmin

__all__ = ["JobAdmin", "ScheduleAdmin"]

"""The jobs: what a person sees of long work, and the truth that the workers share."""

from apps.jobs.models.clusters import Cluster, QueueMinute
from apps.jobs.models.events import EVENT_CHANNEL, JobChange, JobEvent
from apps.jobs.models.job import JOB_CHANNEL, ONE_OF_A_KEY, Job, JobDependency, JobLogLine
from apps.jobs.models.orders import Hold, JobsSeen, Schedule

__all__ = [
    "EVENT_CHANNEL",
    "JOB_CHANNEL",
    "ONE_OF_A_KEY",
    "Cluster",
    "Hold",
    "Job",
    "JobChange",
    "JobDependency",
    "JobEvent",
    "JobLogLine",
    "JobsSeen",
    "QueueMinute",
    "Schedule",
]

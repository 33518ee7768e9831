from django.db import models


class JobState(models.TextChoices):
    """Where a job is. Only the first four can change any more (see docs/jobs.md for the arrows)."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


ACTIVE = (JobState.QUEUED, JobState.RUNNING, JobState.PAUSED, JobState.CANCELLING)
AT_WORK = (JobState.RUNNING, JobState.CANCELLING)
FINISHED = (JobState.CANCELLED, JobState.SUCCEEDED, JobState.FAILED)
WAITING = (JobState.QUEUED, JobState.PAUSED)
UNSUCCESSFUL = (JobState.FAILED, JobState.CANCELLED)


class Queue(models.TextChoices):
    """A queue stands for the resource that its jobs use up."""

    DISK = "disk", "Disk"
    CPU = "cpu", "CPU"
    GPU = "gpu", "GPU"
    NET = "net", "Network"


class LogLevel(models.TextChoices):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

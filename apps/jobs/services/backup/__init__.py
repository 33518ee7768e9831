"""The queue as a file: what is waiting, held or at work, the schedules and the holds."""

from apps.jobs.services.backup.lines import MOST_BYTES, BadBackup, Source, TooLargeBackup
from apps.jobs.services.backup.restore import RestoreConflict, Restored, restore
from apps.jobs.services.backup.write import backup

__all__ = [
    "MOST_BYTES",
    "BadBackup",
    "RestoreConflict",
    "Restored",
    "Source",
    "TooLargeBackup",
    "backup",
    "restore",
]

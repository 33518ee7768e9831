"""What scans found, kept so that two can be compared."""

from django.db import models
from django.db.models import Q

from apps.library.choices import ScanKind
from apps.library.models.library import Library


class Scan(models.Model):
    """One walk over a library (or over ``paths`` in it). ``counts`` is written as it goes on.

    ``walked`` says that the walk reached its end, so that what it didn't see is missing.
    """

    library = models.ForeignKey(Library, models.CASCADE, related_name="scans", db_index=False)
    kind = models.CharField(max_length=10, choices=ScanKind, default=ScanKind.SCAN)
    job_id = models.BigIntegerField(null=True)
    paths = models.JSONField(default=list)
    rescan = models.BooleanField(default=False, help_text="files were probed although unchanged")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    walked = models.BooleanField(default=False)
    unsettled = models.JSONField(
        default=list, help_text="folders with files that were still being written, to come back to"
    )
    counts = models.JSONField(default=dict)
    reasons = models.JSONField(default=dict, help_text="failures by reason")

    class Meta:
        indexes = [
            # a library's scans, newest first
            models.Index(fields=["library", "-id"], name="library_scan_library"),
            # the same without the many small ones of the watch
            models.Index(
                fields=["library", "-id"],
                condition=~Q(kind=ScanKind.WATCH),
                name="library_scan_asked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.library} {self.started_at:%Y-%m-%d %H:%M}"


class ScanFinding(models.Model):
    """A file with which a scan had trouble, or which changed in size; bounded for each scan."""

    scan = models.ForeignKey(Scan, models.CASCADE, related_name="findings")
    reason = models.CharField(max_length=40)
    path = models.TextField()
    message = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.reason}: {self.path}"

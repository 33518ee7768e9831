"""What was given to boxes."""

from django.db import models
from django.db.models import Q

from apps.library.models import Performer, Video
from apps.stashbox.choices import Gift
from apps.stashbox.models.box import StashBox


class Submission(models.Model):
    """Something that was given to a box: kept, so that nothing is given twice.

    ``remote_id`` is the scene of a fingerprint, the draft's own id of a draft. ``hash`` is the
    fingerprint, or a digest of the draft. ``error`` is what the box said against it.
    """

    box = models.ForeignKey(StashBox, models.CASCADE, related_name="submissions", db_index=False)
    kind = models.CharField(max_length=12, choices=Gift)
    remote_id = models.CharField(max_length=100)
    algorithm = models.CharField(max_length=10, blank=True)
    hash = models.CharField(max_length=64)
    duration_s = models.PositiveIntegerField(null=True)
    video = models.ForeignKey(
        Video, models.SET_NULL, null=True, related_name="submissions", db_index=False
    )
    performer = models.ForeignKey(
        Performer, models.SET_NULL, null=True, related_name="submissions", db_index=False
    )
    sent_at = models.DateTimeField()
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["box", "hash", "remote_id", "algorithm"], name="stashbox_submission_once"
            ),
        ]
        indexes = [
            # the list, newest first
            models.Index(fields=["box", "-sent_at"], name="stashbox_submission_sent"),
            # deletions of videos and performers
            models.Index(
                fields=["video"], condition=Q(video__isnull=False), name="stashbox_submission_video"
            ),
            models.Index(
                fields=["performer"], condition=Q(performer__isnull=False),
                name="stashbox_submission_person",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.hash} to {self.box_id}"

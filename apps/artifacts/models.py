"""Files that MediaHub derives from videos."""

from django.db import models
from django.db.models import Q

from apps.artifacts.choices import ArtifactKind, ArtifactState
from apps.artifacts.querysets import ArtifactQuerySet
from apps.core.models import Timestamped
from apps.library.models import Video


class Artifact(Timestamped):
    """Something made from a video that can be made again: safe to delete.

    ``source`` is the content fingerprint of the file that it was made from and ``parameters`` a
    hash of how; when either differs from today's, the artifact is stale. ``files`` maps a size
    (``card``, ``full``) to ``{"path": storage path, "width": px, "height": px, "bytes": n}``.
    """

    video = models.ForeignKey(Video, models.CASCADE, related_name="artifacts", db_index=False)
    kind = models.CharField(max_length=20, choices=ArtifactKind)
    state = models.CharField(max_length=10, choices=ArtifactState)
    files = models.JSONField(default=dict, blank=True)
    size_bytes = models.PositiveBigIntegerField(default=0)
    source = models.CharField(max_length=32, blank=True)
    parameters = models.CharField(max_length=16)
    made_at = models.DateTimeField(null=True)
    ms = models.PositiveIntegerField(default=0, help_text="how long it took to make")
    error = models.CharField(max_length=40, blank=True, help_text="reason code")
    message = models.TextField(blank=True)

    objects = ArtifactQuerySet.as_manager()

    class Meta:
        constraints = [
            # also serves the look-up of a video's artifacts
            models.UniqueConstraint(fields=["video", "kind"], name="artifacts_artifact_one_each"),
            models.CheckConstraint(
                condition=~Q(state=ArtifactState.MADE) | Q(size_bytes__gt=0),
                name="artifacts_artifact_made_not_empty",
            ),
        ]
        indexes = [
            # failures by kind and reason
            models.Index(
                fields=["kind", "error"],
                condition=Q(state=ArtifactState.FAILED),
                name="artifacts_artifact_failed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.video_id}"

    def storage_path(self, size: str) -> str | None:
        """Where the picture of a size lies in ``default_storage``, if it was made."""
        return self.files.get(size, {}).get("path") if self.state == ArtifactState.MADE else None

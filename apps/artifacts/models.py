"""Files that MediaHub derives from videos."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.artifacts.choices import ArtifactKind, ArtifactState, Grade
from apps.artifacts.querysets import ArtifactQuerySet, LeftoverQuerySet
from apps.core.models import Timestamped
from apps.library.models import Library, Video


class Artifact(Timestamped):
    """Something made from a video that can be made again: safe to delete.

    ``source`` is the content fingerprint of the file that it was made from and ``parameters`` a
    hash of how; when either differs from today's, the artifact is stale. ``files`` maps a name
    (``card``, ``sheet``) to ``{"path": storage path, "bytes": n, "width": px, "height": px}``,
    sizes only of pictures. A trigger (migration 0002) makes a Leftover of each file that no row
    names any more.
    """

    video = models.ForeignKey(Video, models.CASCADE, related_name="artifacts", db_index=False)
    kind = models.CharField(max_length=20, choices=ArtifactKind)
    state = models.CharField(max_length=10, choices=ArtifactState)
    files = models.JSONField(default=dict, blank=True)
    data = models.JSONField(default=dict, blank=True, help_text="what its maker says about it")
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
                condition=~Q(state=ArtifactState.MADE)
                | Q(size_bytes__gt=0)
                | Q(kind=ArtifactKind.PHASH),
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

    @property
    def has_cues(self) -> bool:
        """Whether it is a sprite sheet, of which WebVTT can be written."""
        return self.kind == ArtifactKind.SPRITE and self.state == ArtifactState.MADE

    def storage_path(self, name: str) -> str | None:
        """Where a file lies in ``default_storage``, if it was made."""
        return self.files.get(name, {}).get("path") if self.state == ArtifactState.MADE else None


class Fingerprint(models.Model):
    """The perceptual hash of a content, whichever files have it: it outlives moves and copies.

    ``phash`` holds the hash's 64 bits as a signed number.
    """

    content = models.CharField(max_length=32, primary_key=True)
    phash = models.BigIntegerField()
    grade = models.CharField(max_length=10, choices=Grade)

    class Meta:
        indexes = [
            # equal pictures; those that tell nothing are left out
            models.Index(
                fields=["phash"], condition=~Q(grade=Grade.FLAT), name="artifacts_fingerprint_phash"
            ),
        ]

    def __str__(self) -> str:
        return self.hex

    @property
    def hex(self) -> str:
        """16 lower-case hex digits."""
        return f"{self.phash % 2**64:016x}"


class ComparedHash(models.Model):
    """A video's hash as it was when ``Video.twin_distance`` was last worked out from it.

    No foreign key: that a video is gone is to be noticed afterwards, as its twins are affected.
    """

    video_id = models.BigIntegerField(primary_key=True)
    phash = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.video_id}: {self.phash % 2**64:016x}"


class Leftover(models.Model):
    """A stored file that no artifact names: no more, or not yet because it is being written.

    ``due_at``: when it may be deleted.
    """

    path = models.CharField(max_length=255, primary_key=True)
    video_id = models.BigIntegerField(help_text="it may be gone")
    kind = models.CharField(max_length=20)
    library = models.ForeignKey(Library, models.SET_NULL, null=True, related_name="+")
    size_bytes = models.PositiveBigIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())

    objects = LeftoverQuerySet.as_manager()

    class Meta:
        indexes = [
            # what to delete, longest due first
            models.Index(fields=["due_at", "path"], name="artifacts_leftover_due"),
        ]

    def __str__(self) -> str:
        return self.path

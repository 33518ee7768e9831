"""The journal of renamings: what was planned, done and undone, each step written down first."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.models import Timestamped
from apps.library.models import File, Library
from apps.renaming.choices import BatchState, Reason, RenameState


class RenameBatch(Timestamped):
    """Files that are renamed together: by a template, or back again (``undoes``)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    template = models.CharField(max_length=1_000, blank=True)
    windows = models.BooleanField(default=False, help_text="only names that Windows takes")
    sidecars = models.BooleanField(default=True, help_text="subtitles and the like go along")
    query = models.TextField(blank=True, help_text="what was asked for, if not chosen by hand")
    undoes = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="undone_by"
    )
    state = models.CharField(max_length=10, choices=BatchState, default=BatchState.PLANNING)
    selected = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0, help_text="had that name already")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "renaming"
        indexes = [
            # plans that nobody followed up
            models.Index(
                fields=["created_at"], name="renaming_batch_left",
                condition=Q(state__in=[BatchState.PLANNING, BatchState.READY]),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Renaming {self.pk}"


class Rename(models.Model):
    """One file of a batch. Paths are bytes below the library's root.

    ``old_key`` and ``new_key`` stand for paths that some file system takes for the same. A
    ``taken`` name is that of a file which is there now: another one of the batch has to leave it
    first. ``step`` puts those before the ones that wait for them; ``via`` is where a file waits
    whose swap would never begin otherwise. ``sidecars`` are what follows the stem, in hexadecimal.
    """

    batch = models.ForeignKey(RenameBatch, models.CASCADE, related_name="renames", db_index=False)
    library = models.ForeignKey(Library, models.CASCADE, related_name="+", db_index=False)
    file = models.ForeignKey(File, models.SET_NULL, null=True, related_name="+")
    video_id = models.BigIntegerField(null=True)
    reverses = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    old = models.BinaryField(max_length=4_096)
    new = models.BinaryField(max_length=4_096)
    via = models.BinaryField(max_length=4_096, null=True)
    old_key = models.BinaryField(max_length=16)
    new_key = models.BinaryField(max_length=16)
    taken = models.BooleanField(default=False)
    step = models.PositiveIntegerField(default=0)
    inode = models.DecimalField(max_digits=20, decimal_places=0)
    size_bytes = models.BigIntegerField()
    mtime_ns = models.BigIntegerField()
    sidecars = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=RenameState, default=RenameState.PLANNED)
    reason = models.CharField(max_length=20, choices=Reason, blank=True)

    class Meta:
        indexes = [
            # what is to be done next; a batch's lines by what became of them
            models.Index(fields=["batch", "state", "step", "id"], name="renaming_rename_next"),
            # who wants a name, and who leaves it
            models.Index(fields=["batch", "library", "new_key"], name="renaming_rename_wants"),
            models.Index(fields=["batch", "library", "old_key"], name="renaming_rename_leaves"),
        ]

    def __str__(self) -> str:
        return bytes(self.old).decode("utf-8", "backslashreplace")

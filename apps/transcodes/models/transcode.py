"""One file given one form: what was planned, done and proven, and the journal of its names."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.models import Timestamped
from apps.jobs.models import Job
from apps.library.models import File, Library, Video
from apps.transcodes.choices import HardLinks, Outcome, Place, Step
from apps.transcodes.models.profile import ProfileVersion
from apps.transcodes.models.rule import TranscodeRule
from apps.transcodes.querysets import TranscodeQuerySet


class Transcode(Timestamped):
    """``services.run``, ``place`` and ``restore`` are its only writers.

    Paths are bytes below the library's root, but ``target`` of another tree is absolute. A ``mark``
    is by what a file is known again: ``{"inode", "size", "mtime_ns"}``. ``attempts`` are the ways
    that were tried: ``{"encoder", "card", "code", "message", "seconds"}``.
    """

    video = models.ForeignKey(Video, models.SET_NULL, null=True, related_name="transcodes")
    library = models.ForeignKey(
        Library, models.CASCADE, related_name="+", help_text="in which the source is"
    )
    file = models.ForeignKey(
        File, models.SET_NULL, null=True, related_name="+", db_index=False,
        help_text="the source; once replaced, what stands in its place",
    )  # fmt: skip
    made_file = models.ForeignKey(
        File, models.SET_NULL, null=True, related_name="+", help_text="what was added"
    )
    profile = models.ForeignKey(ProfileVersion, models.PROTECT, related_name="transcodes")
    rule = models.ForeignKey(TranscodeRule, models.SET_NULL, null=True, related_name="transcodes")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    place = models.CharField(max_length=10, choices=Place)
    hard_links = models.CharField(max_length=10, choices=HardLinks, default=HardLinks.REPLACE)

    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN, blank=True)
    step = models.CharField(max_length=10, choices=Step, default=Step.NONE, blank=True)
    source = models.BinaryField(max_length=4_096)
    source_mark = models.JSONField(default=dict)
    target = models.BinaryField(max_length=4_096, null=True)
    target_mark = models.JSONField(default=dict, help_text="of the finished file")
    trash = models.BinaryField(max_length=4_096, null=True, help_text="where the source waits")
    trash_until = models.DateTimeField(null=True)
    sidecars = models.JSONField(default=list, help_text="subtitles made beside it, in hexadecimal")

    chunks = models.JSONField(default=list, help_text="if several workers share its picture")

    measured = models.JSONField(default=dict, help_text="what the source's packets say")
    plan = models.JSONField(default=dict)
    reason = models.TextField(blank=True, help_text="why it was done, skipped or refused")
    foreseen_bytes = models.BigIntegerField(default=0)
    foreseen_s = models.FloatField(default=0)
    source_bytes = models.BigIntegerField(default=0)
    target_bytes = models.BigIntegerField(null=True)
    encoder = models.CharField(max_length=40, blank=True)
    card = models.CharField(max_length=80, blank=True)
    attempts = models.JSONField(default=list)
    command = models.TextField(blank=True, help_text="the last one, as a shell would take it")
    proof = models.JSONField(default=dict, help_text="what was checked of the outcome, and found")
    error_code = models.CharField(max_length=60, blank=True)
    error_message = models.TextField(blank=True)
    took_s = models.FloatField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = TranscodeQuerySet.as_manager()

    class Meta:
        permissions = [("restore_transcode", "Can bring back replaced files and empty the trash")]
        constraints = [
            # whoever asks twice gets one
            models.UniqueConstraint(
                fields=["file", "profile"],
                condition=Q(outcome=Outcome.OPEN, file__isnull=False),
                name="transcodes_transcode_one_open",
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.OPEN) | Q(finished_at__isnull=False),
                name="transcodes_transcode_ended",
            ),
        ]
        indexes = [
            # a file's, also those that need not be tried again
            models.Index(fields=["file", "profile", "-id"], name="transcodes_of_file"),
            # lists by how they ended, the newest first
            models.Index(fields=["outcome", "-id"], name="transcodes_outcome"),
            # what has to be finished after a kill, or given up
            models.Index(
                fields=["id"], name="transcodes_unfinished",
                condition=Q(step__in=[Step.WRITING, Step.CHECKED, Step.PLACING, Step.RESTORING]),
            ),
            # what may leave the trash
            models.Index(
                fields=["trash_until"], name="transcodes_trash", condition=Q(trash__isnull=False)
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return bytes(self.source).decode("utf-8", "backslashreplace")

    @property
    def saved_bytes(self) -> int | None:
        """What the new file spares; negative if it is larger. None while there is none."""
        return None if self.target_bytes is None else self.source_bytes - self.target_bytes

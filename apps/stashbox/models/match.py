"""What boxes and others know of videos here, and that they were asked."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Upper

from apps.core.models import Timestamped
from apps.library.models import Video
from apps.stashbox.choices import MatchState, Source
from apps.stashbox.models.box import StashBox

_PERCENT = [MinValueValidator(0), MaxValueValidator(100)]


class StashMatch(Timestamped):
    """What somebody knows that may be about a video: a candidate, and what became of it.

    ``evidence`` says why it has its score (``matching.Evidence``), ``payload`` is what was answered
    (``schema.RemoteScene``).
    """

    video = models.ForeignKey(Video, models.CASCADE, related_name="matches", db_index=False)
    box = models.ForeignKey(
        StashBox, models.CASCADE, null=True, blank=True, related_name="matches", db_index=False,
        help_text="none of candidates from elsewhere",
    )  # fmt: skip
    source = models.CharField(max_length=12, choices=Source)
    remote_id = models.CharField(max_length=500, help_text="there; of other sources their address")
    studio_there = models.GeneratedField(
        expression=Upper(KeyTextTransform("name", KeyTransform("studio", "payload"))),
        output_field=models.TextField(null=True), db_persist=True,
        help_text="its name in capitals: what is searched, for payloads are slow to read",
    )  # fmt: skip
    state = models.CharField(max_length=10, choices=MatchState, default=MatchState.REVIEW)
    score = models.PositiveSmallIntegerField(default=0, validators=_PERCENT)
    evidence = models.JSONField(default=dict)
    payload = models.JSONField(default=dict)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        db_index=False,
    )  # fmt: skip
    whole = models.BooleanField(
        default=True, help_text="taken as the scene that it is; else only for some of its fields"
    )
    entry = models.BigIntegerField(
        null=True, blank=True, help_text="of the audit: what its application changed"
    )

    class Meta:
        verbose_name = "candidate"
        constraints = [
            models.UniqueConstraint(
                fields=["video", "box", "remote_id"],
                nulls_distinct=False,
                name="stashbox_match_once",
            ),
        ]
        indexes = [
            # the queue, the surest first
            models.Index(fields=["state", "-score", "video"], name="stashbox_match_queue"),
            # one box's
            models.Index(fields=["box", "state", "-score"], name="stashbox_match_box"),
            # that the same scene was found twice
            models.Index(fields=["remote_id"], name="stashbox_match_remote"),
            # words of the studio's name there
            GinIndex(OpClass(F("studio_there"), name="gin_trgm_ops"), name="stashbox_match_studio"),
        ]

    def __str__(self) -> str:
        return f"{self.payload.get('title') or self.remote_id} ({self.score})"


class Lookup(models.Model):
    """That a box was asked about a video, by which fingerprints: so nothing is asked twice."""

    video = models.ForeignKey(Video, models.CASCADE, related_name="lookups", db_index=False)
    box = models.ForeignKey(StashBox, models.CASCADE, related_name="lookups", db_index=False)
    asked = models.CharField(max_length=32, help_text="digest of the fingerprints and durations")
    asked_at = models.DateTimeField()
    found = models.PositiveSmallIntegerField(default=0, help_text="candidates")
    searched_at = models.DateTimeField(null=True, help_text="by its words, without fingerprints")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["box", "video"], name="stashbox_lookup_once"),
        ]
        indexes = [models.Index(fields=["video"], name="stashbox_lookup_video")]

    def __str__(self) -> str:
        return f"{self.video_id} at {self.box_id}"

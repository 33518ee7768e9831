"""Stash-boxes, what they know of videos here, and which rows here are which of theirs."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from apps.core.models import Timestamped, Versioned
from apps.library.models import Performer, Studio, Tag, Video
from apps.stashbox.choices import FieldPolicy, Gift, Kind, MatchState, Source, Unknown

_PERCENT = [MinValueValidator(0), MaxValueValidator(100)]


class StashBox(Timestamped, Versioned):
    """A server that speaks the stash-box protocol. The first by ``position`` is asked first."""

    name = models.CharField(max_length=100, unique=True)
    # no URLField: that takes no name of one word, as containers have them; see ``services.boxes``
    url = models.CharField(max_length=500, help_text="of its GraphQL, such as https://…/graphql")
    # of ``apps.core.sealing``; nobody is shown it again
    sealed_key = models.TextField(blank=True, editable=False)
    requests_per_minute = models.PositiveIntegerField(
        default=240, validators=[MinValueValidator(1), MaxValueValidator(6_000)],
        help_text="of all programs of MediaHub together, on all machines",
    )  # fmt: skip
    enabled = models.BooleanField(default=True)
    may_submit = models.BooleanField(
        "may be given to", default=False, help_text="fingerprints and drafts may be sent there"
    )
    allow_private = models.BooleanField(
        "may be in a private network", default=False,
        help_text="else addresses of this machine and of private networks are refused",
    )  # fmt: skip
    position = models.IntegerField(default=0, help_text="they are asked from the smallest up")
    # when the next request may be sent: what all workers share, see ``services.pace``
    next_request_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "stash-box"
        verbose_name_plural = "stash-boxes"
        permissions = [("identify", "Can identify videos"), ("submit", "Can give to stash-boxes")]
        indexes = [
            # the order in which they are asked
            models.Index(fields=["position", "id"], name="stashbox_order"),
        ]

    def __str__(self) -> str:
        return self.name


class IdentifySettings(Timestamped, Versioned):
    """From which score on what is done, and how candidates are applied. There is one row."""

    apply_from = models.PositiveSmallIntegerField(
        default=90, validators=_PERCENT, help_text="candidates of this score are applied unasked"
    )
    review_from = models.PositiveSmallIntegerField(
        default=40, validators=_PERCENT, help_text="candidates below this score are passed over"
    )
    lead = models.PositiveSmallIntegerField(
        default=10, validators=_PERCENT,
        help_text="a candidate that leads the next by less is not applied unasked",
    )  # fmt: skip
    on_import = models.BooleanField(default=False, help_text="also videos that scans find")
    search_text = models.BooleanField(
        default=True, help_text="what has no fingerprint that is known is searched by its words"
    )
    policies = models.JSONField(
        default=dict,
        blank=True,
        help_text="of fields, by their names: fill, replace, merge, ignore",
    )
    unknown_performers = models.CharField(max_length=10, choices=Unknown, default=Unknown.CREATE)
    unknown_studios = models.CharField(max_length=10, choices=Unknown, default=Unknown.CREATE)
    unknown_tags = models.CharField(max_length=10, choices=Unknown, default=Unknown.CREATE)

    DEFAULT_POLICIES = {
        "title": FieldPolicy.REPLACE, "details": FieldPolicy.FILL, "date": FieldPolicy.FILL,
        "urls": FieldPolicy.MERGE, "studio": FieldPolicy.FILL, "tags": FieldPolicy.MERGE,
        "performers": FieldPolicy.MERGE,
    }  # fmt: skip

    class Meta:
        verbose_name = verbose_name_plural = "identification"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="stashbox_settings_one")]

    def __str__(self) -> str:
        return "Identification"

    def policy(self, field: str) -> FieldPolicy:
        """What is done with one of a video's fields. A title that a scan made of the file's name
        is nobody's: to replace it is to fill it."""
        return FieldPolicy(self.policies.get(field) or self.DEFAULT_POLICIES[field])


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
    state = models.CharField(max_length=10, choices=MatchState, default=MatchState.REVIEW)
    score = models.PositiveSmallIntegerField(default=0, validators=_PERCENT)
    evidence = models.JSONField(default=dict)
    payload = models.JSONField(default=dict)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        db_index=False,
    )  # fmt: skip
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


class RemoteLink(models.Model):
    """Which row here is which of a box's. A remote id is one row's, a row may have several."""

    box = models.ForeignKey(StashBox, models.CASCADE, related_name="links", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    remote_id = models.CharField(max_length=100)
    video = models.ForeignKey(
        Video, models.CASCADE, null=True, blank=True, related_name="remote_links"
    )
    performer = models.ForeignKey(
        Performer, models.CASCADE, null=True, blank=True, related_name="remote_links"
    )
    studio = models.ForeignKey(
        Studio, models.CASCADE, null=True, blank=True, related_name="remote_links"
    )
    tag = models.ForeignKey(Tag, models.CASCADE, null=True, blank=True, related_name="remote_links")
    checked_at = models.DateTimeField(null=True, blank=True, help_text="last asked about it")

    class Meta:
        constraints = [
            # several files here may be the same scene there
            models.UniqueConstraint(
                fields=["box", "kind", "remote_id"],
                condition=~Q(kind=Kind.SCENE),
                name="stashbox_link_once",
            ),
            models.UniqueConstraint(
                fields=["box", "remote_id", "video"],
                condition=Q(kind=Kind.SCENE),
                name="stashbox_link_video",
            ),
            models.CheckConstraint(
                condition=(
                    Q(kind=Kind.SCENE, video__isnull=False, performer=None, studio=None, tag=None)
                    | Q(
                        kind=Kind.PERFORMER,
                        performer__isnull=False,
                        video=None,
                        studio=None,
                        tag=None,
                    )
                    | Q(
                        kind=Kind.STUDIO, studio__isnull=False, video=None, performer=None, tag=None
                    )
                    | Q(kind=Kind.TAG, tag__isnull=False, video=None, performer=None, studio=None)
                ),
                name="stashbox_link_of_its_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.remote_id}"


class PerformerLookup(models.Model):
    """That a box was asked whether it knows a performer, and whom it may mean.

    ``candidates`` are ``{"performer": schema.RemotePerformer, "equal": [str], "other": [str]}``,
    until a person decides; ``rejected`` are ids there that aren't offered again.
    """

    performer = models.ForeignKey(
        Performer, models.CASCADE, related_name="remote_lookups", db_index=False
    )
    box = models.ForeignKey(
        StashBox, models.CASCADE, related_name="performer_lookups", db_index=False
    )
    asked_at = models.DateTimeField()
    candidates = models.JSONField(default=list, blank=True)
    rejected = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["performer", "box"], name="stashbox_performerlookup_once"
            ),
        ]
        indexes = [
            # who is to be asked about again
            models.Index(fields=["box", "asked_at"], name="stashbox_performerlookup_due"),
        ]

    def __str__(self) -> str:
        return f"{self.performer_id} at {self.box_id}"


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

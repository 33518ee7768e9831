"""The videos, what links them to labels and people, and what viewers did with them."""

from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.expressions import OrderBy
from django.db.models.functions import Greatest, Least, Lower
from django.utils import timezone

from apps.core.models import Timestamped, Versioned
from apps.library.choices import Orientation
from apps.library.models.file import File
from apps.library.models.label import Studio, Tag
from apps.library.models.library import Library
from apps.library.models.performer import Performer
from apps.library.querysets import VideoManager


def _last(field: str) -> OrderBy:
    """From the largest down, and then the rows without a value."""
    return F(field).desc(nulls_last=True)


class Video(Timestamped, Versioned):
    """A work, in one or several files, one of them primary.

    The columns from ``path`` on repeat the primary file's facts, so that lists filter and sort a
    million videos by one table's indexes; ``services.facts`` alone writes them.
    """

    title = models.CharField(max_length=500)
    details = models.TextField(blank=True)
    date = models.DateField(null=True, blank=True)
    rating = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="1 to 100",
    )  # fmt: skip
    favorite = models.BooleanField(default=False)
    organized = models.BooleanField(default=False, help_text="a person has checked everything")
    urls = ArrayField(models.URLField(max_length=1_000), default=list, blank=True)
    custom = models.JSONField(default=dict, blank=True)
    studio = models.ForeignKey(
        Studio, models.SET_NULL, null=True, blank=True, related_name="videos", db_index=False
    )
    tags = models.ManyToManyField(Tag, through="VideoTag", related_name="videos", blank=True)
    performers = models.ManyToManyField(
        Performer, through="VideoPerformer", related_name="videos", blank=True
    )
    library = models.ForeignKey(Library, models.CASCADE, related_name="videos", db_index=False)
    primary_file = models.OneToOneField(
        File, models.SET_NULL, null=True, blank=True, related_name="primary_of"
    )
    added_at = models.DateTimeField(default=timezone.now, editable=False)
    cover_at_ms = models.PositiveBigIntegerField(
        null=True, blank=True, editable=False, help_text="the cover's time, if a person chose it"
    )
    # kept by triggers on the links (migration 0002). No index of this table knows them: they
    # change often, and are found by VideoLabels
    tag_ids = ArrayField(models.BigIntegerField(), default=list, editable=False)
    performer_ids = ArrayField(models.BigIntegerField(), default=list, editable=False)
    # kept by a trigger on the artifacts
    made = ArrayField(
        models.CharField(max_length=20), default=list, editable=False,
        help_text="the kinds of artifacts that were made of it",
    )  # fmt: skip
    twin_distance = models.PositiveSmallIntegerField(
        null=True, editable=False,
        help_text="bits between its perceptual hash and the most similar other video's",
    )  # fmt: skip

    path = models.TextField(blank=True, editable=False)
    size_bytes = models.BigIntegerField(default=0, editable=False)
    duration_ms = models.BigIntegerField(null=True, editable=False)
    width = models.PositiveIntegerField(null=True, editable=False)
    height = models.PositiveIntegerField(null=True, editable=False)
    orientation = models.CharField(max_length=10, choices=Orientation, blank=True, editable=False)
    container = models.CharField(max_length=60, blank=True, editable=False)
    video_codec = models.CharField(max_length=40, blank=True, editable=False)
    audio_codec = models.CharField(max_length=40, blank=True, editable=False)
    frame_rate = models.FloatField(null=True, editable=False)
    bitrate = models.BigIntegerField(null=True, editable=False)
    missing_since = models.DateTimeField(null=True, editable=False)
    lines = models.GeneratedField(
        expression=Greatest(Least("width", "height"), Greatest("width", "height") * 9 / 16),
        output_field=models.IntegerField(null=True), db_persist=True,
        help_text="of the 16:9 picture whose size it has: what names resolutions",
    )  # fmt: skip
    haystack = models.GeneratedField(
        expression=Func("title", "path", function="library_haystack"),
        output_field=models.TextField(), db_persist=True,
        help_text="title and path as they are searched: "
        "`` words of the title | words of the path ``",
    )  # fmt: skip

    objects = VideoManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(rating__isnull=True) | Q(rating__range=(1, 100)),
                name="library_video_rating",
            ),
        ]
        indexes = [
            # lists in their usual orders, by keyset: each ends in the primary key
            models.Index(fields=["-added_at", "-id"], name="library_video_added"),
            models.Index(fields=["title", "id"], name="library_video_title"),
            models.Index(_last("duration_ms"), F("id").desc(), name="library_video_duration"),
            # the largest are the longest: who asks for shorter ones finds that out in the index
            models.Index(fields=["-size_bytes", "-id", "duration_ms"], name="library_video_size"),
            models.Index(_last("rating"), F("id").desc(), name="library_video_rated"),
            models.Index(_last("date"), F("id").desc(), name="library_video_date"),
            models.Index(_last("height"), F("id").desc(), name="library_video_height"),
            models.Index(_last("bitrate"), F("id").desc(), name="library_video_bitrate"),
            # the usual filters, newest first
            models.Index(
                fields=["studio", "-added_at", "-id"],
                condition=Q(studio__isnull=False),
                name="library_video_studio",
            ),
            models.Index(fields=["video_codec", "-added_at", "-id"], name="library_video_codec"),
            models.Index(
                fields=["-added_at", "-id"],
                condition=Q(favorite=True),
                name="library_video_favorite",
            ),
            models.Index(
                fields=["-added_at", "-id"],
                condition=Q(organized=True),
                name="library_video_organized",
            ),
            models.Index(
                fields=["-added_at", "-id"],
                condition=Q(missing_since__isnull=False),
                name="library_video_missing",
            ),
            # filters for what few videos are; what many are, the order's index finds soon. Second
            # columns are reached by skipping through the few values of the first
            models.Index(fields=["container"], name="library_video_container"),
            models.Index(fields=["audio_codec"], name="library_video_audio_codec"),
            models.Index(fields=["orientation", "frame_rate"], name="library_video_frame_rate"),
            models.Index(fields=["lines", "width"], name="library_video_lines_width"),
            # a library, and folders in it, in any case
            models.Index(
                F("library"),
                OpClass(Lower("path"), name="text_pattern_ops"),
                name="library_video_folder",
            ),
            # those that look like others
            models.Index(
                fields=["twin_distance"],
                condition=Q(twin_distance__isnull=False),
                name="library_video_twins",
            ),
            # words, and parts of them, of title or path
            GinIndex(OpClass(F("haystack"), name="gin_trgm_ops"), name="library_video_haystack"),
            # values of invented fields
            GinIndex(
                OpClass(F("custom"), name="jsonb_path_ops"),
                condition=~Q(custom={}),
                name="library_video_custom",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def resolution(self) -> str:
        """Width and height, or ``-`` where there is no picture."""
        return f"{self.width}x{self.height}" if self.width and self.height else "-"


class VideoTag(models.Model):
    """A tag on a video."""

    video = models.ForeignKey(Video, models.CASCADE, related_name="tag_links", db_index=False)
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="video_links", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["video", "tag"], name="library_videotag_once")
        ]
        indexes = [
            # a tag's videos, from the index alone
            models.Index(fields=["tag", "video"], name="library_videotag_tag"),
        ]

    def __str__(self) -> str:
        return f"{self.video_id}: {self.tag_id}"


class VideoPerformer(models.Model):
    """A performer in a video."""

    video = models.ForeignKey(Video, models.CASCADE, related_name="performer_links", db_index=False)
    performer = models.ForeignKey(
        Performer, models.CASCADE, related_name="video_links", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["video", "performer"], name="library_videoperformer_once"
            )
        ]
        indexes = [
            # a performer's videos, and those of several, from the index alone
            models.Index(fields=["performer", "video"], name="library_videoperformer_of"),
        ]

    def __str__(self) -> str:
        return f"{self.video_id}: {self.performer_id}"


class Marker(Timestamped, Versioned):
    """A point or a range in a video."""

    video = models.ForeignKey(Video, models.CASCADE, related_name="markers")
    title = models.CharField(max_length=300, blank=True)
    start_ms = models.PositiveBigIntegerField()
    end_ms = models.PositiveBigIntegerField(null=True, blank=True)
    tag = models.ForeignKey(Tag, models.SET_NULL, null=True, blank=True, related_name="markers")
    color = models.CharField(max_length=7, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(end_ms__isnull=True) | Q(end_ms__gt=F("start_ms")),
                name="library_marker_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"{self.start_ms / 1000:.3f} s"


class Viewing(models.Model):
    """What one user did with one video, summed up."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    video = models.ForeignKey(Video, models.CASCADE, related_name="viewings")
    play_count = models.PositiveIntegerField(default=0)
    played_ms = models.PositiveBigIntegerField(default=0)
    position_ms = models.PositiveBigIntegerField(default=0, help_text="where to go on")
    last_played_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "video"], name="library_viewing_once")
        ]
        indexes = [
            # a user's history, newest first
            models.Index(fields=["user", "-last_played_at"], name="library_viewing_history"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.video_id}"


class Play(models.Model):
    """One time that a user played a video, in one session of a player.

    ``stretches`` are what was played of it, as ``[from_ms, to_ms]`` in order and apart;
    ``played_ms`` is their sum. It is ``counted`` once that is enough to have played the video.
    """

    viewing = models.ForeignKey(Viewing, models.CASCADE, related_name="plays", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    session = models.UUIDField(default=uuid4)
    started_at = models.DateTimeField(default=timezone.now)
    from_ms = models.PositiveBigIntegerField(default=0)
    to_ms = models.PositiveBigIntegerField(default=0)
    stretches = models.JSONField(default=list, blank=True)
    played_ms = models.PositiveBigIntegerField(default=0)
    counted = models.BooleanField(default=False)

    class Meta:
        constraints = [
            # also serves the look-up of a viewing's plays
            models.UniqueConstraint(fields=["viewing", "session"], name="library_play_session"),
        ]
        indexes = [
            # a user's plays, newest first
            models.Index(fields=["user", "-id"], name="library_play_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"

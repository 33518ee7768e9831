"""Faces that were found."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from apps.core.models import Timestamped
from apps.faces.choices import Band, Engine, Ground, Verdict
from apps.faces.models.identity import Identity
from apps.faces.querysets import TrackQuerySet
from apps.library.models import Performer, PerformerImage, Video


class Finding(models.Model):
    """That a video was looked through for faces: of which content, and in which way."""

    video = models.OneToOneField(
        Video, models.CASCADE, primary_key=True, related_name="face_finding"
    )
    content = models.CharField(max_length=64, help_text="of the file that was read")
    way = models.CharField(max_length=32, help_text="digest of the detector and its settings")
    found_at = models.DateTimeField()
    frames = models.PositiveSmallIntegerField(default=0)
    faces = models.PositiveIntegerField(default=0)
    tracks = models.PositiveSmallIntegerField(default=0)
    cpu_ms = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=40, blank=True)
    message = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"faces of {self.video_id}"


class PictureFinding(models.Model):
    """That a performer's picture was looked at for a face, whether it has one or not."""

    image = models.OneToOneField(
        PerformerImage, models.CASCADE, primary_key=True, related_name="face_finding"
    )
    content = models.CharField(max_length=200, help_text="the name of the file that was read")
    way = models.CharField(max_length=32, help_text="as a video's")
    found_at = models.DateTimeField(db_index=True)
    faces = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=40, blank=True)
    message = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"faces of picture {self.image_id}"


class Track(Timestamped):
    """One face through a video, or in a performer's picture (then ``times_ms`` is empty).

    Two tracks of a video that share a time are two people. Positions are parts of the frame's
    width and height.
    """

    video = models.ForeignKey(
        Video, models.CASCADE, null=True, blank=True, related_name="face_tracks", db_index=False
    )
    image = models.ForeignKey(
        PerformerImage, models.CASCADE, null=True, blank=True, related_name="face_tracks"
    )
    detector = models.CharField(max_length=20, help_text="an engine's detector and its version")
    times_ms = ArrayField(models.IntegerField(), default=list, help_text="when it was seen, rising")
    start_ms = models.PositiveIntegerField(default=0)
    end_ms = models.PositiveIntegerField(default=0)
    faces = models.PositiveIntegerField(default=1, help_text="frames that it was seen in")
    size_px = models.PositiveSmallIntegerField(help_text="the best shot's, in the full frame")
    quality = models.FloatField(default=0, help_text="how good a picture its best shot is")
    identity = models.ForeignKey(
        Identity, models.SET_NULL, null=True, blank=True, related_name="tracks", db_index=False
    )
    similarity = models.FloatField(null=True, help_text="to its identity's middle, when placed")
    verdict = models.CharField(max_length=10, choices=Verdict, default=Verdict.NONE, blank=True)
    verdict_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        db_index=False,
    )  # fmt: skip
    verdict_at = models.DateTimeField(null=True, blank=True)
    band = models.CharField(max_length=10, choices=Band, default=Band.UNKNOWN)
    candidates = models.JSONField(
        default=list, blank=True,
        help_text="who it may be, the likeliest first (services.naming.Candidate)",
    )  # fmt: skip
    portrait = models.BinaryField(
        default=b"", help_text="WebP of the best shot, with its surroundings"
    )

    objects = TrackQuerySet.as_manager()

    class Meta:
        verbose_name = "face"
        constraints = [
            models.CheckConstraint(
                condition=Q(video=None, image__isnull=False) | Q(video__isnull=False, image=None),
                name="faces_track_of_one",
            ),
            models.CheckConstraint(
                condition=~Q(verdict=Verdict.CONFIRMED) | Q(identity__isnull=False),
                name="faces_track_confirmed_as_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(verdict=Verdict.NOT_A_FACE) | Q(identity=None),
                name="faces_track_nobody",
            ),
        ]
        indexes = [
            # a video's timeline
            models.Index(
                fields=["video", "start_ms"], name="faces_track_video",
                condition=Q(video__isnull=False),
            ),
            # an identity's faces, the best first
            models.Index(fields=["identity", "-quality", "id"], name="faces_track_identity"),
            # whose name was thought of
            GinIndex(
                fields=["candidates"], opclasses=["jsonb_path_ops"], name="faces_track_candidates",
            ),
            # what waits for a person, the best first
            models.Index(
                fields=["band", "-quality", "id"], name="faces_track_waiting",
                condition=Q(verdict=Verdict.NONE),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"face {self.pk}"


class Shot(models.Model):
    """One frame of a track, aligned and small, so that a new engine needs no video."""

    track = models.ForeignKey(Track, models.CASCADE, related_name="shots")
    at_ms = models.PositiveIntegerField(default=0)
    box = ArrayField(models.FloatField(), size=4, help_text="left, top, width, height; 0 to 1")
    size_px = models.PositiveSmallIntegerField()
    score = models.FloatField(help_text="of the detector, 0 to 1")
    norm = models.FloatField(default=0, help_text="how much the engine that found it can tell")
    crop = models.BinaryField(help_text="WebP, aligned by the eyes (engines.align)")

    def __str__(self) -> str:
        return f"shot {self.pk}"


class TrackVector(models.Model):
    """What one engine makes of a track: the mean of its faces, weighed by their norms."""

    track = models.ForeignKey(Track, models.CASCADE, related_name="vectors", db_index=False)
    engine = models.CharField(max_length=20, choices=Engine)
    vector = models.BinaryField(help_text="little-endian float16, of length 1")
    norm = models.FloatField(help_text="the best of its faces': below a bar it starts no identity")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["track", "engine"], name="faces_trackvector_one"),
        ]
        indexes = [
            # all of an engine's, for regrouping
            models.Index(fields=["engine", "track"], name="faces_trackvector_all"),
        ]

    def __str__(self) -> str:
        return f"{self.track_id} by {self.engine}"


class Rejection(models.Model):
    """That a person said that a face is not this identity: it never comes there again."""

    track = models.ForeignKey(Track, models.CASCADE, related_name="rejections", db_index=False)
    identity = models.ForeignKey(Identity, models.CASCADE, related_name="rejections")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["track", "identity"], name="faces_rejection_one"),
        ]

    def __str__(self) -> str:
        return f"{self.track_id} is not {self.identity_id}"


class Appearance(models.Model):
    """That a video has a performer by a face: given by the machine, or confirmed by a person.

    ``linked`` says that the performer was put on the video for this: then it is taken off again
    when no face stands for it any more, unless a person kept it. What was refused stays as a row:
    it is never given again.
    """

    video = models.ForeignKey(Video, models.CASCADE, related_name="appearances", db_index=False)
    performer = models.ForeignKey(Performer, models.CASCADE, related_name="appearances")
    linked = models.BooleanField()
    confirmed = models.BooleanField(default=False, help_text="a person said that it is so")
    refused = models.BooleanField(default=False, help_text="a person said that it is not so")
    similarity = models.FloatField(null=True)
    ground = models.CharField(max_length=10, choices=Ground, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["video", "performer"], name="faces_appearance_one"),
            models.CheckConstraint(
                condition=~Q(refused=True) | Q(confirmed=False, linked=False),
                name="faces_appearance_refused",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.performer_id} in {self.video_id}"

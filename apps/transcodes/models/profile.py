"""What files are to become, as people set it down."""

from dataclasses import fields
from enum import StrEnum

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.core.models import Timestamped, Versioned
from apps.ffmpeg.transcoding import spec as words
from apps.ffmpeg.transcoding.spec import Spec
from apps.transcodes.choices import HardLinks, Place

_MOST_PX = 16_384
_MOST_BITS = 10**10


def _choice(enum: type[StrEnum], default: StrEnum, help_text: str = "") -> "models.CharField[str]":
    choices = [(one.value, one.value.replace("_", " ")) for one in enum]
    plain = default.value  # migrations know no enum of ours
    return models.CharField(max_length=20, choices=choices, default=plain, help_text=help_text)


def _number(most: int, help_text: str) -> "models.BigIntegerField[int | None]":
    return models.BigIntegerField(
        null=True, blank=True, help_text=help_text,
        validators=[MinValueValidator(1), MaxValueValidator(most)],
    )  # fmt: skip


def _words(help_text: str, default: object = list) -> "ArrayField[list[str]]":
    word = models.CharField(max_length=20)
    return ArrayField(word, default=default, blank=True, help_text=help_text)


def _aac() -> list[str]:
    return ["aac"]


class EncodingProfile(Timestamped, Versioned):
    """A ``Spec`` with a name, column by column, and where the outcome goes.

    ``services.profiles`` writes it: each edit that means something to a file leaves a
    ProfileVersion, which is what a transcode holds on to.
    """

    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    enabled = models.BooleanField(default=True, help_text="offered for new transcodes")
    shipped = models.SlugField(
        max_length=50, blank=True, editable=False, help_text="its name in fixtures, if it came so"
    )

    container = _choice(words.Container, words.Container.MP4)
    fast_start = models.BooleanField(default=True, help_text="index in front, for playing at once")

    video_codec = _choice(words.VideoCodec, words.VideoCodec.H264)
    copy_video = models.BooleanField(default=True, help_text="copy pictures that comply already")
    video_profile = models.CharField(max_length=20, blank=True, help_text="high, main10; or any")
    other_codecs = _words("whose pictures may stay as well, to a profile and level")
    tier = models.CharField(
        max_length=10, choices=[("main", "main"), ("high", "high")], default="main",
        help_text="of HEVC and AV1 levels",
    )  # fmt: skip
    level = models.CharField(max_length=10, blank=True, help_text="such as 4.1; empty: any")
    pixel_format = models.CharField(max_length=20, blank=True, default="yuv420p")
    max_width = _number(_MOST_PX, "pixels; a picture taller than wide is held to it turned")
    max_height = _number(_MOST_PX, "pixels; larger pictures are scaled down, none up")
    max_frame_rate = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(1.0), MaxValueValidator(1000.0)],
        help_text="frames a second; faster ones lose every second frame, or third",
    )  # fmt: skip
    max_reference_frames = _number(16, "frames that a decoder has to keep")
    max_b_frames = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(16)], help_text="in a row"
    )
    gop_seconds = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0.1), MaxValueValidator(60.0)],
        help_text="a key frame at least this often; empty: as the encoder likes",
    )  # fmt: skip
    rate_control = _choice(words.RateControl, words.RateControl.QUALITY)
    quality = models.FloatField(
        default=22.0, validators=[MinValueValidator(0.0), MaxValueValidator(63.0)],
        help_text="as x264's CRF counts, lower is better; other encoders get what equals it",
    )  # fmt: skip
    video_bitrate = _number(_MOST_BITS, "bit/s, where the rate is set")
    max_bitrate = _number(_MOST_BITS, "bit/s at most; empty: what the level allows")
    buffer_bits = _number(_MOST_BITS, "over which that is counted; empty: two seconds")
    speed = _choice(words.Speed, words.Speed.MEDIUM, "how long encoders may think")
    scaler = models.CharField(
        max_length=20, default="lanczos",
        choices=[(name, name) for name in ("lanczos", "bicubic", "bilinear", "spline")],
    )  # fmt: skip
    square_pixels = models.BooleanField(default=True)
    deinterlace = models.BooleanField(default=True)
    constant_frame_rate = models.BooleanField(default=False)
    hdr = _choice(words.Hdr, words.Hdr.TONE_MAP, "what becomes of high dynamic range")

    audio_codec = _choice(words.AudioCodec, words.AudioCodec.AAC)
    copy_audio = _words("codecs of sound that may stay as they are", _aac)
    audio_tracks = _choice(words.Tracks, words.Tracks.ALL)
    audio_languages = _words("ISO 639-2 codes, the preferred first")
    max_channels = _number(8, "more are mixed down; empty: as many as there are")
    audio_bitrate = models.PositiveIntegerField(
        default=160_000, validators=[MinValueValidator(16_000), MaxValueValidator(2_000_000)],
        help_text="bit/s for two channels",
    )  # fmt: skip
    max_sample_rate = _number(384_000, "Hz")
    downmix = _choice(words.Downmix, words.Downmix.STANDARD)

    text_subtitles = _choice(words.TextSubtitles, words.TextSubtitles.KEEP)
    image_subtitles = _choice(words.ImageSubtitles, words.ImageSubtitles.DROP)
    subtitle_languages = _words("ISO 639-2 codes; empty: all")
    chapters = models.BooleanField(default=True)
    metadata = models.BooleanField(default=True)
    attachments = models.BooleanField(default=True, help_text="where the container takes them")

    use_gpu = models.BooleanField(default=True, help_text="a graphics card first, if one can")
    cpu_fallback = _choice(
        words.CpuFallback, words.CpuFallback.ALWAYS, "whether the processor may do it instead"
    )
    short_seconds = models.PositiveIntegerField(default=600, help_text="what counts as short there")

    ssim_floor = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="likeness of samples to the source, 0 to 1; empty: not measured",
    )  # fmt: skip
    vmaf_floor = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0.0), MaxValueValidator(100.0)],
        help_text="the same by VMAF, 0 to 100, where ffmpeg has it",
    )  # fmt: skip
    max_size_percent = models.PositiveSmallIntegerField(
        null=True, blank=True, default=100, validators=[MinValueValidator(1)],
        help_text="of the source's size: what grows larger is given up",
    )  # fmt: skip

    place = models.CharField(max_length=10, choices=Place, default=Place.ADD)
    suffix = models.CharField(max_length=50, blank=True, help_text="of names beside the source")
    tree = models.CharField(max_length=1_000, blank=True, help_text="that other folder, absolute")
    hard_links = models.CharField(max_length=10, choices=HardLinks, default=HardLinks.REPLACE)
    tell_servers = models.BooleanField(default=True, help_text="tell media servers of new files")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def spec(self) -> Spec:
        """Raises ValueError for a word that isn't among a field's choices."""
        return Spec.from_json({field.name: getattr(self, field.name) for field in fields(Spec)})


class ProfileVersion(models.Model):
    """A profile as it was when transcodes were asked for; ``values`` are its fields."""

    profile = models.ForeignKey(
        EncodingProfile, models.CASCADE, related_name="versions", db_index=False
    )
    number = models.PositiveIntegerField()
    values = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["profile", "number"], name="transcodes_profileversion_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.values.get('name', '')} (version {self.number})"

    @property
    def spec(self) -> Spec:
        return Spec.from_json(self.values)

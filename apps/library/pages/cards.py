"""How a video looks in a grid: its cover, or why there is none, and its badges."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Prefetch, QuerySet
from django.urls import reverse

from apps.core.units import say_duration
from apps.library.choices import ProbeState
from apps.library.models import Video

# (short side, label): a picture is called by the largest that it reaches.
_RESOLUTIONS = (
    (4_320, "8K"),
    (2_160, "4K"),
    (1_440, "1440p"),
    (1_080, "1080p"),
    (720, "720p"),
    (576, "576p"),
    (480, "480p"),
    (360, "360p"),
)
_CODECS = {
    "h264": "H.264",
    "hevc": "HEVC",
    "av1": "AV1",
    "vp8": "VP8",
    "vp9": "VP9",
    "mpeg4": "MPEG-4",
    "mpeg2video": "MPEG-2",
    "mpeg1video": "MPEG-1",
    "msmpeg4v3": "DivX 3",
    "wmv3": "WMV 9",
    "vc1": "VC-1",
    "prores": "ProRes",
}

_HDR = {"hdr10": "HDR10", "hlg": "HLG", "dolby_vision": "Dolby Vision"}


@dataclass(frozen=True, slots=True)
class Cover:
    """A picture's address, or the icon and the reason that stand in its place."""

    url: str = ""
    icon: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A video as the grid shows it.

    ``preview`` is the address of the clip that plays in the cover's place, ``sprite`` that of the
    cues of its frames, ``ratio`` its width over its height, ``watched`` the percentage that whoever
    asks has seen. What is beyond the video's own row is there only where somebody asked for it.
    """

    pk: int
    title: str
    url: str
    studio: str
    cover: Cover
    preview: str
    resolution: str
    codec: str
    duration: str
    rating: int | None
    favorite: bool
    missing: bool
    portrait: bool
    version: int = 0
    hdr: str = ""
    sprite: str = ""
    ratio: float = 16 / 9
    markers: int = 0
    watched: int = 0


def with_card_facts(videos: QuerySet[Video]) -> QuerySet[Video]:
    """What cards need beyond the video's row, in two queries however many videos there are."""
    return (
        videos.select_related("studio")
        .annotate(
            probe_state=F("primary_file__probe_state"), probe_error=F("primary_file__probe_error")
        )
        .prefetch_related(with_covers())
    )


def with_covers(path: str = "artifacts") -> Prefetch:
    """``pictures``: a video's cover, preview and sprite, where there are any."""
    artifacts: Any = Video._meta.get_field("artifacts").related_model
    kinds = artifacts._default_manager.filter(kind__in=["cover", "preview", "sprite"])
    # a sprite says much about itself that no card needs
    light = kinds.only("video_id", "kind", "state", "error", "made_at")
    return Prefetch(path, light, to_attr="pictures")


def cards(videos: Iterable[Any]) -> list[Card]:
    """Cards of videos that were read ``with_card_facts``."""
    return [_card(video) for video in videos]


def _card(video: Any) -> Card:
    return Card(
        pk=video.pk,
        title=video.title,
        url=reverse("admin:library_video_change", args=[video.pk]),
        studio=video.studio.name if video.studio else "",
        cover=cover_of(video),
        preview=_address(video, "preview", "clip"),
        resolution=resolution_name(video.width, video.height),
        codec=codec_name(video.video_codec),
        duration=say_duration(video.duration_ms),
        rating=video.rating,
        favorite=video.favorite,
        missing=video.missing_since is not None,
        portrait=bool(video.width and video.height and video.width < video.height),
        version=video.version,
        hdr=_HDR.get(getattr(video, "hdr", None) or "", ""),
        sprite=_address(video, "sprite", "vtt"),
        ratio=_ratio(video.width, video.height),
    )


def cover_of(video: Any, size: str = "card") -> Cover:
    """The cover of a video that was read ``with_card_facts``."""
    cover = next((one for one in video.pictures if one.kind == "cover"), None)
    if cover and cover.state == "made":
        return Cover(url=picture_url(cover, size))
    reasons: list[tuple[object, str, str]] = [
        (
            video.probe_state == ProbeState.FAILED,
            "broken_image",
            f"broken: {_spoken(video.probe_error)}",
        ),
        (video.probe_state == ProbeState.PENDING, "hourglass_empty", "not read yet"),
        (video.probe_state == ProbeState.DONE and not video.width, "music_note", "audio"),
        (cover, "broken_image", f"no cover: {_spoken(cover.error if cover else '')}"),
        (video.missing_since, "cloud_off", "file is missing"),
        (True, "hourglass_top", "cover is being made"),
    ]
    return next(Cover(icon=icon, reason=reason) for so, icon, reason in reasons if so)


def _address(video: Any, kind: str, name: str) -> str:
    """Where a file of an artifact is, if it was made."""
    made = next((o for o in video.pictures if o.kind == kind and o.state == "made"), None)
    return picture_url(made, name) if made else ""


def _ratio(width: int | None, height: int | None) -> float:
    """Within what a wall of covers can take: banners and poles are cut."""
    return min(2.6, max(0.5, width / height)) if width and height else 16 / 9


def picture_url(artifact: Any, size: str) -> str:
    """Where the API serves an artifact's picture; a new picture has a new address."""
    made = f"{artifact.made_at:%Y%m%d%H%M%S%f}" if artifact.made_at else ""
    return reverse("v1:artifact-file", args=[artifact.pk], query={"size": size, "v": made})


def resolution_name(width: int | None, height: int | None) -> str:
    """``1080p``, ``4K``…; wide pictures are called by what their width would be in 16:9."""
    if not width or not height:
        return ""
    short = max(min(width, height), max(width, height) * 9 // 16)
    return next((name for least, name in _RESOLUTIONS if short >= least), f"{short}p")


def codec_name(codec: str) -> str:
    return _CODECS.get(codec, codec.upper())


def _spoken(reason: str) -> str:
    return (reason or "unknown reason").replace("_", " ")

"""What is to be made of a video, and how: the settings as wishes of the media helper."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.conf import settings

from apps.artifacts.choices import ArtifactKind
from apps.ffmpeg.wishes import (
    VERSIONS,
    CoverOptions,
    PreviewOptions,
    SoundOptions,
    SpriteOptions,
)

ALL = tuple(ArtifactKind.values)

_HEATMAP_POINTS = 200
_WAVEFORM_POINTS = 1_000
_QUALITY = {"thumb": 70, "card": 72, "full": 82}


def usual_kinds() -> tuple[str, ...]:
    """Those that are made without being asked for."""
    chosen = settings.MEDIAHUB_ARTIFACT_KINDS
    return ALL if "all" in chosen else tuple(kind for kind in ALL if kind in chosen)


def options(kind: str) -> dict[str, Any]:
    """How a kind is made today, as JSON."""
    match kind:
        case ArtifactKind.COVER:
            widths = {
                "thumb": settings.MEDIAHUB_COVER_THUMB_PX,
                "card": settings.MEDIAHUB_COVER_CARD_PX,
                "full": settings.MEDIAHUB_COVER_FULL_PX,
            }
            sizes = {name: (width, _QUALITY[name]) for name, width in widths.items()}
            return asdict(CoverOptions(sizes=sizes, format=settings.MEDIAHUB_COVER_FORMAT))
        case ArtifactKind.SPRITE:
            return asdict(
                SpriteOptions(
                    tiles=settings.MEDIAHUB_SPRITE_TILES,
                    seconds=settings.MEDIAHUB_SPRITE_SECONDS,
                    side=settings.MEDIAHUB_SPRITE_PX,
                    exact=settings.MEDIAHUB_SPRITE_EXACT,
                )
            )
        case ArtifactKind.PREVIEW:
            return asdict(
                PreviewOptions(
                    segments=settings.MEDIAHUB_PREVIEW_SEGMENTS,
                    segment_ms=settings.MEDIAHUB_PREVIEW_SEGMENT_MS,
                    width=settings.MEDIAHUB_PREVIEW_PX,
                    crf=settings.MEDIAHUB_PREVIEW_CRF,
                )
            )
        case ArtifactKind.HEATMAP:
            return asdict(SoundOptions(points=_HEATMAP_POINTS))
        case ArtifactKind.WAVEFORM:
            return asdict(SoundOptions(points=_WAVEFORM_POINTS))
    return {}


def parameters(kinds: Iterable[str]) -> dict[str, str]:
    """By kind, a hash of how it is made today."""
    return {kind: _hash([VERSIONS[kind], options(kind)]) for kind in kinds}


def _hash(way: Any) -> str:
    return hashlib.blake2b(json.dumps(way).encode(), digest_size=8).hexdigest()

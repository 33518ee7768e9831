"""Which ffmpeg and ffprobe are used, why, and what they can do."""

from dataclasses import asdict
from typing import Any

from django.conf import settings

from apps.ffmpeg.binaries import find_binaries
from apps.ffmpeg.transcoding.trials import Trial, try_all


def examine_programs() -> dict[str, Any]:
    """What was found and why, and each encoder as it was tried; takes a few seconds."""
    found = find_binaries(
        ffmpeg=_text(settings.MEDIAHUB_FFMPEG), ffprobe=_text(settings.MEDIAHUB_FFPROBE)
    )
    trials = try_all(found.ffmpeg.path) if found.ffmpeg else ()
    return {
        "ffmpeg": asdict(found.ffmpeg) if found.ffmpeg else None,
        "ffprobe": asdict(found.ffprobe) if found.ffprobe else None,
        "candidates": [asdict(candidate) for candidate in found.why],
        "encoders": [_plain(trial) for trial in trials],
    }


def _plain(trial: Trial) -> dict[str, Any]:
    told = asdict(trial)
    return {**told.pop("ability"), **told}


def _text(path: object) -> str | None:
    return None if path is None else str(path)

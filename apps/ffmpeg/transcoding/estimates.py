"""How large an outcome will be and how long it takes: guesses, and said to be guesses.

Where they come from: bits a pixel of x264 at CRF 22 on films and shows, as a rule of thumb;
speeds of the processor as measured on two cores with generated pictures at 1080p; those of cards
from what their maker publishes for a card of 2022. A machine's own figures go before these.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from apps.ffmpeg.transcoding.picture import Picture
from apps.ffmpeg.transcoding.plans import AudioPlan, Rung, VideoPlan
from apps.ffmpeg.transcoding.spec import RateControl, Spec, Speed

_BITS_A_PIXEL = 0.09  # x264, CRF 22, 24 to 30 frames a second, 1080p
_NEEDS = {"h264": 1.0, "hevc": 0.65, "av1": 0.55, "vp9": 0.7}
_HALVES_EVERY = 6.0  # steps of CRF
_COPY_BYTES_A_SECOND = 80_000_000
_LOSSLESS_BITS = 700_000
_SOUND_SPEED = 30.0  # seconds of sound a second, each track

SPEEDS: Mapping[str, float] = MappingProxyType({
    "libx264": 70e6, "libx265": 20e6, "libsvtav1": 45e6, "libaom-av1": 2e6, "libvpx-vp9": 12e6,
    "h264_nvenc": 800e6, "hevc_nvenc": 600e6, "av1_nvenc": 700e6,
    "h264_qsv": 400e6, "hevc_qsv": 300e6, "av1_qsv": 350e6,
    "h264_vaapi": 350e6, "hevc_vaapi": 250e6, "av1_vaapi": 300e6,
    "h264_videotoolbox": 300e6, "hevc_videotoolbox": 250e6,
})  # fmt: skip
"""Pixels a second at medium speed, by encoder."""

_DECODES = 250e6  # pixels a second that two cores decode
_PACE = {
    Speed.SLOWEST: 0.3, Speed.SLOW: 0.6, Speed.MEDIUM: 1.0, Speed.FAST: 1.8, Speed.FASTEST: 3.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be guessed at; ``size_bytes`` is the source's."""

    video: VideoPlan | None
    audio: tuple[AudioPlan, ...]
    picture: Picture | None
    spec: Spec
    duration_ms: int
    size_bytes: int


def foreseen_bytes(job: Job) -> int:
    """Bytes that come out; the source's size where its duration isn't known."""
    if not job.duration_ms:
        return job.size_bytes
    bits = float(sum(one.bitrate or _LOSSLESS_BITS for one in job.audio))
    if job.video is not None and job.picture is not None:
        copied = job.picture.bitrate or 0
        bits += copied if job.video.copy else video_bitrate(job.video, job.picture, job.spec)
    return round(bits * job.duration_ms / 8000 * 1.01) + 50_000


def video_bitrate(video: VideoPlan, picture: Picture, spec: Spec) -> float:
    """Bit/s that the picture will take, on average."""
    if spec.rate_control is RateControl.BITRATE and spec.video_bitrate:
        return float(spec.video_bitrate)
    rate = video.frame_rate or video.source_rate or 25.0
    pixels = video.width * video.height
    bits = pixels * 25.0 * _BITS_A_PIXEL
    bits *= math.pow(rate / 25.0, 0.7) * math.pow(2_073_600 / pixels, 0.15)
    finer = math.exp2((22.0 - spec.quality) / _HALVES_EVERY)
    bits *= finer * _NEEDS.get(video.codec, 1.0)
    if picture.bitrate:
        bits = min(bits, picture.bitrate * 1.1)
    return min(bits, float(spec.max_bitrate or bits))


def foreseen_seconds(job: Job, rung: Rung, *, speeds: Mapping[str, float]) -> float:
    """Seconds on this rung; ``speeds`` are pixels a second, learnt, and go before the table."""
    seconds = job.duration_ms / 1000
    tracks = sum(not one.copy for one in job.audio)
    longest = max(job.size_bytes / _COPY_BYTES_A_SECOND, seconds * tracks / _SOUND_SPEED)
    video = job.video
    if video is not None and not video.copy:
        pixels = video.width * video.height * (video.frame_rate or video.source_rate or 25.0)
        speed = speeds.get(rung.encoder) or SPEEDS.get(rung.encoder, 50e6) * _PACE[job.spec.speed]
        if not rung.decoder:
            speed = 1 / (1 / speed + 1 / _DECODES)
        longest = max(longest, pixels * seconds / speed)
    return round(longest + 1.0, 1)

"""In which variants a file can be watched, and where the segments of each begin."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from apps.core.errors import MediaHubError
from apps.ffmpeg.commands.hls import AAC_FRAME, RATE, Recipe, grid
from apps.library.models import File
from apps.playback.services.hls import codecs

COPY, AUDIO = "copy", "audio"
_SOUND_KILOBITS = 160
_LONGEST_COPIED_S = 30.0
_SLOWEST, _FASTEST = 10, 60
_SHORTEST_S = 0.1
_MOST_SEGMENTS = 100_000
_HDR = ("smpte2084", "arib-std-b67")

# name, the box that pictures are fitted into (turned for upright ones), kbit/s at most
_RUNGS = (
    ("360p", 640, 360, 900), ("480p", 854, 480, 1_800), ("720p", 1280, 720, 3_500),
    ("1080p", 1920, 1080, 7_000),
)  # fmt: skip

Stream = Mapping[str, Any]


class NotPlayable(MediaHubError):
    """A file of which no playlist can be made: how long it is isn't known, or it holds nothing."""

    code = "not_playable"
    status = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to watch a file. ``starts_s`` are the times at which its segments begin."""

    name: str
    codecs: str
    bits_per_s: int
    recipe: Recipe
    starts_s: tuple[float, ...]
    duration_s: float
    segment_s: float
    size: tuple[int, int] | None = None

    @property
    def durations_s(self) -> list[float]:
        """How long each segment is."""
        ends = [*self.starts_s[1:], self.duration_s]
        return [end - start for start, end in zip(self.starts_s, ends, strict=True)]


def variants(
    file: File, *, key_frames_ms: Sequence[int], segment_s: int, can_tone_map: bool
) -> list[Variant]:
    """What there is to choose from, the best first. Raises NotPlayable."""
    if not file.duration_ms:
        raise NotPlayable("How long this file is isn't known, so it can't be cut into segments.")
    if file.duration_ms > _MOST_SEGMENTS * segment_s * 1_000:
        raise NotPlayable("This file says that it is longer than can be cut into segments.")
    picture, sound = _first(file, "video"), _first(file, "audio")
    if picture and picture.get("width") and picture.get("height"):
        copied = _copied(file, picture, sound, key_frames_ms, segment_s)
        return [*copied, *_encoded(file, picture, sound, segment_s, can_tone_map=can_tone_map)]
    if sound:
        return [_sound_alone(file, segment_s)]
    raise NotPlayable("This file holds neither picture nor sound that can be played.")


def may_be_copied(file: File) -> bool:
    """Whether its picture can go to browsers as it is, if there is an index of key frames."""
    picture = _first(file, "video")
    return bool(picture and codecs.copied_picture(picture))


def _first(file: File, kind: str) -> Stream | None:
    fitting = (
        one for one in file.streams if one.get("type") == kind and not one.get("attached_pic")
    )
    return next(fitting, None)


def _copied(
    file: File, picture: Stream, sound: Stream | None, key_frames_ms: Sequence[int], segment_s: int
) -> list[Variant]:
    name = codecs.copied_picture(picture)
    assert file.duration_ms
    duration_s = file.duration_ms / 1_000
    starts = _grouped([at / 1_000 for at in key_frames_ms], duration_s, segment_s)
    if not name or not key_frames_ms:
        return []
    sound_name = codecs.copied_sound(sound) if sound else ""
    as_it_is = bool(sound_name)
    sound_name = sound_name or (codecs.ENCODED_SOUND if sound else "")
    kept = "copy" if as_it_is else "encode"
    variant = Variant(
        name=COPY, codecs=",".join(filter(None, (name, sound_name))),
        bits_per_s=file.bitrate or round(file.size_bytes * 8 / duration_s),
        recipe=Recipe(
            picture="copy", sound=kept if sound else "", tag=name[:4] if "hvc1" in name else ""
        ),
        starts_s=starts, duration_s=duration_s, segment_s=segment_s,
        size=(picture["width"], picture["height"]),
    )  # fmt: skip
    return [variant] if max(variant.durations_s) <= _LONGEST_COPIED_S else []


def _grouped(key_frames: Sequence[float], duration_s: float, segment_s: int) -> tuple[float, ...]:
    """Key frames at which segments begin, each as soon as the last one is long enough."""
    starts = [0.0]
    for at in key_frames:
        if starts[-1] + segment_s <= at < duration_s - _SHORTEST_S:
            starts.append(at)
    return tuple(starts)


def _encoded(
    file: File, picture: Stream, sound: Stream | None, segment_s: int, *, can_tone_map: bool
) -> list[Variant]:
    assert file.duration_ms
    rate = _frame_rate(picture.get("frame_rate"))
    duration_s = file.duration_ms / 1_000
    shown, starts = _as_shown(picture), _on_grid(duration_s, segment_s, rate)
    found: list[Variant] = []
    for name, *box, kilobits in _RUNGS:
        size = _fitted(shown, max(box), min(box))
        if found and found[0].size == size:
            break
        names = (
            codecs.encoded_picture(*size, float(rate)),
            codecs.ENCODED_SOUND if sound else "",
        )
        variant = Variant(
            name=name, codecs=",".join(filter(None, names)),
            bits_per_s=1_000 * (kilobits + (_SOUND_KILOBITS if sound else 0)), size=size,
            recipe=Recipe(
                picture="encode", sound="encode" if sound else "", width=size[0], height=size[1],
                rate=str(rate), kilobits=kilobits,
                deinterlace=picture.get("field_order") in ("tt", "bb", "tb", "bt"),
                tone_map=_transfer(picture) if can_tone_map else "",
            ),
            starts_s=starts, duration_s=duration_s, segment_s=segment_s,
        )  # fmt: skip
        found.insert(0, variant)
    return found


def _sound_alone(file: File, segment_s: int) -> Variant:
    """Segments of whole AAC frames: so that they never drift from the playlist."""
    assert file.duration_ms
    duration_s = file.duration_ms / 1_000
    exact = math.ceil(segment_s * RATE / AAC_FRAME) * AAC_FRAME / RATE
    count = max(math.ceil((duration_s - _SHORTEST_S) / exact), 1)
    return Variant(
        name=AUDIO, codecs=codecs.ENCODED_SOUND, bits_per_s=1_000 * _SOUND_KILOBITS,
        recipe=Recipe(picture="", sound="encode"), duration_s=duration_s, segment_s=exact,
        starts_s=tuple(number * exact for number in range(count)),
    )  # fmt: skip


def _on_grid(duration_s: float, segment_s: int, rate: Fraction) -> tuple[float, ...]:
    """Times of the first frames at or after each multiple of the segment's length."""
    count = max(math.ceil((duration_s - _SHORTEST_S) / segment_s), 1)
    up, down = rate.numerator, rate.denominator
    frames = (grid(number, segment_s=segment_s, rate=rate) for number in range(count))
    return tuple(frame * down / up for frame in frames)


def _transfer(picture: Stream) -> str:
    """The transfer function of HDR, ``""`` of other pictures."""
    told = picture.get("color_transfer")
    if told in _HDR:
        return str(told)
    return _HDR[0] if picture.get("hdr") else ""


def _frame_rate(found: float | None) -> Fraction:
    """The rate as a fraction, with the 1001sts of television, within what is sensible."""
    if not found:
        return Fraction(25)
    ntsc = Fraction(round(found * 1.001) * 1_000, 1_001)
    exact = ntsc if abs(float(ntsc) - found) < 0.001 else Fraction(found).limit_denominator(100)
    return min(max(exact, Fraction(_SLOWEST)), Fraction(_FASTEST))


def _as_shown(picture: Stream) -> tuple[float, float]:
    """Width and height with square pixels, upright."""
    across, _, down = picture.get("sample_aspect_ratio", "1:1").partition(":")
    width, height = picture["width"] * int(across) / int(down), float(picture["height"])
    return (height, width) if picture.get("rotation") in (90, 270) else (width, height)


def _fitted(shown: tuple[float, float], long: int, short: int) -> tuple[int, int]:
    """The size that fits into the box, in even numbers, never larger than it is."""
    width, height = shown
    box = (long, short) if width >= height else (short, long)
    factor = min(box[0] / width, box[1] / height, 1)
    return max(round(width * factor / 2) * 2, 2), max(round(height * factor / 2) * 2, 2)

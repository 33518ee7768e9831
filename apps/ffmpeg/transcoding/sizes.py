"""How large and how fast a picture comes out: never larger, never faster than it came in."""

from dataclasses import dataclass
from math import ceil, sqrt

from apps.ffmpeg.transcoding import levels
from apps.ffmpeg.transcoding.picture import Picture
from apps.ffmpeg.transcoding.spec import Spec

_SLACK = 1.002
_SMOOTH = 0.75  # a rate divided evenly may fall so far below the limit; else the limit itself
_SLOWEST_PART = 23.5  # fewer frames a second than film has would stutter
_LEAST_SIDE = 16
_MACROBLOCK = 256


@dataclass(frozen=True, slots=True)
class Fitted:
    """Even pixels, and frames a second (0: as they come).

    ``holds``: the level takes it. ``notes`` are sentences on what the level made smaller.
    """

    width: int
    height: int
    frame_rate: float = 0.0
    holds: bool = True
    notes: tuple[str, ...] = ()

    @property
    def is_too_small(self) -> bool:
        """Encoders refuse pictures of a few pixels."""
        return min(self.width, self.height) < _LEAST_SIDE


def fit(picture: Picture, spec: Spec) -> Fitted:
    """The picture within the spec's size, rate and level."""
    shown = picture.shown if spec.square_pixels else (picture.width, picture.height)
    wanted = _within(shown, spec.max_width, spec.max_height)
    rate = slower(picture.fastest, spec.max_frame_rate)
    size, notes, holds = wanted, [], True
    codec = str(spec.video_codec)
    level = levels.written(codec, spec.level)
    if level:
        slowed = _rate_for(codec, level, wanted, rate)
        size = _size_for(codec, level, wanted, slowed)
        holds = not _exceeds(codec, level, size, slowed)
        name = f"Level {level} doesn't hold {wanted[0]}x{wanted[1]}"
        if slowed < rate:
            notes.append(f"{name} at {rate:g} frames a second: {slowed:g} are made of them.")
        if size != wanted:
            notes.append(f"{name}: it becomes {size[0]}x{size[1]}.")
        rate = slowed
    return Fitted(*size, _made(picture, spec, rate), holds, tuple(notes))


def slower(rate: float, most: float | None) -> float:
    """The rate, or an even part of it below ``most``: 50 become 25, 59.94 become 29.97."""
    if not most or rate <= most * _SLACK:
        return rate
    part = rate / ceil(rate / (most * _SLACK))
    return part if part >= most * _SMOOTH else most


def _made(picture: Picture, spec: Spec, rate: float) -> float:
    """0 where the rate stays: a variable one is made constant only if it has to be slower."""
    if rate < picture.fastest / _SLACK:
        return round(rate, 5)
    return picture.frame_rate if spec.constant_frame_rate else 0.0


def _within(
    size: tuple[int, int], most_width: int | None, most_height: int | None
) -> tuple[int, int]:
    width, height = size
    across, down = (most_width, most_height) if width >= height else (most_height, most_width)
    factor = min((across or width) / width, (down or height) / height, 1.0)
    return _even(width * factor, across, width), _even(height * factor, down, height)


def _even(wanted: float, most: int | None, source: int) -> int:
    """The nearest even number that is beyond neither."""
    ceiling = min(most or source, source)
    return max(2, min(round(wanted / 2) * 2, ceiling - ceiling % 2))


def _rate_for(codec: str, level: str, size: tuple[int, int], rate: float) -> float:
    """An even part of the rate, if that makes the level hold the picture, or nearly so.

    Fewer frames look better than a soft picture, down to what films have.
    """
    most = levels.most_frame_rate(codec, level, width=size[0], height=size[1]) or rate
    part, divisor = rate, 1
    while part > most * _SLACK and rate / (divisor + 1) >= _SLOWEST_PART:
        divisor += 1
        part = rate / divisor
    return part


def _size_for(codec: str, level: str, size: tuple[int, int], rate: float) -> tuple[int, int]:
    """The largest size, or nearly, that the level holds at this rate."""
    width, height = size
    if not _exceeds(codec, level, size, rate):
        return size
    limits = levels.LEVELS[codec][level]
    room = min(limits.area, limits.rate / rate) if rate else limits.area
    unit = _MACROBLOCK if codec == "h264" else 1
    factor = min(1.0, sqrt(room * unit / (width * height)))
    sides = size
    while factor * max(size) > _LEAST_SIDE:
        sides = _even(width * factor, width, width), _even(height * factor, height, height)
        if not _exceeds(codec, level, sides, rate):
            break
        factor *= 0.99
    return sides


def _exceeds(codec: str, level: str, size: tuple[int, int], rate: float) -> bool:
    return bool(levels.beyond(codec, level, width=size[0], height=size[1], frame_rate=rate))

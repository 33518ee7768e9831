"""How numbers and times are said to people."""

from datetime import datetime

from django.utils.timesince import timesince

_BYTES = ("bytes", "kB", "MB", "GB", "TB", "PB")


def say_bytes(size: int | None) -> str:
    """Three significant digits in decimal units: ``1.53 GB``."""
    if size is None:
        return ""
    number, unit = float(size), 0
    while abs(number) >= 999.5 and unit < len(_BYTES) - 1:
        number, unit = number / 1_000, unit + 1
    return f"{number:.3g} {_BYTES[unit]}"


def say_duration(ms: int | None) -> str:
    """As on a player: ``1:02:03`` or ``2:03``."""
    if ms is None:
        return ""
    minutes, seconds = divmod(round(ms / 1_000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def say_timecode(ms: int) -> str:
    """A place in a video, to the millisecond: ``0:01:02.345``."""
    seconds, ms = divmod(ms, 1_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}.{ms:03}"


def say_seconds(seconds: float) -> str:
    """How long something takes, coarsely: ``40 s``, ``12 min``, ``3 h 20 min``."""
    if seconds < 90:
        return f"{max(0, round(seconds))} s"
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def say_bitrate(bits_per_second: int | None) -> str:
    if not bits_per_second:
        return ""
    mega = bits_per_second / 1_000_000
    return f"{mega:.3g} Mbit/s" if mega >= 1 else f"{bits_per_second / 1_000:.3g} kbit/s"


def say_ago(moment: datetime | None, *, now: datetime) -> str:
    """``3 minutes ago``; ``just now`` within a minute."""
    if moment is None:
        return ""
    text = timesince(moment, now, depth=1).replace("\xa0", " ")
    return "just now" if text.startswith("0 ") else f"{text} ago"

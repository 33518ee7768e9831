"""Times as people write them."""

import re

from apps.core.errors import MediaHubError

_TIME = re.compile(r"(?:(?:(\d{1,4}):)?(\d{1,2}):)?(\d{1,8}(?:\.\d{1,3})?)", re.ASCII)


class NoTime(MediaHubError):
    """A text that is no time."""

    code = "no_time"


def read_time(text: str) -> int:
    """Milliseconds of seconds, ``m:ss`` or ``h:mm:ss``, up to three decimals. Raises NoTime."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise NoTime(f"“{text}” is no time such as 75.5, 1:15.5 or 0:01:15.500.")
    hours, minutes, seconds = match.groups(default="0")
    return round((int(hours) * 3_600 + int(minutes) * 60 + float(seconds)) * 1_000)

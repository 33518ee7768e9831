"""What a pass over a file is told, and what it gives."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from apps.ffmpeg.messages import Made
from apps.ffmpeg.reader import Programs
from apps.ffmpeg.wishes import Wishes


@dataclass(frozen=True, slots=True)
class Work:
    """What a pass over the file needs: ``wishes`` are those that it can fulfil.

    ``beat`` is to be called at least each second or so: it says that the pass is alive.
    """

    path: bytes
    head: bytes
    folder: bytes
    wishes: Wishes
    programs: Programs
    beat: Callable[[], None]


Pass = Callable[[Work], Iterator[Made]]
"""Gives a Made for each of its wishes, in any order; raises MediaRefused if it can give no more."""

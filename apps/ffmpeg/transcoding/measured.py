"""What facts don't tell of a file, and whoever has read it through may."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """None stands for "not known": nothing is held against a file for it.

    ``fast_start``: the index stands before the pictures. ``peak_frame_rate`` is the fastest that a
    variable rate becomes; ``constant_frame_rate`` whether all frames last equally long.
    """

    fast_start: bool | None = None
    reference_frames: int | None = None
    b_frames: int | None = None
    longest_gop_ms: int | None = None
    peak_frame_rate: float | None = None
    constant_frame_rate: bool | None = None


NOTHING = Measured()

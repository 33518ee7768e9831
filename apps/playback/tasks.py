"""What playback has done by and by."""

from apps.jobs.registry import periodic
from apps.playback.services.hls.watching import sweep_leftovers


@periodic("playback.sweep", every_s=300)
def sweep() -> None:
    """Remove what streams of killed processes left behind."""
    sweep_leftovers()

"""What follows on a change: faces that were let go are placed anew, names judged, videos kept."""

from apps.core.progress import Progress, silent
from apps.faces.choices import Verdict
from apps.faces.models import FaceChange, Track


def follow(change: FaceChange, *, report: Progress = silent) -> FaceChange:
    """Place what was let go, judge who the moved faces may be, and bring their videos up to it.

    ``report`` counts videos.
    """
    from apps.faces.services import applying, naming, place  # numpy: not in every process

    free: list[int] = []
    moved: set[int] = set()
    for move in change.moves.order_by("pk"):
        moved.update(move.tracks)
        if move.target is None and move.verdict_after == Verdict.NONE:
            free += move.tracks
    if free:
        place.place(free)
    if others := sorted(moved - set(free)):
        naming.judge(others)
    videos = set(_videos_of(moved)) | set(_videos_renamed(change))
    applying.apply_names(sorted(videos), report=report)
    return change


def _videos_of(tracks: set[int]) -> list[int]:
    rows = Track.objects.in_videos().filter(pk__in=tracks)
    return list(rows.order_by("video_id").values_list("video_id", flat=True).distinct())


def _videos_renamed(change: FaceChange) -> list[int]:
    """Those of identities that got or lost a name."""
    ids = [
        int(pk)
        for pk, values in change.after["identities"].items()
        if "performer" in values or "ignored" in values
    ]
    rows = Track.objects.in_videos().filter(identity__in=ids)
    return list(rows.order_by("video_id").values_list("video_id", flat=True).distinct())

"""What follows on a change: faces that were let go are placed anew, names judged, videos kept."""

from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q

from apps.core.progress import Progress, silent
from apps.faces.choices import Verdict
from apps.faces.models import Appearance, FaceChange, Identity, Track
from apps.faces.services.settings import settings_of_all
from apps.faces.signals import change_made, people_changed

MOST_AT_ONCE = 300  # faces or videos that are brought up to a change while the caller waits


@dataclass(slots=True)
class _Reach:
    """``free`` faces were let go; ``videos`` are those in which something may be otherwise now."""

    free: set[int] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)
    videos: set[int] = field(default_factory=set)


def follow(change: FaceChange) -> FaceChange:
    """See to what follows on a change: at once or, of very many faces or videos, by a job."""
    reach = _reach(change)
    if people := sorted(_people(change)):
        transaction.on_commit(
            lambda: people_changed.send_robust(sender=FaceChange, performer_ids=people)
        )
    if max(len(reach.moved), len(reach.videos)) > MOST_AT_ONCE:
        # its job is there as soon as the change is: killed at the commit nothing would ask for it
        change_made.send(sender=FaceChange, change_id=change.pk)
    else:
        _bring_up(reach, silent)
    return change


def bring_up(change: FaceChange, *, report: Progress = silent) -> FaceChange:
    """Place what was let go, judge who the faces of its videos may be, and name those videos anew.

    Also videos that were named by a face that nobody vouches for any more. ``report`` counts
    videos. Done twice it does no more.
    """
    _bring_up(_reach(change), report)
    return change


def _bring_up(reach: _Reach, report: Progress) -> None:
    from apps.faces.services import applying, place, vectors  # numpy: not in every process

    vectors.write_likeness(reach.moved, settings_of_all().engine)
    if reach.free:
        report(0, len(reach.videos))
        place.place(reach.free)
    applying.name_videos(sorted(reach.videos), report=report)


def _reach(change: FaceChange) -> _Reach:
    """A number of statements that doesn't grow with the faces."""
    reach, sources = _Reach(), set[int]()
    for move in change.moves.order_by("pk"):
        reach.moved.update(move.tracks)
        if move.target is None and move.verdict_after == Verdict.NONE:
            reach.free.update(move.tracks)
        if move.verdict_before == Verdict.CONFIRMED and move.source is not None:
            sources.add(move.source)
    reach.moved.update(pk for said in (change.before, change.after) for pk, _ in said["rejections"])
    tracks = Track.objects.in_videos()
    renamed = Q(identity__in=_renamed(change))
    for which in (Q(pk__in=reach.moved), renamed):
        reach.videos.update(tracks.filter(which).values_list("video_id", flat=True).distinct())
    lost = _lost(change) | set(
        Identity.objects.filter(pk__in=sources, performer__isnull=False).values_list(
            "performer_id", flat=True
        )
    )
    named = Appearance.objects.filter(performer__in=lost, confirmed=False, refused=False)
    reach.videos.update(named.values_list("video_id", flat=True))
    return reach


def _people(change: FaceChange) -> set[int]:
    """Performers who came or went, or whose faces did or were judged."""
    touched = {pk for pair in change.moves.values_list("source", "target") for pk in pair if pk}
    known = Identity.objects.filter(pk__in=touched, performer__isnull=False)
    given = (values.get("performer") for values in change.after["identities"].values())
    return (
        set(known.values_list("performer_id", flat=True))
        | _lost(change)
        | {pk for pk in given if pk is not None}
    )


def _renamed(change: FaceChange) -> list[int]:
    """Identities that got or lost a name, or came to matter or not."""
    return [
        int(pk)
        for pk, values in change.after["identities"].items()
        if "performer" in values or "ignored" in values
    ]


def _lost(change: FaceChange) -> set[int]:
    """Performers whose name somebody had before."""
    had = (values.get("performer") for values in change.before["identities"].values())
    return {pk for pk in had if pk is not None}

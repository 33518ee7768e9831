"""Giving fingerprints back: only of sure matches, only to boxes that may be given to, each once.

A fingerprint is written down once the box has answered. If the worker is lost in between, it is
given a second time, which boxes take as the same vote; it is never left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.core.errors import MediaHubError
from apps.core.progress import Guard, Progress, silent
from apps.library.models import Video
from apps.stashbox.choices import Gift, MatchState
from apps.stashbox.client import MOST_PRINTS, StashBoxClient
from apps.stashbox.matching import LocalPrint, VideoFacts
from apps.stashbox.models import StashBox, StashMatch, Submission
from apps.stashbox.services.boxes import settings_of_all
from apps.stashbox.services.facts import facts_of

_PAGE = 250  # matches whose fingerprints are looked up at once
_MOST_TOLD = 100


class GivingRefused(MediaHubError):
    """The box isn't to be given anything; nothing was sent."""

    code = "giving_refused"


@dataclass(frozen=True, slots=True)
class PrintGift:
    """A fingerprint of a video here for a scene there."""

    scene_id: str
    algorithm: str
    hash: str
    duration_s: int
    video_id: int

    def as_input(self) -> dict[str, Any]:
        """Exactly what is sent."""
        return {
            "scene_id": self.scene_id, "hash": self.hash, "algorithm": self.algorithm,
            "duration": self.duration_s,
        }  # fmt: skip


@dataclass(slots=True)
class Given:
    """How many were sent in how many requests, and how many of them the box refused; its words
    about the first hundred."""

    sent: int = 0
    requests: int = 0
    refused: int = 0
    told: list[str] = field(default_factory=list)


def check_may_give(box: StashBox) -> None:
    """Raises GivingRefused."""
    if not box.may_submit:
        raise GivingRefused(f"{box} is not to be given anything: allow it in the box's settings.")
    if not box.enabled:
        raise GivingRefused(f"{box} is switched off.")


def foresee(box: StashBox, *, videos: QuerySet[Video] | None = None) -> Iterator[PrintGift]:
    """What would be sent, of some videos or of all, in its order; nothing is.
    Raises GivingRefused.

    Those of videos whose match a person accepted, or that was applied with a score that still is
    enough for that; not what was given before. Five statements for some hundred matches.
    """
    check_may_give(box)
    sure = _sure(box, apply_from=settings_of_all().apply_from)
    return _pending(box, sure if videos is None else sure.filter(video__in=videos.values("pk")))


def submit_fingerprints(
    box: StashBox,
    *,
    videos: QuerySet[Video] | None = None,
    report: Progress = silent,
    guard: Guard = nullcontext,
) -> Given:
    """Send what ``foresee`` tells. What the box refuses is kept with its words and not sent again.

    Raises GivingRefused, BoxError; what was sent until then is kept.
    """
    outcome, pending = Given(), foresee(box, videos=videos)
    with StashBoxClient(box) as client:
        while gifts := list(islice(pending, MOST_PRINTS)):
            errors = client.submit_fingerprints([gift.as_input() for gift in gifts])
            with guard():
                _write_down(box, gifts, errors)
            _count(outcome, gifts, errors)
            report(outcome.sent, None, requests=outcome.requests, refused=outcome.refused)
    return outcome


def _sure(box: StashBox, *, apply_from: int) -> QuerySet[StashMatch]:
    accepted = Q(state=MatchState.ACCEPTED, whole=True)
    certain = Q(state=MatchState.APPLIED, score__gte=apply_from)
    return StashMatch.objects.filter(accepted | certain, box=box)


def _pending(box: StashBox, sure: QuerySet[StashMatch]) -> Iterator[PrintGift]:
    matches, last = sure.order_by("pk"), 0
    while page := list(matches.filter(pk__gt=last).values_list(*_COLUMNS)[:_PAGE]):
        last = page[-1][0]
        living = [(video, scene) for _, video, scene, deleted in page if deleted is not True]
        facts = facts_of({video for video, _ in living})
        gifts = [gift for video, scene in living for gift in _gifts(facts, video, scene)]
        yield from _not_yet_given(box, gifts)


_COLUMNS = ("pk", "video_id", "remote_id", "payload__deleted")


def _gifts(facts: Mapping[int, VideoFacts], video_id: int, scene_id: str) -> Iterator[PrintGift]:
    """One of each fingerprint, whichever files have it."""
    known = facts.get(video_id, VideoFacts())
    seen: set[tuple[str, str]] = set()
    for told in known.prints:
        duration_s = seconds_of(told)
        if duration_s and (told.algorithm, told.hash) not in seen:
            seen.add((told.algorithm, told.hash))
            yield PrintGift(scene_id, told.algorithm, told.hash, duration_s, video_id)


def seconds_of(told: LocalPrint) -> int:
    """Whole seconds, as boxes count; 0 of what has no duration, which boxes refuse."""
    return round((told.duration_ms or 0) / 1_000)


def _not_yet_given(box: StashBox, gifts: Sequence[PrintGift]) -> Iterator[PrintGift]:
    given = Submission.objects.filter(
        box=box, kind=Gift.FINGERPRINT, hash__in={gift.hash for gift in gifts}
    )
    done = set(given.values_list("remote_id", "algorithm", "hash"))
    for gift in gifts:
        key = (gift.scene_id, gift.algorithm, gift.hash)
        if key not in done:  # nor by another video with the same file
            done.add(key)
            yield gift


def _write_down(box: StashBox, gifts: Sequence[PrintGift], errors: Sequence[str | None]) -> None:
    now = timezone.now()
    rows = [
        Submission(
            box=box, kind=Gift.FINGERPRINT, remote_id=gift.scene_id, algorithm=gift.algorithm,
            hash=gift.hash, duration_s=gift.duration_s, video_id=gift.video_id, sent_at=now,
            error=(error or "")[:500],
        )
        for gift, error in zip(gifts, errors, strict=True)
    ]  # fmt: skip
    Submission.objects.bulk_create(rows, ignore_conflicts=True)


def _count(outcome: Given, gifts: Sequence[PrintGift], errors: Sequence[str | None]) -> None:
    outcome.requests += 1
    outcome.sent += len(gifts)
    for gift, error in zip(gifts, errors, strict=True):
        if error:
            outcome.refused += 1
            if len(outcome.told) < _MOST_TOLD:
                outcome.told.append(f"{gift.algorithm} {gift.hash} of {gift.scene_id}: {error}")

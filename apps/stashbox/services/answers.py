"""Taking in what boxes answered: keep it, apply what is certain, note that it was asked."""

from collections import defaultdict
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps.stashbox.choices import TAKEN, FieldPolicy, MatchState, Source
from apps.stashbox.matching import Thresholds, VideoFacts, decide, judge
from apps.stashbox.models import IdentifySettings, Lookup, StashBox, StashMatch
from apps.stashbox.schema import RemoteScene
from apps.stashbox.services.apply import apply_matches
from apps.stashbox.services.facts import digest_of
from apps.stashbox.services.holding import hold_videos
from apps.stashbox.services.keeping import Candidate, keep


@dataclass(slots=True)
class Answered:
    """A video about which a box was asked, what was known of it at ``seen_at``, and the answer.

    With an ``error`` the answer isn't whole: nothing of it is applied, and it is asked again.
    """

    box: StashBox
    video: int
    facts: VideoFacts
    source: Source
    seen_at: datetime
    scenes: list[RemoteScene] = field(default_factory=list)
    error: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many videos were applied to, have candidates to review, and have none."""

    applied: int = 0
    review: int = 0
    nothing: int = 0


@dataclass(frozen=True, slots=True)
class _Known:
    """What was decided before: of videos by their ids. ``taken_here`` are scenes of this box, else
    something was taken that isn't to be replaced."""

    rejected: dict[int, set[str]]
    taken_here: set[int]
    taken_elsewhere: set[int]


@transaction.atomic
def take_in(batch: Sequence[Answered], settings: IdentifySettings) -> Tally:
    """Keep one box's answers about some videos, each once, all or nothing.

    A video about which another job was answered meanwhile is left to that. A constant number of
    statements, for however many.
    """
    box, source = batch[0].box, batch[0].source
    there = set(hold_videos([each.video for each in batch]))
    done = _answered_meanwhile(box, source, batch)
    batch = [each for each in batch if each.video in there - done]
    known = _known(box, [each.video for each in batch])
    candidates = {each.video: _candidates(each, known, settings) for each in batch}
    kept = {(row.video_id, row.remote_id): row for row in keep(candidates)}
    certain = [
        kept[video, scene.id] for video, some in candidates.items()
        for _, _, scene, _, state in some if state == MatchState.APPLIED
    ]  # fmt: skip
    applied = _apply(certain, known, settings)
    _note(batch, candidates)
    review = {row.video_id for row in kept.values() if row.state == MatchState.REVIEW} - applied
    nothing = sum(not some for some in candidates.values())
    return Tally(len(applied), len(review), nothing)


def _answered_meanwhile(box: StashBox, source: Source, batch: Sequence[Answered]) -> set[int]:
    seen_at = {each.video: each.seen_at for each in batch}
    column = "searched_at" if source == Source.TEXT else "asked_at"
    rows = Lookup.objects.filter(box=box, video__in=seen_at).exclude(**{column: None})
    if source != Source.TEXT:
        rows = rows.exclude(asked="")  # which was only searched by words
    return {video for video, at in rows.values_list("video", column) if at > seen_at[video]}


def _known(box: StashBox, videos: Sequence[int]) -> _Known:
    known = _Known(defaultdict(set), set(), set())
    decided = StashMatch.objects.filter(video__in=videos, state__in=[*TAKEN, MatchState.REJECTED])
    columns = ("video", "box", "remote_id", "state", "whole")
    for video, at, remote, state, whole in decided.values_list(*columns):
        if state != MatchState.REJECTED:
            (known.taken_here if at == box.pk and whole else known.taken_elsewhere).add(video)
        elif at == box.pk:
            known.rejected[video].add(remote)
    return known


def _candidates(one: Answered, known: _Known, settings: IdentifySettings) -> list[Candidate]:
    """What is worth keeping. Beside one that was taken earlier, others are only passed over."""
    scenes = {scene.id: scene for scene in one.scenes if not scene.deleted}
    wanted = [
        scene for name, scene in scenes.items() if name not in known.rejected.get(one.video, ())
    ]
    judgements = [judge(one.facts, scene) for scene in wanted]
    thresholds = Thresholds(settings.apply_from, settings.review_from, settings.lead)
    states = decide(judgements, thresholds)
    if one.error or one.source == Source.TEXT:  # what is found by words is never applied unasked
        states = [state and MatchState.REVIEW for state in states]
    # what is beside one that is applied waits, too: applying passes it over, an undo gives it back
    states = [MatchState.REVIEW if state == MatchState.PASSED else state for state in states]
    if one.video in known.taken_here:
        states = [state and MatchState.PASSED for state in states]
    return [
        (one.box, one.source, scene, judgement, state)
        for scene, judgement, state in zip(wanted, judgements, states, strict=True)
        if state
    ]


def _apply(certain: Sequence[StashMatch], known: _Known, settings: IdentifySettings) -> set[int]:
    """Apply what is certain; the ids of the videos to which something was applied.

    What a person passed over isn't applied unasked. Where another box's candidate was taken
    before, what this one would replace is only filled.
    """
    certain = [row for row in certain if row.state == MatchState.REVIEW]
    applied: list[StashMatch] = []
    for later in (False, True):
        rows = [row for row in certain if (row.video_id in known.taken_elsewhere) == later]
        if rows:
            as_set = _filling(settings) if later else settings
            applied += apply_matches(rows, state=MatchState.APPLIED, settings=as_set)
    return {row.video_id for row in applied}


def _filling(settings: IdentifySettings) -> IdentifySettings:
    """The settings for what comes second: nothing is replaced."""
    filling = copy(settings)
    filling.policies = {
        name: FieldPolicy.FILL if policy == FieldPolicy.REPLACE else policy
        for name in settings.DEFAULT_POLICIES
        for policy in [settings.policy(name)]
    }
    return filling


def _note(batch: Sequence[Answered], candidates: dict[int, list[Candidate]]) -> None:
    """That it was asked, so that it isn't again."""
    now = timezone.now()
    rows = [
        Lookup(
            video_id=each.video, box=each.box, asked=digest_of(each.facts), asked_at=now,
            found=len(candidates[each.video]),
        )
        for each in batch if not each.error
    ]  # fmt: skip
    changed = ["asked", "asked_at", "found"]
    if batch and batch[0].source == Source.TEXT:
        changed = ["searched_at"]
        for row in rows:
            row.searched_at, row.asked = now, ""
    Lookup.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["box", "video"], update_fields=changed
    )

"""Applying candidates: one transaction, a number of statements that doesn't grow with them.

Rows are locked in the order of their ids, first those of labels that others might delete or merge,
then the videos, then again the labels, whose counts change: the order of ``apps.editing``.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps.core import context
from apps.library.models import Video
from apps.stashbox.choices import TAKEN, FieldPolicy, MatchState
from apps.stashbox.models import IdentifySettings, StashMatch
from apps.stashbox.services.apply.candidates import Candidate, read, want
from apps.stashbox.services.apply.fields import FIELDS, SET, State, open_fields, settle
from apps.stashbox.services.apply.write import Work, keep_labels, write
from apps.stashbox.services.decided import link_scenes, pass_others
from apps.stashbox.services.holding import hold_videos
from apps.stashbox.services.linking import Labels, find_or_make
from apps.stashbox.services.provenance import mark_of

MOST_AT_ONCE = 40


def apply_matches(
    matches: Iterable[StashMatch],
    *,
    state: MatchState,
    settings: IdentifySettings,
    fields: Sequence[str] | None = None,
    only_waiting: bool = False,
    whole: bool | None = None,
) -> list[StashMatch]:
    """Give videos what candidates say, by the policies of fields, and return those applied.

    ``fields`` are those that a person takes on purpose: no others, even if a person gave their
    values, but never locked ones. The candidates are then ``state``; the others of the same videos
    and boxes that wait are passed over, unless only some fields were taken. What was applied stays
    as it is, what was rejected is applied for a person only; what was undone waits for one. Each
    video gets one audit entry. All or nothing for each 40 candidates. With ``only_waiting``, what
    was decided meanwhile is left alone. ``whole`` says that the videos are these scenes, which they
    are anyway unless just some fields are taken.
    """
    rows, done = list(matches), []
    are_these = fields is None if whole is None else whole
    for at in range(0, len(rows), MOST_AT_ONCE):
        portion = rows[at : at + MOST_AT_ONCE]
        done += _apply(portion, state, settings, fields, waiting=only_waiting, are_these=are_these)
    return done


@transaction.atomic
def _apply(
    matches: Sequence[StashMatch],
    state: MatchState,
    settings: IdentifySettings,
    fields: Sequence[str] | None,
    *,
    waiting: bool,
    are_these: bool,
) -> list[StashMatch]:
    hold_videos({match.video_id for match in matches})
    candidates = read(_hold(matches, state, again=fields is not None, waiting=waiting))
    if not candidates:
        return []
    policies = {name: settings.policy(name) for name in FIELDS}
    labels = _labels(candidates, policies, settings, fields)
    ids = {each.match.video_id for each in candidates}
    videos = Video.objects.defer(None).select_for_update(no_key=True).filter(pk__in=ids)
    now = timezone.now()
    works = {video.pk: Work(video, State.of(video)) for video in videos.order_by("pk")}
    done = [each for each in candidates if each.match.video_id in works]
    for candidate in done:
        _take(works[candidate.match.video_id], candidate, labels, policies, fields, now=now)
    write([work for work in works.values() if work.changed], now=now)
    for each in done:
        work = works[each.match.video_id]
        each.match.whole = are_these or (each.match.state in TAKEN and each.match.whole)
        each.match.entry = _entry_of(each.match, work, again=fields is not None)
        each.match.state, each.match.updated_at, each.match.decided_at = state, now, now
        each.match.decided_by_id = context.current().user_id
    rows = [each.match for each in done]
    StashMatch.objects.bulk_update(
        rows, ["state", "whole", "decided_at", "decided_by", "entry", "updated_at"]
    )
    link_scenes(row for row in rows if row.whole)
    if fields is None:
        pass_others(rows, now=now)
    return rows


def _hold(
    matches: Sequence[StashMatch], state: MatchState, *, again: bool, waiting: bool
) -> list[StashMatch]:
    """The candidates that may be applied, locked, in the order given."""
    ids = [match.pk for match in matches]
    rows = StashMatch.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    held = {row.pk: row for row in rows}
    undone = [row for row in held.values() if row.entry and row.decided_at is None]
    if state == MatchState.APPLIED and undone:  # nobody is asked to undo it twice
        StashMatch.objects.filter(pk__in=[row.pk for row in undone]).exclude(
            state=MatchState.REJECTED
        ).update(state=MatchState.REVIEW)
    allowed = []
    for pk in ids:
        row = held.pop(pk, None)
        if row is None or (state == MatchState.APPLIED and _is_decided(row, undone)):
            continue
        if waiting and row.state != MatchState.REVIEW:
            continue
        if again or row.state not in TAKEN or not row.whole or row.decided_at is None:
            allowed.append(row)
    return allowed


def _entry_of(match: StashMatch, work: Work, *, again: bool) -> int | None:
    if work.entry is not None:
        return work.entry.pk
    return match.entry if again or match.state in TAKEN else None


def _is_decided(row: StashMatch, undone: list[StashMatch]) -> bool:
    return row.state == MatchState.REJECTED or row in undone


def _labels(
    candidates: Sequence[Candidate],
    policies: dict[str, FieldPolicy],
    settings: IdentifySettings,
    fields: Sequence[str] | None,
) -> Labels:
    """Only of fields that may change: nothing is made for others. Kept until all is done."""
    videos = Video.objects.defer(None).in_bulk([each.match.video_id for each in candidates])
    wanted = [
        (each, open_fields(State.of(video), policies, fields))
        for each in candidates
        if (video := videos.get(each.match.video_id))
    ]
    labels = find_or_make(want(wanted), settings)
    there = keep_labels({(key.kind, label.pk) for key, label in labels.items() if label.pk})
    return {key: label for key, label in labels.items() if (key.kind, label.pk) in there}


def _take(
    work: Work,
    candidate: Candidate,
    labels: Labels,
    policies: dict[str, FieldPolicy],
    fields: Sequence[str] | None,
    *,
    now: datetime,
) -> None:
    """What one candidate gives; what another one of the batch gave before counts as there."""
    match = candidate.match
    for name in FIELDS if fields is None else fields:
        said, left = candidate.said(name, labels)
        outcome, new = settle(
            work.state, name, said, policy=policies[name], chosen=fields is not None,
            whole=not left,
        )  # fmt: skip
        if outcome == SET:
            work.give(name, new, mark_of(match.box_id, match.source, now=now))

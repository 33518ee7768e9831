"""Putting performers on videos for their faces, and taking them off when no face stands for it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from apps.core.progress import Progress, silent
from apps.faces.models import Appearance, FaceLibrary, Track
from apps.faces.services import naming
from apps.faces.services.applying.grounds import Standing, grounds_of
from apps.faces.services.applying.write import FIELD, Links, is_ours, is_persons, put_on_videos
from apps.faces.services.identities import take_turn
from apps.library.models import Video

_AT_ONCE = 500  # videos
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Named:
    """How many performers were put on videos, and taken off."""

    given: int = 0
    taken: int = 0


@dataclass(slots=True)
class _Plan:
    """``wanting`` are libraries on whose videos performers are put."""

    wanting: set[int]
    new: list[Appearance] = field(default_factory=list)
    changed: list[Appearance] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    links: Links = field(default_factory=Links)


@transaction.atomic
def apply_names(video_ids: Collection[int], *, report: Progress = silent) -> Named:
    """Bring videos up to their faces: who stands for a performer, and whom nobody stands for.

    Every performer for whom a face stands has an ``Appearance``. They are put on a video if its
    library wants that, nobody locked its performers or gave them by hand, and nobody refused them;
    taken off again is only who was put there for a face. What a person confirmed stays, and what a
    person took off is remembered. A number of statements that doesn't grow with videos, for each
    500 of them. ``report`` counts videos.
    """
    take_turn()  # before videos are held: people's words on appearances hold those first
    wanted = sorted(set(video_ids))
    given = taken = 0
    for first in range(0, len(wanted), _AT_ONCE):
        report(first, len(wanted))
        links = _apply(wanted[first : first + _AT_ONCE])
        given += sum(map(len, links.come.values()))
        taken += sum(map(len, links.gone.values()))
    return Named(given, taken)


def name_videos(video_ids: Sequence[int] | None = None, *, report: Progress = silent) -> Named:
    """Judge the faces of videos (None: of all) anew, and bring the videos up to it: after a change
    of settings, or of performers. ``report`` counts videos."""
    videos = Track.objects.in_videos()
    videos = videos if video_ids is None else videos.filter(video__in=video_ids)
    wanted = list(videos.order_by("video_id").values_list("video_id", flat=True).distinct())
    given = taken = 0
    for first in range(0, len(wanted), _AT_ONCE):
        report(first, len(wanted))
        part = wanted[first : first + _AT_ONCE]
        tracks = Track.objects.filter(video__in=part)
        naming.judge(list(tracks.values_list("pk", flat=True)))
        named = apply_names(part)
        given, taken = given + named.given, taken + named.taken
    report(len(wanted), len(wanted))
    return Named(given, taken)


def _apply(video_ids: Sequence[int]) -> Links:
    # held in order, so that two who name the same videos don't wait for each other in a circle
    held = Video.objects.defer(None).filter(pk__in=video_ids).order_by("pk").select_for_update()
    videos = {video.pk: video for video in held}
    grounds = grounds_of(videos)
    rows = Appearance.objects.filter(video__in=list(videos))
    there = {(row.video_id, row.performer_id): row for row in rows}
    if not grounds and not there:
        return Links()
    wanting = set(
        FaceLibrary.objects.filter(enabled=True, apply_names=True).values_list("pk", flat=True)
    )
    plan = _Plan(wanting)
    for pair, standing in grounds.items():
        _give(plan, videos[pair[0]], pair[1], standing, there.get(pair))
    for pair, row in there.items():
        if pair not in grounds:
            _take(plan, videos[pair[0]], pair, row)
    _save(plan, videos)
    return plan.links


def _give(
    plan: _Plan, video: Video, performer: int, standing: Standing, row: Appearance | None
) -> None:
    pair, is_on = (video.pk, performer), performer in video.performer_ids
    if row is not None and row.linked and not is_on:
        _note_taken_off(plan, video, row)
        return
    if row is not None and (row.refused or row.confirmed):
        return
    may = video.library_id in plan.wanting and not is_on and _is_open(video)
    if may:
        plan.links.give(pair)
    if row is None:
        plan.new.append(
            Appearance(
                video_id=pair[0], performer_id=pair[1], linked=may,
                similarity=standing.similarity, ground=standing.ground,
            )
        )  # fmt: skip
    elif may or (row.similarity, row.ground) != (standing.similarity, standing.ground):
        row.similarity, row.ground = standing.similarity, standing.ground
        row.linked = row.linked or may
        plan.changed.append(row)


def _note_taken_off(plan: _Plan, video: Video, row: Appearance) -> None:
    """Somebody took them off the video: that is their word, unless a person said before that they
    are in it and it wasn't a person who took them off."""
    if not row.confirmed or is_persons(video):
        row.refused, row.confirmed = True, False
    row.linked = False
    plan.changed.append(row)


def _take(plan: _Plan, video: Video, pair: Pair, row: Appearance) -> None:
    if row.linked and pair[1] not in video.performer_ids:
        _note_taken_off(plan, video, row)
    elif row.refused or row.confirmed or (row.linked and FIELD in video.locked_fields):
        return  # a person said so, or locked them as they are
    else:
        plan.gone.append(row.pk)
        if row.linked and is_ours(video):  # else somebody has seen to all of them since
            plan.links.take(pair)


def _is_open(video: Video) -> bool:
    return FIELD not in video.locked_fields and not is_persons(video)


def _save(plan: _Plan, videos: dict[int, Video]) -> None:
    Appearance.objects.bulk_create(plan.new)
    if plan.changed:
        fields = ["linked", "confirmed", "refused", "similarity", "ground"]
        Appearance.objects.bulk_update(plan.changed, fields)
    if plan.gone:
        Appearance.objects.filter(pk__in=plan.gone).delete()
    linked = Appearance.objects.filter(video__in=list(plan.links.gone), linked=True)
    still = set(linked.values_list("video_id", flat=True))
    put_on_videos(plan.links, videos, still=still, now=timezone.now())

"""What people watched: where they stopped, and how often they played what."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F

from apps.library.models import Play, Video, Viewing
from apps.playback.services.stretches import length_ms, merged

_SEEN_TO_THE_END = 0.98


@transaction.atomic
def record_stretch(
    video: Video,
    user: AbstractBaseUser,
    *,
    session: UUID,
    from_ms: int,
    to_ms: int,
    position_ms: int,
    now: datetime,
) -> Viewing:
    """Note that a player's session played a stretch, and where it is now.

    A session counts as one play, once MEDIAHUB_PLAYED_PERCENT of the video was played in it. The
    same report twice, or in another order, changes nothing but the place to go on from.
    """
    viewing, _ = Viewing.objects.select_for_update().get_or_create(user_id=user.pk, video=video)
    viewing.position_ms = position_ms
    if to_ms > from_ms:
        gained, counts = _extend_play(viewing, video, session=session, stretch=(from_ms, to_ms))
        viewing.last_played_at = now
        Viewing.objects.filter(pk=viewing.pk).update(
            play_count=F("play_count") + int(counts), played_ms=F("played_ms") + gained
        )
    viewing.save(update_fields=["position_ms", "last_played_at"])
    viewing.refresh_from_db()
    return viewing


def resume_ms(viewing: Viewing | None, duration_ms: int | None) -> int:
    """Where to go on: from the beginning if nearly all of it was seen."""
    if viewing is None or (duration_ms and viewing.position_ms >= duration_ms * _SEEN_TO_THE_END):
        return 0
    return viewing.position_ms


@transaction.atomic
def forget_viewings(user: AbstractBaseUser, *, video_id: int | None = None) -> int:
    """Forget what a user watched of a video, or of all: plays, counts, and where to go on.

    How many videos were forgotten.
    """
    mine = Viewing.objects.filter(user_id=user.pk)
    if video_id is not None:
        mine = mine.filter(video_id=video_id)
    _all, kinds = mine.delete()
    return kinds.get(Viewing._meta.label, 0)


def _extend_play(
    viewing: Viewing, video: Video, *, session: UUID, stretch: tuple[int, int]
) -> tuple[int, bool]:
    """By how much the session has played more, and whether that makes it a play."""
    play, _ = Play.objects.get_or_create(
        viewing=viewing, session=session,
        defaults={"user_id": viewing.user_id, "from_ms": stretch[0]},
    )  # fmt: skip
    before = play.played_ms
    play.stretches = merged(play.stretches, stretch)
    play.played_ms = max(before, length_ms(play.stretches))
    play.to_ms = stretch[1]
    needed_ms = (video.duration_ms or 0) * settings.MEDIAHUB_PLAYED_PERCENT / 100
    counts = not play.counted and play.played_ms >= needed_ms
    play.counted = play.counted or counts
    play.save()
    return play.played_ms - before, counts

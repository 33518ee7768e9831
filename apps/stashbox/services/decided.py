"""What follows when a candidate was taken, or when that is taken back."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from apps.core import context
from apps.core.models import AuditEntry
from apps.stashbox.choices import TAKEN, Kind, MatchState
from apps.stashbox.models import MOST_ID, RemoteLink, StashMatch

# a video is no longer a scene of which no candidate is taken
_UNLINK = """
    DELETE FROM stashbox_remotelink link
    USING unnest(%s::bigint[], %s::bigint[], %s::text[]) gone(video_id, box_id, remote_id)
    WHERE link.kind = 'scene' AND link.video_id = gone.video_id AND link.box_id = gone.box_id
        AND link.remote_id = gone.remote_id
"""


def link_scenes(matches: Iterable[StashMatch]) -> None:
    """Say which scenes of boxes videos are; one statement."""
    RemoteLink.objects.bulk_create(
        [
            RemoteLink(
                box_id=match.box_id, kind=Kind.SCENE, remote_id=match.remote_id,
                video_id=match.video_id, checked_at=match.decided_at,
            )
            for match in sorted(matches, key=lambda match: match.pk)
            if match.box_id and len(match.remote_id) <= MOST_ID
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def pass_others(
    matches: Iterable[StashMatch], *, now: datetime, of_all_boxes: bool = False
) -> None:
    """Pass over what else waits of the same videos and boxes, or of all boxes; one statement.

    That they have the same ``decided_at`` says what they were passed over for.
    """
    rows = list(matches)
    videos = defaultdict(list)
    for match in rows:
        videos[0 if of_all_boxes else match.box_id].append(match.video_id)
    which = Q(pk__in=[])
    for box_id, ids in videos.items():
        which |= Q(video__in=ids) if of_all_boxes else Q(video__in=ids, box=box_id)
    others = StashMatch.objects.filter(which, state=MatchState.REVIEW)
    others.exclude(pk__in=[match.pk for match in rows]).update(
        state=MatchState.PASSED, decided_at=now, decided_by=context.current().user_id,
        updated_at=now,
    )  # fmt: skip


def reopen(matches: Iterable[StashMatch]) -> None:
    """Let candidates be reviewed again, with those that were passed over for them.

    They keep ``entry``: what was applied once and undone is never applied unasked again.
    """
    rows = [match for match in matches if match.state != MatchState.REVIEW]
    if not rows:
        return
    which = Q(pk__in=[match.pk for match in rows])
    for match in rows:
        if match.state in TAKEN and match.decided_at:
            which |= Q(video=match.video_id, state=MatchState.PASSED, decided_at=match.decided_at)
    _unlink_scenes([match for match in rows if match.state in TAKEN and match.box_id])
    StashMatch.objects.filter(which).update(
        state=MatchState.REVIEW, decided_at=None, decided_by=None, updated_at=timezone.now()
    )


def undone(entry: AuditEntry) -> None:
    """Called when the audit's change of a video was undone: its candidates wait for a person."""
    found = StashMatch.objects.filter(
        video=entry.object_id, entry=entry.pk, state__in=TAKEN
    ).select_for_update()
    reopen(found.order_by("pk"))


def _unlink_scenes(matches: Iterable[StashMatch]) -> None:
    keys = [(match.video_id, match.box_id, match.remote_id) for match in matches]
    if keys:
        with connection.cursor() as cursor:
            cursor.execute(_UNLINK, [list(column) for column in zip(*keys, strict=True)])

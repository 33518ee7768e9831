"""Who is said to be in a video by other means than faces."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from django.db import connection

from apps.stashbox.choices import TAKEN, MatchState
from apps.stashbox.models import StashMatch
from apps.stashbox.services.apply.candidates import read, want
from apps.stashbox.services.boxes import settings_of_all
from apps.stashbox.services.linking import find, key_of

_MOST_MATCHES = 5  # of a video: beyond it nothing is sure enough to lower the bar


# Whom only a face has put on a video says nothing of other faces.
CASTS = """
SELECT video.id, ARRAY(
    SELECT link.performer_id FROM library_videoperformer link
    WHERE link.video_id = video.id AND NOT EXISTS (
        SELECT FROM faces_appearance ours WHERE ours.video_id = video.id
            AND ours.performer_id = link.performer_id AND ours.linked AND NOT ours.confirmed
    )
), EXISTS (SELECT FROM stashbox_stashmatch match WHERE match.video_id = video.id)
FROM unnest(%(videos)s::bigint[]) video(id)
"""


def casts_of(video_ids: Collection[int]) -> Mapping[int, set[int]]:
    """Performers of videos, and those of the scenes that they may be. Whom only a face has put
    there says nothing of other faces. A number of statements that doesn't grow."""
    with connection.cursor() as cursor:
        cursor.execute(CASTS, {"videos": sorted(video_ids)})
        return casts_from(cursor.fetchall())


def casts_from(rows: Iterable[tuple[int, list[int], bool]]) -> Mapping[int, set[int]]:
    """The same, by what CASTS answered."""
    casts: dict[int, set[int]] = defaultdict(set)
    matched = []
    for video, performers, is_matched in rows:
        casts[video] |= set(performers)
        if is_matched:
            matched.append(video)
    if matched:
        for video, others in _from_matches(matched).items():
            casts[video] |= others
    return casts


def _from_matches(video_ids: Collection[int]) -> Mapping[int, set[int]]:
    matches = StashMatch.objects.filter(
        video__in=video_ids, state__in=[MatchState.REVIEW, *TAKEN]
    ).order_by("video_id", "-score", "pk")
    few: dict[int, list[StashMatch]] = defaultdict(list)
    for match in matches:
        if len(few[match.video_id]) < _MOST_MATCHES:
            few[match.video_id].append(match)
    candidates = read(match for each in few.values() for match in each)
    if not candidates:
        return {}
    labels = find(want((each, ("performers",)) for each in candidates), settings_of_all())
    found: dict[int, set[int]] = defaultdict(set)
    for each in candidates:
        for remote in each.remotes("performers"):
            label = labels.get(key_of(each.match.box_id, remote))
            if label is not None and label.pk:
                found[each.match.video_id].add(label.pk)
    return found

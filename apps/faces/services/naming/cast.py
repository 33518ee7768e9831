"""Who is said to be in a video by other means than faces."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from apps.faces.models import Appearance
from apps.library.models import VideoPerformer
from apps.stashbox.choices import TAKEN, MatchState
from apps.stashbox.models import StashMatch
from apps.stashbox.services.apply.candidates import read, want
from apps.stashbox.services.boxes import settings_of_all
from apps.stashbox.services.linking import find, key_of

_MOST_MATCHES = 5  # of a video: beyond it nothing is sure enough to lower the bar


def casts_of(video_ids: Collection[int]) -> Mapping[int, set[int]]:
    """Performers of videos, and those of the scenes that they may be. Whom only a face has put
    there says nothing of other faces. A number of statements that doesn't grow."""
    casts: dict[int, set[int]] = defaultdict(set)
    links = VideoPerformer.objects.filter(video__in=video_ids)
    for video, performer in links.values_list("video_id", "performer_id"):
        casts[video].add(performer)
    ours = Appearance.objects.filter(video__in=video_ids, linked=True, confirmed=False)
    for video, performer in ours.values_list("video_id", "performer_id"):
        casts[video].discard(performer)
    for video, performers in _from_matches(video_ids).items():
        casts[video] |= performers
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

"""Looking for people elsewhere once they are known: not only in the videos that a person judged."""

from collections.abc import Collection

import numpy as np
from django.db.models import Q

from apps.core.progress import Progress, silent
from apps.faces.choices import Verdict
from apps.faces.engines import calibration
from apps.faces.models import Identity, Track
from apps.faces.services import applying, naming, vectors
from apps.faces.services.applying import Named
from apps.faces.services.settings import settings_of_all

_SLACK = 0.1  # a face may be more alike to somebody than the middle of its group is
_AT_ONCE = 64  # known faces: their likenesses to 100,000 groups are 26 MB


def recognise(performer_ids: Collection[int], *, report: Progress = silent) -> Named:
    """Judge anew whoever may be one of these performers, and whoever was thought to be.

    Compared are middles of groups, which are few; judged are their faces. Others' candidates stay
    as they are: they can't be these people. ``report`` counts videos.
    """
    wanted = sorted(set(performer_ids))
    tracks = Track.objects.in_videos().filter(verdict=Verdict.NONE)
    concerned = [Q(identity__in=_near(wanted))]
    concerned += [Q(candidates__contains=[{"performer_id": pk}]) for pk in wanted]
    videos: set[int] = set()
    for which in concerned:  # each by its own index
        videos.update(tracks.filter(which).values_list("video_id", flat=True).distinct())
    return applying.name_videos(sorted(videos), report=report) if videos else Named()


def _near(performers: list[int]) -> list[int]:
    """Groups without a name that are about as alike to one of them as a suggestion takes."""
    settings = settings_of_all()
    known_by = calibration(settings.engine)
    known = naming.gallery(settings.engine, join_norm=known_by.join_norm)
    theirs = known.vectors[np.isin(known.performers, performers)]
    if not len(theirs):
        return []
    bar = known_by.similarity_of(settings.suggest_one_in * known.size) - _SLACK
    groups = vectors.matrix(settings.engine, width=theirs.shape[1])
    near: set[int] = set()
    for first in range(0, len(theirs), _AT_ONCE):
        likeness = groups.likeness(theirs[first : first + _AT_ONCE]).max(axis=0)
        near.update(groups.all_identities[likeness >= bar].tolist())
    return list(Identity.objects.unnamed().filter(pk__in=near).values_list("pk", flat=True))

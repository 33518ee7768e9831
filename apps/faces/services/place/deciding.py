"""Whose new faces are."""

from collections.abc import Mapping, Sequence

import numpy as np

from apps.faces.engines import calibration
from apps.faces.grouping import Thresholds, for_size
from apps.faces.grouping import placing as sums
from apps.faces.models import FaceSettings, Identity
from apps.faces.services.place.reading import Face, Known

Places = dict[int, tuple[int | None, float]]


def decide_places(known: Known, gone: set[int]) -> Places:
    """For each new face an identity, or the id of the face that begins a new one, below 0, or None;
    and how alike they are. ``gone`` are identities that nobody comes to."""
    barred, new = known.barred, known.new
    chosen: Places = {}
    own = _of_performers({each.performer for each in new if each.performer is not None})
    for each in new:
        if each.performer is not None:
            identity = own.get(each.performer)
            chosen[each.pk] = (None if identity in barred[each.pk] | gone else identity, 1.0)
    free = [each for each in new if each.performer is None and each.vector is not None]
    if free and (gallery := known.gallery) is not None:
        stacked = np.stack([each.vector for each in free if each.vector is not None])
        decided = sums.decide(
            _faces(free, barred, gone), stacked, gallery.likeness(stacked), gallery.all_identities,
            thresholds_of(known.settings, gallery.faces),
        )  # fmt: skip
        chosen |= _named_by_face(free, decided)
    return chosen


def thresholds_of(settings: FaceSettings, faces: int) -> Thresholds:
    """For so many faces, by the engine in use, or as the settings say."""
    return for_size(
        faces, calibration(settings.engine), join=settings.join_similarity,
        merge=settings.merge_similarity,
    )  # fmt: skip


def _faces(
    new: Sequence[Face], barred: Mapping[int, frozenset[int]], gone: set[int]
) -> list[sums.Face]:
    moments = {
        number: (each.video, each.times_ms)
        for number, each in enumerate(new)
        if each.video is not None
    }
    apart = sums.apart_of(moments)
    return [
        sums.Face(each.norm, barred[each.pk] | gone, apart.get(number, frozenset()))
        for number, each in enumerate(new)
    ]


def _named_by_face(new: Sequence[Face], decided: sums.Decided) -> Places:
    """New identities by the id of the face that begins them, below 0."""
    starts = [-new[number].pk for number in decided.starting]
    return {
        each.pk: (starts[-1 - identity] if identity is not None and identity < 0 else identity, how)
        for each, identity, how in zip(new, decided.chosen, decided.likeness, strict=True)
    }


def _of_performers(performers: set[int]) -> dict[int, int]:
    """Performers' identities, which are made if there are none."""
    if not performers:
        return {}
    Identity.objects.bulk_create(
        [Identity(performer_id=pk) for pk in sorted(performers)], ignore_conflicts=True
    )
    rows = Identity.objects.filter(performer__in=performers)
    return dict(rows.values_list("performer_id", "pk"))

"""How one identity would fall in two, if it is two people."""

import numpy as np
from numpy.typing import NDArray

from apps.faces.choices import Verdict
from apps.faces.models import Identity, Track
from apps.faces.services import vectors
from apps.faces.services.place import thresholds_of
from apps.faces.services.settings import settings_of_all
from apps.faces.services.vectors import Vectors

_MOST = 20_000  # faces; of more the best are looked at
_ROUNDS = 20
_LEAST = 2  # faces on either side


def in_two(identity: Identity) -> tuple[list[int], list[int]] | None:
    """Ids of the faces that would stay and of those that would go, the best of each side first;
    None if they belong together, or are too few to tell. Nothing is written.

    Two sides are two people if a regrouping wouldn't merge them. Confirmed faces stay.
    """
    settings = settings_of_all()
    tracks = Track.objects.filter(identity=identity)
    best = tracks.order_by("-quality", "pk").values_list("pk", flat=True)[:_MOST]
    order = {pk: place for place, pk in enumerate(best)}
    ids, unit, _norms = vectors.read(list(order), settings.engine)
    if len(ids) < 2 * _LEAST:
        return None
    sides = _sides(unit)
    between = float(unit[sides].mean(axis=0) @ unit[~sides].mean(axis=0))
    if between >= thresholds_of(settings, Track.objects.count()).merge:
        return None
    confirmed = set(tracks.filter(verdict=Verdict.CONFIRMED).values_list("pk", flat=True))
    firm = np.isin(ids, list(confirmed))
    if (going := _going(sides, firm)).sum() < _LEAST:
        return None
    staying, leaving = ids[~going].tolist(), ids[going].tolist()
    return sorted(staying, key=order.__getitem__), sorted(leaving, key=order.__getitem__)


def _sides(unit: Vectors) -> NDArray[np.bool_]:
    """The faces by which of two middles they are nearer to, from the two least alike on."""
    first = int(np.argmin(unit @ unit.mean(axis=0)))
    middles = np.stack([unit[first], unit[int(np.argmin(unit @ unit[first]))]])
    sides = np.zeros(len(unit), bool)
    for _round in range(_ROUNDS):
        likeness = unit @ middles.T
        fresh = likeness[:, 0] > likeness[:, 1]
        if not fresh.any() or fresh.all() or (fresh == sides).all():
            break
        sides = fresh
        middles = np.stack([unit[sides].mean(axis=0), unit[~sides].mean(axis=0)])
        middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    if not sides.any():
        sides[first] = True
    return sides


def _going(sides: NDArray[np.bool_], firm: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of the two sides the one with fewer confirmed faces goes, then the smaller one."""
    here, there = sides, ~sides
    if (int((here & firm).sum()), int(here.sum())) > (int((there & firm).sum()), int(there.sum())):
        return there & ~firm
    return here & ~firm

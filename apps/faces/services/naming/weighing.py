"""What likenesses are worth: scores, margins and bands."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from apps.faces.choices import Band, Ground
from apps.faces.engines.calibration import Calibration
from apps.faces.models import FaceSettings
from apps.faces.services.naming.gallery import Gallery

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST = 5  # candidates that are kept of a face
_SHOWN = 3  # faces of each that are shown beside it
# In a cast, a stranger may pass for one of so many faces: its people were expected anyway.
_CAST_ONE_IN = 60
# The margin is said in SFace's likenesses; other engines' lie closer together.
_SPREAD = 0.175


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody whom a face may be of.

    ``similarity`` is the cosine to the most alike of ``exemplars`` (faces of theirs, that one
    first); one of ``one_in`` strangers would be as alike to anybody who was compared; ``margin``
    is how much more alike it is than the next one.
    """

    performer_id: int
    name: str
    similarity: float
    one_in: float
    margin: float
    ground: str
    exemplars: list[int]


@dataclass(frozen=True, slots=True)
class Levels:
    """From where on a name is given, or suggested, among so many known faces."""

    calibration: Calibration
    apply_one_in: float
    suggest_one_in: float
    margin: float

    @classmethod
    def of(cls, settings: FaceSettings, calibration: Calibration) -> Self:
        spread = calibration.similarity_of(100_000) - calibration.similarity_of(100)
        margin = settings.margin * spread / _SPREAD
        return cls(calibration, settings.apply_one_in, settings.suggest_one_in, margin)

    def one_in(self, similarity: float, *, faces: int) -> float:
        return max(1.0, self.calibration.one_in(similarity) / max(faces, 1))

    def band(self, candidate: Candidate, *, faces: int) -> Band:
        """``faces`` are those that were compared."""
        if candidate.margin >= self.margin and self._is_sure(candidate, faces):
            return Band.APPLIED
        suggested = candidate.one_in >= self.suggest_one_in
        if candidate.ground == Ground.CAST:
            suggested |= candidate.similarity >= self.calibration.cast_similarity
        return Band.SUGGESTED if suggested else Band.UNKNOWN

    def _is_sure(self, candidate: Candidate, faces: int) -> bool:
        if candidate.one_in >= self.apply_one_in:
            return True
        if candidate.ground != Ground.CAST:
            return False
        bar = self.calibration.similarity_of(min(_CAST_ONE_IN, self.apply_one_in) * faces)
        return candidate.similarity >= max(bar, self.calibration.cast_similarity)


@dataclass(frozen=True, slots=True)
class Weighed:
    """The candidates of a face, the likeliest first, without names; and how sure the first is."""

    band: Band
    candidates: list[Candidate]


def weigh(
    likeness: "NDArray[np.float32]", gallery: Gallery, levels: Levels, *, cast: set[int],
    barred: set[int],
) -> Weighed:  # fmt: skip
    """What the likenesses (n) of a face to all that are known say. ``barred`` are those whom it
    can't be: a person said so, or they are somebody else in the picture."""
    import numpy as np

    if not gallery.size:
        return Weighed(Band.UNKNOWN, [])
    best = np.maximum.reduceat(likeness, gallery.starts)
    if barred:
        best = np.where(np.isin(gallery.people, list(barred)), -1.0, best)
    found = _first(best, likeness, gallery, levels, Ground.LIBRARY, faces=gallery.size)
    band = levels.band(found[0], faces=gallery.size) if found else Band.UNKNOWN
    if cast and band != Band.APPLIED:
        of_cast = np.isin(gallery.people, list(cast))
        faces = int(np.isin(gallery.performers, list(cast)).sum())
        own = _first(
            np.where(of_cast, best, -1.0), likeness, gallery, levels, Ground.CAST, faces=faces
        )
        if own and (of := levels.band(own[0], faces=faces)) != Band.UNKNOWN:
            people = {each.performer_id for each in own}
            rest = [each for each in found if each.performer_id not in people]
            return Weighed(of, [*own, *rest][:MOST])
    return Weighed(band, found)


def _first(
    best: "NDArray[np.float32]", likeness: "NDArray[np.float32]", gallery: Gallery,
    levels: Levels, ground: Ground, *, faces: int,
) -> list[Candidate]:  # fmt: skip
    """The most alike people; each with its lead over the next."""
    import numpy as np

    count = min(MOST + 1, len(best))
    top = np.argpartition(best, len(best) - count)[len(best) - count :]
    top = top[np.lexsort((gallery.people[top], -best[top]))]
    found = []
    for place, at in enumerate(top[:MOST]):
        similarity = float(best[at])
        if similarity <= 0:
            break
        rest = float(best[top[place + 1]]) if place + 1 < len(top) else 0.0
        first = int(gallery.starts[at])
        last = int(gallery.starts[at + 1]) if at + 1 < len(best) else gallery.size
        near = first + np.argsort(-likeness[first:last], kind="stable")[:_SHOWN]
        found.append(
            Candidate(
                int(gallery.people[at]), "", round(similarity, 4),
                round(levels.one_in(similarity, faces=faces), 1),
                round(similarity - max(rest, 0.0), 4), str(ground),
                [int(pk) for pk in gallery.tracks[near] if pk],
            )
        )  # fmt: skip
    return found


def named(candidates: Sequence[Candidate], names: dict[int, str]) -> list[Candidate]:
    """With what they are called; who was deleted meanwhile is left out."""
    return [
        replace(each, name=names[each.performer_id])
        for each in candidates
        if each.performer_id in names
    ]

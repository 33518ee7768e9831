"""Whether people are named rightly, and strangers not at all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Seen:
    """A face that was found: where its middle is, in parts of the picture, and what it is like."""

    person: str
    middle: tuple[float, float]
    vector: NDArray[np.float32]
    norm: float


@dataclass(slots=True)
class Said:
    """Of ``known`` faces of people who are in the gallery, and of ``strangers``, how many were
    named unasked: rightly, wrongly, or though they are strangers; and how many likely."""

    known: int = 0
    strangers: int = 0
    right: int = 0
    likely: int = 0
    wrong: int = 0
    mistaken: int = 0


def ask(
    engine: str, people: Mapping[str, Sequence[Seen]], strangers: Sequence[Seen], exemplars: int
) -> Said:
    """Half of the people are known by so many pictures, the other half are strangers; then the
    other way round. By the levels that are there at first, without a cast."""
    said, names = Said(), sorted(people)
    for half in (0, 1):
        known = [name for name in names[half::2] if len(people[name]) > exemplars]
        if known:
            places = {name: number for number, name in enumerate(known, start=1)}
            asked = [each for name in names
                     for each in people[name][exemplars if name in places else 0 :]]  # fmt: skip
            taught = [(places[name], each) for name in known for each in people[name][:exemplars]]
            _weigh(engine, taught, [*asked, *strangers], places, said)
    return said


def _weigh(
    engine: str, taught: Sequence[tuple[int, Seen]], asked: Iterable[Seen],
    places: Mapping[str, int], said: Said,
) -> None:  # fmt: skip
    from apps.faces.choices import Band
    from apps.faces.engines import calibration
    from apps.faces.models import FaceSettings
    from apps.faces.services.naming.gallery import Gallery
    from apps.faces.services.naming.weighing import Levels, weigh

    performers = np.array([number for number, _ in taught], np.int64)
    people, starts = np.unique(performers, return_index=True)
    gallery = Gallery(
        engine, np.array([each.vector for _, each in taught], np.float32), performers,
        np.arange(len(taught)), people, starts,
    )  # fmt: skip
    levels = Levels.of(FaceSettings(), calibration(engine))
    for each in asked:
        weighed = weigh(gallery.vectors @ each.vector, gallery, levels, cast=set(), barred=set())
        first = weighed.candidates[0].performer_id if weighed.candidates else 0
        wanted = places.get(each.person, 0)
        if not wanted:
            said.strangers += 1
            said.mistaken += weighed.band == Band.APPLIED
            continue
        said.known += 1
        said.right += weighed.band == Band.APPLIED and first == wanted
        said.wrong += weighed.band == Band.APPLIED and first != wanted
        said.likely += weighed.band == Band.SUGGESTED and first == wanted

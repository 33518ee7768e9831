"""Which faces of a video are compared, and which are taken for one that was.

To compare a face takes far more than anything else that is done with it. What looks at a glance
like a face that was compared is the same person's; some of those are compared all the same, ever
fewer: to see that they are, and to know the person by more than one moment.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from apps.faces.engines import FaceEngine, calibration
from apps.faces.finding.glance import LENGTH, SURE, glance
from apps.faces.finding.link import link
from apps.faces.finding.look import Face, Seen, Shown, compared
from apps.faces.finding.messages import MOST_TRACKS, FindWay, Floats, FoundTrack
from apps.faces.finding.tracks import track_of

_FIRST_CHECK = 5  # faces that were taken for others; then at twice as many
_BETTER = 1.3  # times the quality: shows more than what was compared
_LEAST = 3  # compared faces of a track, if it has as many
_WARIER = 0.05
_MOST_GLANCES = 1_000  # of the faces that were compared last


def _quiet() -> None:
    """Told that work goes on, where nobody watches."""


@dataclass(slots=True)
class _Kin:
    """Faces that were taken for one another. ``quality`` is the best that was compared."""

    quality: float
    frames: set[int]
    taken: int = 0
    check_at: int = _FIRST_CHECK


@dataclass(slots=True, eq=False)
class _Known:
    """A face that was compared, and those that look like it. ``face`` is None where nobody can be
    known by it: then by those neither."""

    seen: Seen
    face: Face | None
    kin: _Kin
    others: list[Seen] = field(default_factory=list)


class People:
    """Who was seen in a video so far. ``beat`` is called before each face that is compared."""

    def __init__(
        self, engine: FaceEngine, way: FindWay, *, beat: Callable[[], None] = _quiet
    ) -> None:  # fmt: skip
        self._engine, self._way, self._beat = engine, way, beat
        self._same = calibration(engine.id).in_video_similarity
        self._sure = SURE
        self._known: list[_Known] = []
        self._glances = np.zeros((0, LENGTH), np.float32)
        self.met = 0

    @property
    def count(self) -> int:
        """Of the faces that somebody can be known by."""
        return sum(1 + len(known.others) for known in self._known if known.face)

    def meet(self, faces: Iterable[Seen], picture: Shown) -> None:
        """The faces of one frame, of which no two are one person's."""
        for seen in faces:
            self.met += 1
            look = glance(seen.crop)
            known, likeness = self._most_alike(look, seen.frame)
            if known is None:
                self._compare(seen, look, picture)
                continue
            known.kin.taken += 1
            if known.kin.taken >= known.kin.check_at or (
                seen.quality > _BETTER * known.kin.quality
            ):
                self._check(known, likeness, self._compare(seen, look, picture))
            else:
                known.others.append(seen)
                known.kin.frames.add(seen.frame)

    def tracks(self) -> list[FoundTrack]:
        """One for each person, the best first, at most MOST_TRACKS."""
        for group in self._groups()[:MOST_TRACKS]:
            self._compare_more(group)
        return [_track(group) for group in self._groups()[:MOST_TRACKS]]

    def _groups(self) -> list[list[_Known]]:
        """Faces that were compared, by person, the best first."""
        known = [one for one in self._known if one.face]
        if not known:
            return []
        vectors = np.stack([one.face.vector for one in known if one.face])
        frames = [[one.seen.frame, *(other.frame for other in one.others)] for one in known]
        groups = link(vectors, frames, similarity=self._same)
        people = [[known[index] for index in group] for group in groups]
        return sorted(people, key=lambda group: -max(one.face.worth for one in group if one.face))

    def _compare_more(self, group: Sequence[_Known]) -> None:
        """Some of those that look like them, spread over time, if few were compared."""
        others = sorted(
            ((known, seen) for known in group for seen in known.others),
            key=lambda pair: pair[1].frame,
        )
        parts = min(_LEAST - len(group), len(others))
        for part in range(parts):
            some = others[part * len(others) // parts : (part + 1) * len(others) // parts]
            known, seen = max(some, key=lambda pair: pair[1].quality)
            if seen in known.others:  # else it was doubted, and compared, meanwhile
                known.others.remove(seen)
                self._check(known, 0.0, self._compare(seen, glance(seen.crop), None))

    def _most_alike(self, look: Floats, frame: int) -> tuple[_Known | None, float]:
        """A face that was compared and looks the same; none if two people do."""
        recent = self._known[-_MOST_GLANCES:]
        likenesses = self._glances @ look
        sure = np.flatnonzero(likenesses >= self._sure)
        alike = [int(at) for at in sure if frame not in recent[at].kin.frames]
        if not alike:
            return None, 0.0
        best = max(alike, key=lambda at: (bool(recent[at].face), float(likenesses[at])))
        if any(self._differ(recent[best], recent[at]) for at in alike):
            return None, 0.0
        return recent[best], float(likenesses[best])

    def _differ(self, one: _Known, other: _Known) -> bool:
        """Whether they are two people, as far as it can be told."""
        if one.face is None or other.face is None:
            return False
        lengths = one.face.norm * other.face.norm
        return float(one.face.vector @ other.face.vector) < self._same * lengths

    def _compare(self, seen: Seen, look: Floats, picture: Shown | None) -> _Known:
        self._beat()
        whole = None if picture is None else picture.whole
        face = compared(seen, self._engine, self._way, whole)
        known = _Known(seen, face, _Kin(seen.quality, {seen.frame}))
        self._known.append(known)
        self._glances = np.concatenate([self._glances[1 - _MOST_GLANCES :], look[None]])
        return known

    def _check(self, known: _Known, likeness: float, new: _Known) -> None:
        """Whether what looked the same is. If not, what else was taken for it is compared, too,
        and faces of this video have to look more alike from now on."""
        if self._differ(known, new):
            self._sure = max(self._sure, likeness + _WARIER)
            doubted, known.others = known.others, []
            for seen in doubted:
                self._compare(seen, glance(seen.crop), None)
        elif known.face or not new.face:
            known.kin.quality = max(known.kin.quality, new.kin.quality)
            known.kin.frames |= new.kin.frames
            known.kin.check_at *= 2
            new.kin = known.kin


def _track(group: Sequence[_Known]) -> FoundTrack:
    faces = [one.face for one in group if one.face]
    return track_of(faces, [seen for one in group for seen in one.others])

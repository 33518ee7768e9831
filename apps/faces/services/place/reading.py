"""What placing and judging faces takes, read by one round trip to the database."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection

from apps.faces.choices import Engine, Verdict
from apps.faces.engines import calibration
from apps.faces.models import FaceSettings
from apps.faces.services import vectors
from apps.faces.services.identities import TURN
from apps.faces.services.naming import judging
from apps.faces.services.naming.cast import CASTS, casts_from
from apps.faces.services.naming.gallery import NEWEST, Newest, gallery_as_of
from apps.faces.services.naming.weighing import Levels, Weighed
from apps.faces.services.place.trips import Rows, Statement, several
from apps.faces.services.settings import settings_of_all
from apps.faces.services.vectors import Vectors

_FIELDS = [field.attname for field in FaceSettings._meta.concrete_fields]
_TRACKS = """
SELECT track.id, track.video_id, image.performer_id, track.identity_id, track.verdict,
    track.times_ms, known.vector, known.norm
FROM faces_track track
LEFT JOIN faces_trackvector known ON known.track_id = track.id AND known.engine = %(engine)s
LEFT JOIN library_performerimage image ON image.id = track.image_id
WHERE track.id = ANY (%(faces)s)
ORDER BY track.id
"""
_CASTS = CASTS.replace(
    "unnest(%(videos)s::bigint[]) video(id)",
    "(SELECT DISTINCT video_id FROM faces_track"
    " WHERE id = ANY (%(faces)s) AND video_id IS NOT NULL) video(id)",
)
_READ = (
    Statement.of("faces_place_turn", TURN),
    Statement.of("faces_place_settings", f"SELECT {', '.join(_FIELDS)} FROM faces_facesettings"),  # noqa: S608 - columns
    Statement.of("faces_place_tracks", _TRACKS, faces="bigint[]", engine="text"),
    Statement.of("faces_place_barred", judging.BARRED, faces="bigint[]"),
    Statement.of("faces_place_since", vectors.SINCE, engine="text", seen="bigint"),
    Statement.of("faces_place_casts", _CASTS, faces="bigint[]"),
    Statement.of("faces_place_newest", NEWEST),
)
_expected: list[str] = [Engine.YUNET_SFACE]  # the engine of the settings, which hardly ever changes


@dataclass(frozen=True, slots=True)
class Face:
    """A face that is to be placed, or judged."""

    pk: int
    video: int | None
    performer: int | None  # whose picture it is in
    identity: int | None
    verdict: str
    times_ms: frozenset[int]
    vector: Vectors | None  # (d), of length 1
    norm: float

    @property
    def is_new(self) -> bool:
        return self.identity is None and self.verdict == Verdict.NONE


@dataclass(frozen=True, slots=True)
class Known:
    """``faces`` in the order of their ids; whom they can't be, and their videos' casts, as
    ``judging.BARRED`` and ``cast.CASTS`` answer. The ``gallery`` is None where no face has a
    vector."""

    settings: FaceSettings
    faces: list[Face]
    not_people: Rows
    gallery: vectors.Gallery | None
    casts: Rows
    newest: Newest

    @property
    def new(self) -> list[Face]:
        return [each for each in self.faces if each.is_new]

    @property
    def barred(self) -> Mapping[int, frozenset[int]]:
        """Identities that faces can't have."""
        barred: dict[int, frozenset[int]] = defaultdict(frozenset)
        for track, identity, _performer in self.not_people:
            barred[track] |= {identity}
        return barred

    def middle(self, identity: int) -> vectors.Middle | None:
        return None if self.gallery is None else self.gallery.middle(identity)

    def weighed(self) -> dict[int, Weighed]:
        """Who faces in videos may be of which nobody has spoken."""
        asked = [
            judging.Asked(each.pk, each.video, each.times_ms)
            for each in self.faces
            if each.video is not None and each.verdict == Verdict.NONE
        ]
        if not asked:  # a picture's own face isn't known by it yet
            return {}
        levels = Levels.of(self.settings, calibration(self.settings.engine))
        least = levels.calibration.join_norm
        people = gallery_as_of(self.newest, self.settings.engine, join_norm=least)
        told = {
            each.pk: each.vector
            for each in self.faces
            if each.vector is not None and each.norm >= least
        }
        barred = judging.barred_performers(self.not_people)
        casts = casts_from(self.casts) if people.size else {}
        weighed = judging.weigh_by(asked, judging.Facts(casts, barred, told), people, levels)
        judging.one_each(asked, weighed)
        return weighed


def read(track_ids: Sequence[int]) -> Known:
    """In one's turn, which holds until the transaction ends."""
    engine = _expected[-1]
    seen = vectors.seen_of(engine)
    told = {"engine": engine, "seen": seen.seen, "faces": list(track_ids)}
    _, stored, tracks, barred, middles, casts, [newest] = several(_READ, told)
    if not stored or dict(zip(_FIELDS, stored[0], strict=True))["engine"] != engine:
        _expected[:] = [settings_of_all().engine]
        return read(track_ids)
    faces = [_face(each) for each in tracks]
    width = next((len(each.vector) for each in faces if each.vector is not None), 0)
    return Known(
        FaceSettings.from_db(connection.alias, _FIELDS, stored[0]), faces, barred,
        vectors.catch_up(seen, middles, width=width) if width else None, casts,
        Newest(*newest),
    )  # fmt: skip


def _face(row: tuple[Any, ...]) -> Face:
    pk, video, performer, identity, verdict, times_ms, raw, norm = row
    vector = None
    if raw is not None:
        vector = np.frombuffer(raw, "<f2").astype(np.float32)
        vector /= max(float(np.linalg.norm(vector)), 1e-12)
    return Face(pk, video, performer, identity, verdict, frozenset(times_ms), vector, norm or 0.0)

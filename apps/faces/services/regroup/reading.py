"""What a regrouping starts from: all faces, where they are, and what people have said."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction
from django.db.models import Q
from numpy.typing import NDArray

from apps.core.progress import Progress, silent
from apps.faces.choices import Verdict
from apps.faces.models import Apart, Identity, Rejection, Track
from apps.faces.services import vectors
from apps.faces.services.vectors import Vectors

Numbers = NDArray[np.int64]

NOBODY = -1
_AT_ONCE = 20_000
_MOMENTS = """
SELECT one.id, other.id FROM faces_track one
JOIN faces_track other ON other.video_id = one.video_id AND other.id > one.id
    AND other.times_ms && one.times_ms
WHERE one.verdict IN ('', 'confirmed') AND other.verdict IN ('', 'confirmed')
"""


@dataclass(frozen=True, slots=True)
class Faces:
    """Arrays of all faces that may be somebody's, in the order of their ids.

    ``identities`` has NOBODY for those who wait; ``firm`` are those that a person has confirmed,
    and performers' pictures. ``moments`` are pairs of places in the arrays, ``rejected`` places and
    identities. ``settled`` and ``unsettled`` are rising ids of identities; ``aparts`` pairs.
    """

    ids: Numbers
    vectors: Vectors
    norms: NDArray[np.float32]
    identities: Numbers
    firm: NDArray[np.bool_]
    moments: Numbers
    rejected: Numbers
    settled: Numbers
    named: Numbers
    aparts: Numbers

    @property
    def in_settled(self) -> NDArray[np.bool_]:
        """Which faces are with somebody of whom a person has spoken."""
        return np.isin(self.identities, self.settled)


def read_faces(engine: str, *, report: Progress = silent) -> Faces:
    """Streamed: a million are some 700 MB. ``report`` counts faces."""
    judged = Q(verdict=Verdict.NONE) | Q(verdict=Verdict.CONFIRMED)
    ids, unit, norms = vectors.read(Track.objects.filter(judged), engine, report=report)
    identities, firm = np.full(len(ids), NOBODY), np.zeros(len(ids), bool)
    for pk, identity, verdict, image in _places(judged):
        at = int(np.searchsorted(ids, pk))
        if at < len(ids) and ids[at] == pk:
            identities[at] = NOBODY if identity is None else identity
            firm[at] = identity is not None and (verdict == Verdict.CONFIRMED or image is not None)
    said = Q(settled=True) | Q(ignored=True) | Q(performer__isnull=False) | Q(opted_out=True)
    settled = _numbers(Identity.objects.filter(said).values_list("pk"), 1)[:, 0]
    named = _numbers(Identity.objects.named().values_list("pk"), 1)[:, 0]
    rejected = _numbers(Rejection.objects.values_list("track_id", "identity_id"), 2)
    return Faces(
        ids, unit, norms, identities, firm, _at_places(ids, _moments()),
        _first_at_place(ids, rejected),
        np.union1d(settled, identities[firm]), np.sort(named),
        _numbers(Apart.objects.values_list("first_id", "second_id"), 2),
    )  # fmt: skip


def _places(judged: Q) -> Iterator[tuple[int, int | None, str, int | None]]:
    rows = Track.objects.filter(judged).order_by("pk")
    columns = rows.values_list("pk", "identity_id", "verdict", "image_id")
    yield from columns.iterator(_AT_ONCE)


def _moments() -> Numbers:
    """Pairs of faces of one moment. Read by portions: there may be millions.

    Where the server's statistics are older than most faces it would take all for few, and compare
    each with each: the videos are matched by a hash or an order, whatever it believes.
    """
    parts = [np.empty((0, 2), np.int64)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(_MOMENTS)
        while rows := cursor.fetchmany(_AT_ONCE):
            parts.append(np.array(rows, np.int64))
        cursor.execute("SET LOCAL enable_nestloop = DEFAULT")
    return np.concatenate(parts)


def _numbers(rows: object, width: int) -> Numbers:
    return np.array(list(rows), np.int64).reshape(-1, width)  # type: ignore[call-overload]


def _at_places(ids: Numbers, pairs: Numbers) -> Numbers:
    """Both of each pair by their places; pairs of which one isn't there are left out."""
    one, there = _found(ids, pairs[:, 0])
    other, also = _found(ids, pairs[:, 1])
    return np.stack([one, other], axis=1)[there & also]


def _first_at_place(ids: Numbers, pairs: Numbers) -> Numbers:
    place, there = _found(ids, pairs[:, 0])
    return np.stack([place, pairs[:, 1]], axis=1)[there]


def _found(ids: Numbers, wanted: Numbers) -> tuple[Numbers, NDArray[np.bool_]]:
    if not len(ids):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return at, ids[at] == wanted

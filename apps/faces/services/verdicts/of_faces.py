"""What people say of single faces, many at a time."""

from collections.abc import Iterable, Sequence

from django.db import transaction

from apps.core.errors import Conflict, MediaHubError
from apps.faces.choices import ChangeKind, Verdict
from apps.faces.models import FaceChange, Identity, Rejection, Track
from apps.faces.services import changes
from apps.faces.services.changes import MoveWanted
from apps.faces.services.following import follow
from apps.faces.services.identities import take_turn


class NoFaces(MediaHubError):
    """Faces that aren't there (any more), or none at all were named; nothing was changed."""

    code = "no_faces"


class NotPlaced(Conflict):
    """The faces belong to nobody yet, so that there is nobody to confirm; nothing was changed."""

    code = "not_placed"


@transaction.atomic
def confirm(track_ids: Sequence[int]) -> FaceChange:
    """Say that faces are the identity that they are with. Raises NotPlaced, NoFaces."""
    tracks = _read(track_ids)
    if any(track.identity_id is None for track in tracks):
        raise NotPlaced("Not all of these faces are with somebody: say who they are instead.")
    by_identity = _by_identity(tracks)
    moves = [
        MoveWanted(ids, identity, Verdict.CONFIRMED, source=identity)
        for identity, ids in by_identity.items()
    ]
    return follow(changes.apply(ChangeKind.CONFIRM, moves, identities=_settled(by_identity)))


@transaction.atomic
def reject(track_ids: Sequence[int], identity: Identity | None = None) -> FaceChange:
    """Say that faces aren't the identity that they are with, or this one: they never come there
    again, and are placed elsewhere. Raises NotPlaced, NoFaces."""
    tracks = _read(track_ids)
    if identity is None and any(track.identity_id is None for track in tracks):
        raise NotPlaced("Not all of these faces are with somebody whom they could be taken from.")
    pairs = [(t.pk, identity.pk if identity else t.identity_id or 0) for t in tracks]
    leaving = [t for t in tracks if identity is None or t.identity_id == identity.pk]
    by_identity = _by_identity(leaving)
    moves = [MoveWanted(ids, None, Verdict.NONE, source=pk) for pk, ids in by_identity.items()]
    named = {pk for _, pk in pairs}
    return follow(changes.apply(ChangeKind.REJECT, moves, reject=pairs, identities=_settled(named)))


@transaction.atomic
def not_a_face(track_ids: Sequence[int]) -> FaceChange:
    """Say that nobody's face is seen there: it is never offered again. Raises NoFaces."""
    return _take_out(track_ids, ChangeKind.NOT_A_FACE, Verdict.NOT_A_FACE)


@transaction.atomic
def ignore_tracks(track_ids: Sequence[int]) -> FaceChange:
    """Say that faces are of nobody who matters. Raises NoFaces."""
    return _take_out(track_ids, ChangeKind.IGNORE, Verdict.IGNORED)


@transaction.atomic
def clear(track_ids: Sequence[int]) -> FaceChange:
    """Take back what was said of faces. Those that are with somebody stay there, but a machine may
    move them again; others are placed anew. Raises NoFaces."""
    tracks = _read(track_ids)
    by_identity: dict[int | None, list[int]] = {}
    for track in tracks:
        by_identity.setdefault(track.identity_id, []).append(track.pk)
    moves = [MoveWanted(ids, pk, Verdict.NONE, source=pk) for pk, ids in by_identity.items()]
    return follow(changes.apply(ChangeKind.CLEAR, moves))


@transaction.atomic
def assign(track_ids: Sequence[int], identity: Identity | None) -> FaceChange:
    """Say who faces are (None: somebody new), whatever was said before.

    Faces of the same moments that only the machine placed with that identity make way
    (``summary["left"]``). Raises SameMoment if two of the faces share a moment or one was confirmed
    there already; NoFaces.
    """
    tracks = _read(track_ids)
    ids = [track.pk for track in tracks]
    target = identity or Identity.objects.create(settled=True)
    left = make_way(ids, target.pk)
    moves = [MoveWanted(ids, target.pk, Verdict.CONFIRMED)]
    if left:
        moves.append(MoveWanted(left, None, Verdict.NONE, source=target.pk))
    said = Rejection.objects.filter(track__in=ids, identity=target)
    sources = {track.identity_id for track in tracks if track.identity_id is not None}
    return follow(
        changes.apply(
            ChangeKind.ASSIGN, moves, forgive=said.values_list("track_id", "identity_id"),
            identities=_settled({target.pk, *sources}), summary={"left": len(left)},
        )
    )  # fmt: skip


def make_way(track_ids: Iterable[int], target: int) -> list[int]:
    """Who leaves an identity so that faces can come. Raises SameMoment for who was confirmed."""
    found = changes.clashes(dict.fromkeys(track_ids, target))
    changes.refuse_clashes(clash for clash in found if clash.confirmed or clash.moving)
    return sorted({clash.other for clash in found})


def _take_out(track_ids: Sequence[int], kind: ChangeKind, verdict: Verdict) -> FaceChange:
    tracks = _read(track_ids)
    moves = [MoveWanted([track.pk for track in tracks], None, verdict)]
    sources = {track.identity_id for track in tracks if track.identity_id is not None}
    return follow(changes.apply(kind, moves, identities=_settled(sources)))


def _read(track_ids: Sequence[int]) -> list[Track]:
    """In one's turn: what is read holds until it is written. Raises NoFaces."""
    take_turn()
    wanted = set(track_ids)
    rows = Track.objects.filter(pk__in=wanted).order_by("pk")
    tracks = list(rows.only("pk", "identity_id", "verdict"))
    if not tracks or len(tracks) < len(wanted):
        raise NoFaces("Choose faces that are there: read them again.")
    return tracks


def _by_identity(tracks: Iterable[Track]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for track in tracks:
        if track.identity_id is not None:
            found.setdefault(track.identity_id, []).append(track.pk)
    return found


def _settled(ids: Iterable[int]) -> dict[int, dict[str, bool]]:
    return {pk: {"settled": True} for pk in ids}

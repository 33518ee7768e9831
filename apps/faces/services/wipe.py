"""Forgetting faces: their pictures, their vectors, and who was thought to be who.

What is wiped can't be given back: no undo, no trash. The audit keeps that it was done, and of how
many, but neither pictures nor vectors.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.core import audit
from apps.core.models import AuditAction
from apps.core.progress import Progress, silent
from apps.faces.choices import Band
from apps.faces.models import (
    Appearance,
    FaceChange,
    FaceLibrary,
    Finding,
    Identity,
    IdentityVector,
    PictureFinding,
    Proposal,
    Track,
)
from apps.faces.services.identities import recount, refresh_middles, take_turn
from apps.faces.services.libraries import edit_library
from apps.faces.services.removed import behind
from apps.faces.services.settings import settings_of_all
from apps.library.models import Library

Guard = Callable[[], AbstractContextManager[Any]]

_BATCH = 500


def wipe(
    identity: Identity, *, never_again: bool = False, report: Progress = silent,
    guard: Guard = transaction.atomic,
) -> dict[str, int]:  # fmt: skip
    """Wipe one person: all faces, what was proposed or suggested of them, and the identity.

    ``never_again``: the identity stays, ignored, with the middle of its faces, by which new ones
    are known and not kept; else nothing stays, and a new search finds the person as a stranger.
    A middle is one engine's: of those that made nothing of this person none is left. Each batch is
    a transaction under ``guard``: stopped and called again it goes on. ``report`` counts faces.
    """
    ids = _with_merged(identity)
    if never_again:
        with guard():
            take_turn()  # whoever keeps faces now is done before, and later ones know of it
            Identity.objects.filter(pk=identity.pk).update(
                opted_out=True, ignored=True, settled=True
            )
    videos = _videos(Appearance.objects.filter(performer=identity.performer_id or 0))
    wiped = _wipe_tracks(Track.objects.filter(identity__in=ids), report, guard)
    _forget_candidate(identity, guard)
    _take_off(videos, report)  # as long as the identity is there, a wipe that was stopped goes on
    with guard():
        take_turn()
        Track.objects.filter(identity__in=ids).delete()  # that came meanwhile
        Proposal.objects.filter(Q(identity__in=ids) | Q(other__in=ids)).delete()
        kept = Identity.objects.select_for_update().filter(pk=identity.pk).first()
        if kept is not None:
            _close(kept, ids, wiped, never_again=never_again)
    return {"faces": wiped}


def wipe_all(
    library: Library | None = None, *, report: Progress = silent, guard: Guard = transaction.atomic
) -> dict[str, int]:
    """Wipe all that is known of faces, in one library or everywhere.

    Of one library: what was found in its videos, and identities that have no face elsewhere.
    Everywhere: performers' pictures' faces, identities and their history as well, also those who
    were not to be found again. Faces are switched off there, or they would soon be found again;
    other settings stay, and so do performers on videos that a person kept. Stopped and called
    again it goes on. ``report`` counts faces.
    """
    with guard():
        take_turn()  # a search that isn't done by now keeps nothing
        for one in FaceLibrary.objects.filter(enabled=True).select_related("library"):
            if library in (None, one.library):
                edit_library(one.library, enabled=False)
    tracks = (
        Track.objects.all() if library is None else Track.objects.filter(video__library=library)
    )
    findings = Finding.objects.all()
    if library is not None:
        findings = findings.filter(video__library=library)
    named = Appearance.objects.all()
    videos = _videos(named if library is None else named.filter(video__library=library))
    wiped = _wipe_tracks(tracks, report, guard)
    with guard():
        findings.delete()  # switched on again, all is looked through anew
    people = _wipe_everybody(guard) if library is None else _wipe_empty(behind(), guard)
    with guard():
        _tell(library, wiped, people)
    _take_off(videos, report)
    return {"faces": wiped, "identities": people}


def _with_merged(identity: Identity) -> list[int]:
    """The identity and all that went into it."""
    ids, last = [identity.pk], [identity.pk]
    while last:
        last = list(Identity.objects.filter(merged_into__in=last).values_list("pk", flat=True))
        ids += last
    return ids


def _wipe_tracks(tracks: QuerySet[Track], report: Progress, guard: Guard) -> int:
    """With shots, vectors and rejections. Identities' own middles are left alone."""
    total, wiped = tracks.count(), 0
    while ids := list(tracks.order_by("pk").values_list("pk", flat=True)[:_BATCH]):
        with guard():
            take_turn()
            Proposal.objects.filter(tracks__overlap=ids).delete()
            Track.objects.filter(pk__in=ids).delete()
        wiped += len(ids)
        report(wiped, total)
    return wiped


def _forget_candidate(identity: Identity, guard: Guard) -> None:
    """Elsewhere somebody may be thought to be this person, by faces that are gone now."""
    if identity.performer_id is None:
        return
    named = [{"performer_id": identity.performer_id}]
    last = 0
    while rows := list(
        Track.objects.filter(pk__gt=last, candidates__contains=named).order_by("pk")[:_BATCH]
    ):
        with guard():
            take_turn()
            for row in Track.objects.select_for_update().filter(pk__in=[row.pk for row in rows]):
                left = [
                    one for one in row.candidates
                    if one.get("performer_id") != identity.performer_id
                ]  # fmt: skip
                Track.objects.filter(pk=row.pk).update(candidates=left, band=Band.UNKNOWN)
        last = rows[-1].pk


def _close(identity: Identity, ids: Sequence[int], wiped: int, *, never_again: bool) -> None:
    merged = [pk for pk in ids if pk != identity.pk]
    Identity.objects.filter(pk__in=merged).delete()
    if never_again:
        recount([identity.pk])
        Identity.objects.filter(pk=identity.pk).update(tightness=None)
        said = {"opted_out": (False, True), "track_count": (wiped, 0)}
        audit.record([audit.entry(identity, AuditAction.CHANGED, said)])
    else:
        audit.delete(identity)


def _wipe_everybody(guard: Guard) -> int:
    wiped = 0
    with guard():
        take_turn()
        PictureFinding.objects.all().delete()
        IdentityVector.objects.all().delete()
        Proposal.objects.all().delete()
    while ids := list(FaceChange.objects.order_by("pk").values_list("pk", flat=True)[:_BATCH]):
        with guard():
            FaceChange.objects.filter(pk__in=ids).delete()
    while ids := list(Identity.objects.order_by("pk").values_list("pk", flat=True)[:_BATCH]):
        with guard():
            take_turn()
            Identity.objects.filter(pk__in=ids).delete()
        wiped += len(ids)
    return wiped


def _wipe_empty(ids: Sequence[int], guard: Guard) -> int:
    """Of identities that lost faces those that have none left; the others are counted anew."""
    wiped = 0
    for at in range(0, len(ids), _BATCH):
        some = ids[at : at + _BATCH]
        with guard():
            take_turn()
            left = recount(some)
            empty = [pk for pk, count in left.items() if not count]
            gone = Identity.objects.filter(pk__in=empty, opted_out=False)
            wiped += gone.count()
            gone.delete()
            refresh_middles(sorted(set(left) - set(empty)))
    return wiped


def _tell(library: Library | None, wiped: int, people: int) -> None:
    said = {"faces": (wiped, 0), "identities": (people, 0)}
    if library is None:
        row: Any = settings_of_all()
    else:
        row = FaceLibrary.objects.filter(library=library).first() or FaceLibrary(library=library)
    audit.record([audit.entry(row, AuditAction.CHANGED, said)])


def _videos(named: QuerySet[Appearance]) -> list[int]:
    return list(named.order_by("video").values_list("video", flat=True).distinct())


def _take_off(videos: Sequence[int], report: Progress) -> None:
    """Performers whom the machine put on videos for these faces."""
    from apps.faces.services import applying, vectors  # numpy: not in every process

    vectors.forget()
    applying.apply_names(list(videos), report=report)

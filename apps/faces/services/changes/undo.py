"""Taking a change back: what was said since stays, or is asked about."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

from django.db import transaction
from django.utils import timezone

from apps.core.models import AuditEntry
from apps.core.progress import Progress, silent
from apps.core.undo import (
    Contested,
    Foreseen,
    NotUndoable,
    Sample,
    Undone,
    many_changed_since,
    nothing_to_undo,
)
from apps.faces.choices import ChangeKind
from apps.faces.models import FaceChange, Identity
from apps.faces.services import following
from apps.faces.services.changes.apply import apply
from apps.faces.services.changes.backwards import Backwards, plan
from apps.faces.services.changes.wanted import NothingToChange
from apps.faces.services.identities import take_turn

Guard = Callable[[], AbstractContextManager[Any]]

MOST_AT_ONCE = 5_000  # faces that are moved back while the caller waits; more are a job
_SAMPLES = 10


def foresee(entry: AuditEntry) -> Foreseen:
    """What an undo would do, and what stands against it; nothing is written. Raises NotUndoable."""
    backwards = plan(_change(entry), Contested.OVERWRITE)
    names = Identity.objects.in_bulk([*backwards.moves_by_identity, *backwards.contested])
    return Foreseen(
        changed=backwards.size,
        contested=sum(len(tracks) or 1 for tracks in backwards.contested.values()),
        samples=_samples(backwards, names, set(backwards.moves_by_identity)),
        conflicts=_samples(backwards, names, set(backwards.contested)),
        lost=backwards.lost,
    )


def undo(change: FaceChange, contested: Contested = Contested.REFUSE) -> FaceChange:
    """Take a change back, under one of its own that can be taken back as well.

    Faces that were moved or judged again since are refused, overwritten or kept; where the machine
    placed what a person had only taken away is nobody's word. Raises NotUndoable, ChangedSince.
    """
    with transaction.atomic():
        return following.follow(_undo(change, contested)[0])


def undo_entry(
    entry: AuditEntry,
    contested: Contested = Contested.REFUSE,
    *,
    report: Progress = silent,
    guard: Guard = nullcontext,
) -> Undone:
    """Take back what an entry of the audit wrote down of faces. ``report`` counts videos.

    Raises NotUndoable, ChangedSince.
    """
    with transaction.atomic():
        change, lost = _undo(_change(entry), contested)
        if report is silent:
            following.follow(change)
        else:  # a job has the time
            following.bring_up(change, report=report)
        with guard():
            pass
    return Undone(AuditEntry.objects.get(pk=cast("int", change.entry)), lost)


def _undo(change: FaceChange, contested: Contested) -> tuple[FaceChange, list[str]]:
    take_turn()  # before anything is read or held: what is planned holds until it is written
    FaceChange.objects.select_for_update().get(pk=change.pk)
    backwards = plan(change, contested)
    if backwards.contested and contested is Contested.REFUSE:
        names = Identity.objects.in_bulk(list(backwards.contested))
        count = sum(len(tracks) or 1 for tracks in backwards.contested.values())
        raise many_changed_since(count, _samples(backwards, names, set(backwards.contested)))
    if not backwards.size:
        raise nothing_to_undo(backwards.lost)
    try:
        back = apply(
            ChangeKind.UNDO, backwards.moves, identities=backwards.fields, reject=backwards.reject,
            forgive=backwards.forgive, apart=backwards.apart, together=backwards.together,
            summary={"undone": change.pk, "of": change.kind},
        )  # fmt: skip
    except NothingToChange as error:  # of pairs that are as they were before
        raise nothing_to_undo(backwards.lost) from error
    FaceChange.objects.filter(pk=change.pk).update(undone_at=timezone.now())
    if undone := change.summary.get("undone"):  # which holds again
        FaceChange.objects.filter(pk=undone).update(undone_at=None)
    return back, backwards.lost


def _change(entry: AuditEntry) -> FaceChange:
    """Raises NotUndoable."""
    change = FaceChange.objects.filter(entry=entry.pk).first()
    if change is None:
        raise NotUndoable("What was changed isn't known any more: it was wiped.")
    return change


def _samples(backwards: Backwards, names: dict[int, Identity], ids: set[int]) -> list[Sample]:
    """Identities, with how many faces they have now and would have."""
    samples = []
    for pk in sorted(ids)[:_SAMPLES]:
        row = names.get(pk)
        now = row.track_count if row else 0
        more = backwards.moves_by_identity.get(pk, 0)
        contested = ("track_count",) if pk in backwards.contested else ()
        name = str(row) if row else "Nobody"
        samples.append(Sample(pk, name, {"track_count": [now, now + more]}, contested))
    return samples

"""Making a change."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from apps.core import context
from apps.core.models import AuditEntry
from apps.faces.choices import ChangeKind, Verdict
from apps.faces.models import FaceChange, Identity, Track
from apps.faces.services import identities as counting
from apps.faces.services.changes import write
from apps.faces.services.changes.clashes import clashes, refuse_clashes
from apps.faces.services.changes.leaving import permitted
from apps.faces.services.changes.wanted import (
    ANYWHERE,
    MoveWanted,
    NothingToChange,
    NotToBeFound,
    Pairs,
    RejectedBefore,
    Stale,
    StaleFaces,
    State,
    States,
)
from apps.faces.services.identities import take_turn


@transaction.atomic
def apply(
    kind: ChangeKind,
    moves: Iterable[MoveWanted] = (),
    *,
    identities: Mapping[int, Mapping[str, Any]] | None = None,
    reject: Iterable[tuple[int, int]] = (),
    forgive: Iterable[tuple[int, int]] = (),
    apart: Iterable[tuple[int, int]] = (),
    together: Iterable[tuple[int, int]] = (),
    summary: Mapping[str, Any] | None = None,
    stale: Stale = Stale.REFUSE,
) -> FaceChange:
    """Move faces, give identities values (ids for ``performer`` and ``merged_into``), say and take
    back rejections (face, identity) and that two identities are apart, all or nothing.

    A number of statements that doesn't grow with the faces. Counts, middles and best faces of the
    identities follow; what videos show (``services.applying``) is the caller's matter.
    Raises StaleFaces, NotToBeFound, RejectedBefore, SameMoment, NothingToChange.
    """
    wanted, fields = list(moves), {pk: dict(new) for pk, new in (identities or {}).items()}
    before, rows = _hold(wanted, fields, stale)
    rejections = write.write_rejections(Pairs(tuple(reject), tuple(forgive)))
    after = _after(wanted, before, stale)
    if stale is Stale.LEAVE:
        after, fields = permitted(after, fields, before, rows)
    aparts = write.write_aparts(Pairs(tuple(apart), tuple(together)))
    fields = _changing(_without_kept(fields, before, after, stale), rows)
    if not (after or fields or any((*_pairs(rejections), *_pairs(aparts)))):
        raise NothingToChange("All of that is so already.")
    olds, entry = _write(kind, (before, after), rows, fields)
    moved = _touched(before, after)
    change = FaceChange.objects.create(
        kind=kind, user_id=context.current().user_id, entry=entry.pk,
        summary={"faces": len(after), "identities": len(moved | fields.keys()), **(summary or {})},
        before=_kept(olds, rejections.remove, aparts.remove, write.given_by(before, after)),
        after=_kept(fields, rejections.add, aparts.add, write.given_by(after, after)),
    )  # fmt: skip
    write.keep_moves(change, before, after)
    counting.refresh_middles(moved)
    return change


def _write(
    kind: ChangeKind, states: tuple[write.Known, write.Known], rows: dict[int, Identity],
    fields: Mapping[int, Mapping[str, Any]],
) -> tuple[dict[int, dict[str, Any]], AuditEntry]:  # fmt: skip
    """What identities had before, and the audit's entry. Raises StaleFaces, NotToBeFound,
    RejectedBefore, SameMoment."""
    after = states[1]
    olds = {pk: {f: write.value_of(rows[pk], f) for f in new} for pk, new in fields.items()}
    _refuse_merged(after, rows, fields)
    _refuse_opted_out(after, rows, fields)
    counts = {pk: row.track_count for pk, row in rows.items()}
    write.write_moves(after, now=timezone.now())
    write.write_identities(rows, fields)
    _check(after)
    counted = counting.recount(_touched(*states) | fields.keys())
    told = _told(olds, fields, counts, counted)
    entry = write.keep_entry(
        kind, tracks=len(after), rows=told, said=_said(told),
        names={pk: str(rows[pk]) for pk in fields},
    )  # fmt: skip
    return olds, entry


def _hold(
    wanted: Sequence[MoveWanted], fields: Mapping[int, Any], stale: Stale
) -> tuple[write.Known, dict[int, Identity]]:
    """In one's turn, identities first, then faces, each in order: nobody waits for another in a
    circle, and nothing moves in between."""
    take_turn()
    tracks = sorted({pk for move in wanted for pk in move.tracks})
    targets = {move.target for move in wanted if move.target is not None}
    rows = write.hold_identities(targets | write.identities_of(tracks) | set(fields))
    lacking = (targets | set(fields)) - rows.keys()
    if lacking and stale is Stale.REFUSE:
        raise StaleFaces(f"There is no identity {min(lacking)} any more: read them again.")
    before = write.states(tracks)
    if len(before) < len(tracks) and stale is Stale.REFUSE:
        raise _stale(set(tracks) - before.keys())
    return before, rows


def _stale(tracks: set[int]) -> StaleFaces:
    faces = "A face was" if len(tracks) == 1 else f"{len(tracks):,} faces were"
    return StaleFaces(f"{faces} moved, judged or wiped meanwhile: read them again, then repeat it.")


def _after(wanted: Sequence[MoveWanted], before: write.Known, stale: Stale) -> write.Known:
    """The states of those that change. Raises StaleFaces."""
    actor, now = context.current().user_id, timezone.now()
    after, lost, once = {}, set(), States()
    for move in wanted:
        given = move.given or (actor, now)
        for pk in move.tracks:
            state = before.get(pk)
            if state is None:
                continue
            elsewhere = move.source is not ANYWHERE and state.identity != move.source
            if elsewhere or (stale is Stale.LEAVE and state.verdict):
                lost.add(pk)
                continue
            after[pk] = once[_moved(state, move, given)]
    if lost and stale is Stale.REFUSE:
        raise _stale(lost)
    return {pk: state for pk, state in after.items() if not _same(state, before[pk])}


def _moved(state: State, move: MoveWanted, given: tuple[Any, Any]) -> tuple[Any, ...]:
    """The values of a state."""
    if move.verdict is None or (move.verdict == state.verdict and move.given is None):
        return move.target, state.verdict, state.by, state.at
    if move.verdict == Verdict.NONE:
        return move.target, Verdict.NONE, None, None
    return move.target, move.verdict, *given


def _goes(state: State, before: State) -> bool:
    return state.identity != before.identity


def _same(one: State, other: State) -> bool:
    return (one.identity, one.verdict) == (other.identity, other.verdict)


def _check(after: write.Known) -> None:
    """Raises RejectedBefore, SameMoment."""
    if gone := write.rejected(after):
        faces = "One face was" if len(gone) == 1 else f"{len(gone):,} faces were"
        raise RejectedBefore(
            f"{faces} said not to be that person: move them there one by one if that was wrong."
        )
    refuse_clashes(clashes({pk: state.identity for pk, state in after.items()}))


def _refuse_merged(
    after: write.Known, rows: Mapping[int, Identity], fields: Mapping[int, Any]
) -> None:
    """Raises StaleFaces if faces would go to who has been, or is now, merged into another."""
    for target in {state.identity for state in after.values() if state.identity is not None}:
        merged = fields.get(target, {}).get("merged_into", rows[target].merged_into_id)
        if merged is not None:
            raise StaleFaces(f"{rows[target]} was merged into another: take that one.")


def _refuse_opted_out(
    after: write.Known, rows: Mapping[int, Identity], fields: Mapping[int, Any]
) -> None:
    """Raises NotToBeFound if faces or a name would come to who was wiped for good, or who is
    merged elsewhere, so that they would be found again."""
    reached = {state.identity for state in after.values()}
    for pk, row in rows.items():
        given = fields.get(pk, {})
        if row.opted_out and (pk in reached or given.get("performer") or given.get("merged_into")):
            raise NotToBeFound(
                f"{row} was wiped and is not to be found again: have faces be somebody else's."
            )


def _without_kept(
    fields: Mapping[int, dict[str, Any]], before: write.Known, after: write.Known, stale: Stale
) -> dict[int, dict[str, Any]]:
    """Who keeps a face isn't merged away. Raises StaleFaces."""
    merging = [pk for pk, values in fields.items() if values.get("merged_into") is not None]
    if not merging:
        return dict(fields)
    going = Counter(before[pk].identity for pk, state in after.items() if _goes(state, before[pk]))
    there = Track.objects.filter(identity__in=merging).values_list("identity_id")
    keeping = {pk for pk, count in there.annotate(n=Count("pk")).order_by() if count > going[pk]}
    if keeping and stale is Stale.REFUSE:
        raise _stale(keeping)
    return {
        pk: {f: value for f, value in values.items() if f != "merged_into" or pk not in keeping}
        for pk, values in fields.items()
    }


def _changing(fields: Mapping[int, dict[str, Any]], rows: Mapping[int, Identity]) -> dict[int, Any]:
    """Without what identities have already."""
    new = {
        pk: {f: value for f, value in values.items() if write.value_of(rows[pk], f) != value}
        for pk, values in fields.items()
    }
    return {pk: values for pk, values in new.items() if values}


def _touched(before: write.Known, after: write.Known) -> set[int]:
    ids = {before[pk].identity for pk in after} | {state.identity for state in after.values()}
    return {pk for pk in ids if pk is not None}


def _pairs(pairs: Pairs) -> tuple[tuple[int, int], ...]:
    return (*pairs.add, *pairs.remove)


def _told(
    olds: Mapping[int, Any], news: Mapping[int, Any], counts: Mapping[int, int],
    counted: Mapping[int, int],
) -> dict[int, dict[str, list[Any]]]:  # fmt: skip
    """What became of each identity, for the audit."""
    told: dict[int, dict[str, list[Any]]] = {}
    for pk, values in news.items():
        told[pk] = {field: [olds[pk][field], value] for field, value in values.items()}
    for pk, count in counted.items():
        if counts.get(pk, 0) != count:
            told.setdefault(pk, {})["track_count"] = [counts.get(pk, 0), count]
    return told


def _said(told: Mapping[int, Mapping[str, list[Any]]]) -> dict[str, list[Any]]:
    """What the entry says of all: the first name, or whom others were merged into."""
    said: dict[str, list[Any]] = {}
    for changes in told.values():
        for field in ("performer", "merged_into", "ignored"):
            if field in changes:
                said.setdefault(field, changes[field])
    return said


def _kept(
    fields: Mapping[int, Mapping[str, Any]], rejections: Sequence[tuple[int, int]],
    aparts: Sequence[tuple[int, int]], given: list[list[Any]],
) -> dict[str, Any]:  # fmt: skip
    return {
        "identities": {str(pk): dict(values) for pk, values in fields.items()},
        "rejections": [list(pair) for pair in rejections],
        "aparts": [list(pair) for pair in aparts],
        "verdicts": given,
    }

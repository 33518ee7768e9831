"""The plan of an undo: what each face was, what it became, and what it is now."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from apps.core.undo import Contested
from apps.faces.choices import Verdict
from apps.faces.models import FaceChange, Identity, Rejection, Track
from apps.faces.services import identities as standing
from apps.faces.services.changes import write
from apps.faces.services.changes.clashes import clashes
from apps.faces.services.changes.wanted import MoveWanted, State, States
from apps.library.models import Performer

NOBODY = 0  # where faces are that have no identity, where identities are counted


@dataclass(slots=True)
class Backwards:
    """``contested`` are faces by the identity that they are in now; an identity without any has
    values that were changed again itself."""

    moves: list[MoveWanted] = field(default_factory=list)
    fields: dict[int, dict[str, Any]] = field(default_factory=dict)
    reject: list[tuple[int, int]] = field(default_factory=list)
    forgive: list[tuple[int, int]] = field(default_factory=list)
    apart: list[tuple[int, int]] = field(default_factory=list)
    together: list[tuple[int, int]] = field(default_factory=list)
    contested: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    lost: list[str] = field(default_factory=list)
    moves_by_identity: Counter[int] = field(default_factory=Counter)

    @property
    def size(self) -> int:
        """How much would be done: faces or, without any, whatever else."""
        rest = (self.fields, self.reject, self.forgive, self.apart, self.together)
        return sum(len(move.tracks) for move in self.moves) or sum(map(len, rest))


@dataclass(slots=True)
class _Known:
    """What there is of what the change was about."""

    before: dict[int, State]
    after: dict[int, State]
    now: write.Known
    identities: dict[int, Identity]
    standing: dict[int, int]  # whom identities were merged into since, at last


def plan(change: FaceChange, contested: Contested) -> Backwards:
    """What would take the change back now. A number of statements that doesn't grow."""
    known = _know(change)
    backwards = Backwards()
    _plan_fields(backwards, change, known, contested)
    going = _plan_faces(backwards, known, contested)
    _plan_rejected(backwards, change, going, contested)
    going |= _make_way(backwards, going, contested)
    _plan_pairs(backwards, change, known, going)
    _keep_merged_empty(backwards, known, going)
    _write_moves(backwards, known, going)
    return backwards


def _know(change: FaceChange) -> _Known:
    before: dict[int, State] = {}
    after: dict[int, State] = {}
    given, once = _given(change.before), States()
    for move in change.moves.order_by("pk"):
        for pk in move.tracks:
            told = given.get(pk, (None, None))
            before[pk] = once[move.source, move.verdict_before, *told]
            after[pk] = once[move.target, move.verdict_after, None, None]
    now = write.states(sorted(before), hold=False)
    ids = {int(pk) for pk in (*change.before["identities"], *change.after["identities"])}
    for side in (before, after, now):
        ids |= {state.identity for state in side.values() if state.identity is not None}
    ids |= {pk for _, pk in (*change.before["rejections"], *change.after["rejections"])}
    ids |= {pk for pair in change.before["aparts"] for pk in pair}
    return _Known(before, after, now, Identity.objects.in_bulk(ids), standing.standing_of(ids))


def _given(kept: Mapping[str, Any]) -> dict[int, tuple[int | None, datetime | None]]:
    """Who had given each face's verdict, and when."""
    return {
        pk: (by, datetime.fromisoformat(at) if at else None)
        for tracks, by, at in kept["verdicts"]
        for pk in tracks
    }


def _plan_faces(backwards: Backwards, known: _Known, contested: Contested) -> dict[int, State]:
    """The faces that go back, and to what."""
    going = {}
    for pk, then in known.before.items():
        now, back = known.now.get(pk), _back(backwards, known, then)
        if now is None or back is None or _same(now, back):
            continue
        if not _is_free(now, known.after[pk]):
            backwards.contested[now.identity or NOBODY].append(pk)
            if contested is Contested.KEEP:
                continue
        going[pk] = back
    if lacking := len(known.before.keys() - known.now.keys()):
        backwards.lost.append(f"{lacking:,} of the faces, wiped or found anew since")
    return going


def _back(backwards: Backwards, known: _Known, then: State) -> State | None:
    """What a face was; in place of an identity that was merged since, whom it was merged into."""
    if then.identity is None:
        return then
    if then.identity not in known.identities:
        return None
    stands = "merged_into" in backwards.fields.get(then.identity, {})
    return then if stands else replace(then, identity=known.standing[then.identity])


def _plan_rejected(
    backwards: Backwards, change: FaceChange, going: dict[int, State], contested: Contested
) -> None:
    """Faces that a person said since not to be whom they would go back to."""
    own = set(_pairs(change.after["rejections"]))
    again = Rejection.objects.filter(track__in=list(going)).values_list("track_id", "identity_id")
    for pk, identity in again:
        if going[pk].identity != identity or (pk, identity) in own:
            continue
        backwards.contested[identity].append(pk)
        if contested is Contested.KEEP:
            del going[pk]
        else:
            backwards.forgive.append((pk, identity))


def _is_free(now: State, after: State) -> bool:
    """As the change left it, or taken on by the machine where a person had only taken it away."""
    if _same(now, after):
        return True
    return after.identity is None and now.verdict == after.verdict == Verdict.NONE


def _same(one: State, other: State) -> bool:
    return (one.identity, one.verdict) == (other.identity, other.verdict)


def _make_way(
    backwards: Backwards, going: dict[int, State], contested: Contested
) -> dict[int, State]:
    """Who came meanwhile and shares a moment leaves, unless a person confirmed it: then that is
    against the undo."""
    leaving: dict[int, State] = {}
    for clash in clashes({pk: state.identity for pk, state in going.items()}):
        if clash.confirmed or clash.moving:
            identity = going[clash.track].identity if clash.track in going else None
            backwards.contested[identity or NOBODY].append(clash.track)
            if contested is Contested.KEEP:
                going.pop(clash.track, None)
        else:
            leaving[clash.other] = State(None, Verdict.NONE)
    return leaving


def _plan_fields(
    backwards: Backwards, change: FaceChange, known: _Known, contested: Contested
) -> None:
    olds, news = change.before["identities"], change.after["identities"]
    named = [values["performer"] for values in olds.values() if values.get("performer")]
    there = set(Performer.objects.filter(pk__in=named).values_list("pk", flat=True))
    holders = Identity.objects.filter(performer__in=named).values_list("performer_id", "pk")
    rivals = {performer: pk for performer, pk in holders if str(pk) not in olds}
    for key, old in olds.items():
        row = known.identities.get(int(key))
        if row is None:
            backwards.lost.append(f"Unknown {key}, wiped since")
            continue
        for name, value in old.items():
            if write.value_of(row, name) == value:
                continue
            rival = None
            if name == "performer" and value is not None:
                if _is_lost(row, value, old, there):
                    backwards.lost.append(f"the name of {row}: it or who has it is gone")
                    continue
                rival = rivals.get(value)
            _plan_field(backwards, row, (name, news[key][name], value), rival, contested)


def _plan_field(
    backwards: Backwards, row: Identity, field: tuple[str, Any, Any], rival: int | None,
    contested: Contested,
) -> None:  # fmt: skip
    """``field`` is a name, its value after the change and before it; ``rival`` has it now."""
    name, new, old = field
    if rival is not None or write.value_of(row, name) != new:
        backwards.contested.setdefault(row.pk, [])
        if contested is Contested.KEEP:
            return
    if rival is not None:
        backwards.fields.setdefault(rival, {})["performer"] = None
    backwards.fields.setdefault(row.pk, {})[name] = old


def _is_lost(row: Identity, performer: int, old: Mapping[str, Any], there: set[int]) -> bool:
    """Whether a name can't come back: nobody bears it, or whoever did was merged since."""
    merged = row.merged_into_id is not None and "merged_into" not in old
    return merged or performer not in there


def _plan_pairs(
    backwards: Backwards, change: FaceChange, known: _Known, going: Mapping[int, State]
) -> None:
    """Rejections of faces that stay where they were put since hold as well."""
    before, after = change.before, change.after
    removed = _pairs(before["rejections"])
    tracks = Track.objects.filter(pk__in=[pk for pk, _ in removed])
    there = set(tracks.values_list("pk", flat=True))
    backwards.reject = [
        (pk, identity)
        for pk, identity in removed
        if pk in there and identity in known.identities and _identity(pk, going, known) != identity
    ]
    kept = {pk for pk in known.before if pk in known.now and pk not in going}
    kept = {pk for pk in kept if not _same(known.now[pk], known.before[pk])}
    backwards.forgive += [pair for pair in _pairs(after["rejections"]) if pair[0] not in kept]
    backwards.apart = [p for p in _pairs(before["aparts"]) if known.identities.keys() >= set(p)]
    backwards.together = _pairs(after["aparts"])


def _identity(pk: int, going: Mapping[int, State], known: _Known) -> int | None:
    state = going.get(pk) or known.now.get(pk)
    return state.identity if state else None


def _keep_merged_empty(backwards: Backwards, known: _Known, going: Mapping[int, State]) -> None:
    """Who got faces since isn't merged away again."""
    for pk, values in list(backwards.fields.items()):
        if values.get("merged_into") is None:
            continue
        row = known.identities[pk]
        leaving = sum(1 for face in going if known.now.get(face, _GONE).identity == pk)
        if row.track_count > leaving:
            backwards.contested.setdefault(pk, [])
            del backwards.fields[pk]


_GONE = State(None, "gone")


def _pairs(kept: Iterable[list[int]]) -> list[tuple[int, int]]:
    return [(one, other) for one, other in kept]


def _write_moves(backwards: Backwards, known: _Known, going: Mapping[int, State]) -> None:
    together: dict[State, list[int]] = defaultdict(list)
    for pk, state in going.items():
        together[state].append(pk)
        backwards.moves_by_identity[state.identity or NOBODY] += 1
        if now := known.now.get(pk):
            backwards.moves_by_identity[now.identity or NOBODY] -= 1
    backwards.moves = [
        MoveWanted(
            sorted(tracks), state.identity, Verdict(state.verdict), given=(state.by, state.at)
        )
        for state, tracks in together.items()
    ]

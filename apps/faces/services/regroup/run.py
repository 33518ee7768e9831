"""Foreseeing a regrouping, and making it."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from django.db import transaction

from apps.core.progress import Progress, silent
from apps.faces.choices import ChangeKind
from apps.faces.grouping import Thresholds
from apps.faces.models import FaceChange, FaceSettings, Identity
from apps.faces.services import changes
from apps.faces.services.changes import MoveWanted, NothingToChange, Stale
from apps.faces.services.identities import take_turn
from apps.faces.services.place import thresholds_of
from apps.faces.services.regroup.planning import Wanted, changed, plan_faces
from apps.faces.services.regroup.proposing import Proposed, keep_proposals, propose
from apps.faces.services.regroup.reading import NOBODY, Faces, Numbers, read_faces
from apps.faces.services.settings import settings_of_all

Guard = Callable[[], AbstractContextManager[Any]]

_SAMPLES = 12
_AT_ONCE = 10_000


Sample = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a regrouping would do: identities that fall apart and that become one, faces that get
    an identity, move to another and lose theirs, and how many new ones there are. ``proposals`` are
    left to people. ``samples`` are the largest ways of faces: ``source`` and ``target`` (ids; None
    is nobody, or somebody ``new``), ``faces``, and some ``tracks``."""

    faces: int
    splits: int
    merges: int
    assigned: int
    moved: int
    taken_back: int
    started: int
    proposals: int
    join: float
    merge: float
    samples: list[Sample] = field(default_factory=list)


def foresee(settings: FaceSettings | None = None, *, report: Progress = silent) -> Plan:
    """What would be done by these settings, or those that are stored; nothing is written."""
    faces, thresholds = _read(settings or settings_of_all(), report)
    wanted = plan_faces(faces, thresholds, report=report)
    return _told(faces, wanted, thresholds, propose(faces, wanted, thresholds))


def regroup(*, report: Progress = silent, guard: Guard = transaction.atomic) -> FaceChange | None:
    """Group all faces anew; the change, or None if all is well as it is.

    All or nothing, under ``guard``. Faces that were moved or judged since they were read stay where
    they are, and so do those of people of whom somebody has spoken since, and those beside which
    another came in. ``report`` counts faces.
    """
    faces, thresholds = _read(settings_of_all(), report)
    wanted = plan_faces(faces, thresholds, report=report)
    proposed = propose(faces, wanted, thresholds)
    plan = _told(faces, wanted, thresholds, proposed)
    going = changed(faces, wanted)
    ids, sources, targets = faces.ids[going], faces.identities[going], wanted.becomes[going]
    emptied = _emptied(faces, wanted)
    del faces, wanted  # hundreds of MB, while rows are written
    with guard():
        take_turn()
        change = None
        if len(ids):
            with suppress(NothingToChange):  # all of them stay
                change = _write(ids, sources, targets, emptied, plan)
        keep_proposals(_standing(proposed, emptied))
    return change


def _read(settings: FaceSettings, report: Progress) -> tuple[Faces, Thresholds]:
    faces = read_faces(settings.engine, report=report)
    return faces, thresholds_of(settings, len(faces.ids))


@transaction.atomic
def _write(
    ids: Numbers, sources: Numbers, targets: Numbers, emptied: dict[int, int], plan: Plan
) -> FaceChange:
    made = _start(int(-2 - targets.min()) + 1 if targets.min() < NOBODY else 0)
    new = targets < NOBODY
    targets = targets.copy()
    targets[new] = made[-2 - targets[new]]
    merged = {
        pk: {"merged_into": into if into >= 0 else int(made[-2 - into])}
        for pk, into in emptied.items()
    }
    summary = {k: value for k, value in asdict(plan).items() if k not in ("samples", "faces")}
    moves = _moves(ids, sources, targets)
    return changes.apply(
        ChangeKind.REGROUP, moves, identities=merged, summary=summary, stale=Stale.LEAVE,
    )  # fmt: skip


def _start(count: int) -> Numbers:
    rows = Identity.objects.bulk_create((Identity() for _ in range(count)), batch_size=_AT_ONCE)
    return np.array([row.pk for row in rows], np.int64)


def _moves(ids: Numbers, sources: Numbers, targets: Numbers) -> list[MoveWanted]:
    """Those of the same way together."""
    order = np.lexsort((ids, targets, sources))
    ways = np.stack([sources[order], targets[order]], axis=1)
    starts = np.flatnonzero((np.diff(ways, axis=0) != 0).any(axis=1)) + 1
    return [
        MoveWanted(
            ids[part].tolist(), _known(targets[part[0]]), source=_known(sources[part[0]])
        )
        for part in np.split(order, starts)
    ]  # fmt: skip


def _known(identity: int) -> int | None:
    return None if identity == NOBODY else int(identity)


def _emptied(faces: Faces, wanted: Wanted) -> dict[int, int]:
    """Identities that all faces leave, and where most go."""
    before = np.unique(faces.identities[faces.identities >= 0])
    gone = np.setdiff1d(before, wanted.becomes)
    leaving = np.isin(faces.identities, gone) & (wanted.becomes != NOBODY)
    ways = Counter(
        zip(faces.identities[leaving].tolist(), wanted.becomes[leaving].tolist(), strict=True)
    )
    into: dict[int, int] = {}
    for (source, target), _ in sorted(ways.items(), key=lambda way: (-way[1], way[0])):
        into.setdefault(source, target)
    return into


def _standing(proposed: list[Proposed], emptied: dict[int, int]) -> list[Proposed]:
    return [p for p in proposed if p.identity not in emptied and p.other not in emptied]


def _told(faces: Faces, wanted: Wanted, thresholds: Thresholds, proposed: list[Proposed]) -> Plan:
    going = changed(faces, wanted)
    sources, targets = faces.identities[going], wanted.becomes[going]
    emptied = _emptied(faces, wanted)
    left = np.unique(sources[(sources != NOBODY) & (targets != NOBODY)])
    return Plan(
        faces=len(faces.ids),
        splits=int((~np.isin(left, list(emptied))).sum()),
        merges=len(emptied),
        assigned=int((sources == NOBODY).sum()),
        moved=int(((sources != NOBODY) & (targets != NOBODY)).sum()),
        taken_back=int((targets == NOBODY).sum()),
        started=len(np.unique(targets[targets < NOBODY])),
        proposals=len(_standing(proposed, emptied)),
        join=thresholds.join,
        merge=thresholds.merge,
        samples=_samples(faces.ids[going], sources, targets),
    )


def _samples(ids: Numbers, sources: Numbers, targets: Numbers) -> list[Sample]:
    """The largest ways."""
    if not len(ids):
        return []
    found: list[Sample] = [
        {
            "source": move.source if isinstance(move.source, int) else None,
            "target": None if move.target is None or move.target < 0 else move.target,
            "new": move.target is not None and move.target < 0,
            "faces": len(move.tracks),
            "tracks": list(move.tracks[:6]),
        }
        for move in _moves(ids, sources, targets)
    ]
    return sorted(found, key=lambda each: (-each["faces"], each["tracks"]))[:_SAMPLES]
